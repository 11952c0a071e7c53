-- Of the mappings that stand for a legacy code one counts; the others keep their place, and count when it is taken back.
-- The place grows with every mapping that counts anew, and who says the same shares it.
ALTER TABLE legacy_code ADD COLUMN precedence INTEGER;
-- The place against which a disputed mapping was settled.
ALTER TABLE legacy_code ADD COLUMN yielded_to INTEGER;
CREATE INDEX legacy_code_yielded ON legacy_code (digest) WHERE yielded_to IS NOT NULL;

UPDATE legacy_code SET precedence = 2 WHERE status = 'confirmed';
-- Spare ones, of which nobody decided apart from their batch. What two officers settled before stays as it is.
UPDATE legacy_code SET precedence = 1
 WHERE status = 'superseded' AND decided_by IS NULL
   AND batch_id IN (SELECT id FROM code_batch WHERE state = 'confirmed');

-- What was reported of a code before, whatever it is: asked for every row of a file.
CREATE INDEX code_announcement_code ON code_announcement (uscc_digest);
