-- What its owner chose of an account: methods of login that are switched off, language, large print.
ALTER TABLE account ADD COLUMN blocked_methods TEXT NOT NULL DEFAULT '';
ALTER TABLE account ADD COLUMN locale TEXT;
ALTER TABLE account ADD COLUMN elder BIGINT;

-- Browsers whose cookie says that the account logged in there; without its row a cookie is worth nothing.
CREATE TABLE known_browser (
    id          UUID PRIMARY KEY,
    account_id  UUID NOT NULL REFERENCES account (id),
    described   BYTEA NOT NULL,
    first_at    BIGINT NOT NULL,
    last_at     BIGINT NOT NULL
);
CREATE INDEX known_browser_account ON known_browser (account_id, last_at);
CREATE INDEX known_browser_last ON known_browser (last_at);

-- Portals a person does not want to be logged in to; what was issued before a block was lifted stays dead.
CREATE TABLE portal_block (
    account_id  UUID NOT NULL REFERENCES account (id),
    client_id   TEXT NOT NULL,
    blocked_at  BIGINT NOT NULL,
    lifted_at   BIGINT,
    PRIMARY KEY (account_id, client_id)
);

-- How much the local replica of a register held when it was last filled.
CREATE TABLE register_state (
    name        TEXT PRIMARY KEY,
    entries     BIGINT NOT NULL,
    imported_at BIGINT NOT NULL
);
