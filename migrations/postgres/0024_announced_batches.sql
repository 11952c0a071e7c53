-- New codes wait for two officers too: a file of them is a batch, beside those of conversions. While it waits, its codes
-- carry the end of time as the moment they were received, so that nothing publishes them, not even a node that is older
-- than this. What came before, or comes by such a node, has no batch and counts.
ALTER TABLE code_batch ADD COLUMN kind TEXT NOT NULL DEFAULT 'legacy_codes';
ALTER TABLE code_announcement ADD COLUMN batch_id UUID REFERENCES code_batch (id);
CREATE INDEX code_announcement_batch ON code_announcement (batch_id, id);
