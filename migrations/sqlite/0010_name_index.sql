-- People by their exact name: its keyed digest, and the division of the number, so that a search within a
-- region is one range of the primary key.
CREATE TABLE name_index (
    epoch       INTEGER NOT NULL,
    digest      BLOB NOT NULL,
    division    INTEGER NOT NULL,
    account_id  BLOB NOT NULL REFERENCES account (id),
    PRIMARY KEY (epoch, digest, division, account_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX name_index_account ON name_index (account_id);

-- Up to which account the names of those who were there before are indexed.
CREATE TABLE name_index_progress (
    epoch        INTEGER PRIMARY KEY,
    account_id   BLOB NOT NULL,
    caught_up_at INTEGER
) STRICT;

-- Whoever logs in is found by the digest alone, whatever the epoch of its key: without this, by reading all.
CREATE INDEX identifier_index_digest ON identifier_index (digest);

-- Lists and queues go by what is wanted, however much lies behind it.
CREATE INDEX act_waiting ON act (expires_at, id) WHERE state = 'waiting';
CREATE INDEX act_requested ON act (requested_at, id);
CREATE INDEX act_requester ON act (requested_by, requested_at, id);
DROP INDEX act_state;
CREATE INDEX outbox_undelivered ON outbox (due_at, id) WHERE delivered_at IS NULL;
