-- New codes wait for two officers too: a file of them is a batch, beside those of conversions.
ALTER TABLE code_batch ADD COLUMN kind TEXT NOT NULL DEFAULT 'legacy_codes';
ALTER TABLE code_announcement ADD COLUMN batch_id BLOB REFERENCES code_batch (id);
-- When two officers confirmed it. What was received before it took two counts since it came.
ALTER TABLE code_announcement ADD COLUMN confirmed_at INTEGER;
UPDATE code_announcement SET confirmed_at = received_at;

DROP INDEX code_announcement_waiting;
CREATE INDEX code_announcement_waiting ON code_announcement (confirmed_at, id)
    WHERE publication IS NULL;
CREATE INDEX code_announcement_batch ON code_announcement (batch_id, id);
