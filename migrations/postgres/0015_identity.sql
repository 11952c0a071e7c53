-- Accounts that turned out to be one person's: the other one is used since.
ALTER TABLE account ADD COLUMN merged_into UUID REFERENCES account (id);
ALTER TABLE account ADD COLUMN merged_at BIGINT;
CREATE INDEX account_merged ON account (merged_into) WHERE merged_into IS NOT NULL;

-- One number, two names: what somebody has to look at. One open case an account.
CREATE TABLE identity_case (
    id          UUID PRIMARY KEY,
    account_id  UUID NOT NULL REFERENCES account (id),
    division    BIGINT NOT NULL,
    document    BYTEA NOT NULL,
    state       TEXT NOT NULL,
    opened_at   BIGINT NOT NULL,
    settled_by  UUID REFERENCES operator (id),
    settled_at  BIGINT
);
CREATE UNIQUE INDEX identity_case_open ON identity_case (account_id) WHERE state = 'open';
CREATE INDEX identity_case_waiting ON identity_case (id) WHERE state = 'open';
