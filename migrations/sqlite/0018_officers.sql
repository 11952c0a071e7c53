-- What officers do about organisations and mandates. An organisation can be suspended: nobody acts for it until it is
-- resumed, and its mandates stay.
ALTER TABLE organisation ADD COLUMN suspended_at INTEGER;

-- On what a mandate rests; and, where a counter made it, the blind index of whom the register named then.
ALTER TABLE mandate ADD COLUMN evidence TEXT NOT NULL DEFAULT 'granted';
ALTER TABLE mandate ADD COLUMN register_digest BLOB;
UPDATE mandate SET evidence = 'register' WHERE role = 'legal_representative';
