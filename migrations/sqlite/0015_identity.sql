-- Accounts that turned out to be one person's: the other one is used since.
ALTER TABLE account ADD COLUMN merged_into BLOB REFERENCES account (id);
ALTER TABLE account ADD COLUMN merged_at INTEGER;
CREATE INDEX account_merged ON account (merged_into) WHERE merged_into IS NOT NULL;

-- One number, two names: what somebody has to look at. One open case an account.
CREATE TABLE identity_case (
    id          BLOB PRIMARY KEY,
    account_id  BLOB NOT NULL REFERENCES account (id),
    division    INTEGER NOT NULL,
    document    BLOB NOT NULL,
    state       TEXT NOT NULL,
    opened_at   INTEGER NOT NULL,
    settled_by  BLOB REFERENCES operator (id),
    settled_at  INTEGER
) STRICT;
CREATE UNIQUE INDEX identity_case_open ON identity_case (account_id) WHERE state = 'open';
CREATE INDEX identity_case_waiting ON identity_case (id) WHERE state = 'open';
