-- What every node must agree on; one row.
CREATE TABLE deployment (
    id          INTEGER PRIMARY KEY CHECK (id = 1),
    issuer      TEXT NOT NULL,
    created_at  INTEGER NOT NULL
) STRICT;

CREATE TABLE client (
    client_id   TEXT PRIMARY KEY,
    document    TEXT NOT NULL,
    created_at  INTEGER NOT NULL,
    updated_at  INTEGER NOT NULL
) STRICT;

CREATE TABLE account (
    id                  BLOB PRIMARY KEY,
    status              TEXT NOT NULL,
    identity_assurance  INTEGER NOT NULL,
    assurance_cap       INTEGER,
    upstream_issuer     TEXT,
    person_key          BLOB NOT NULL,
    profile             BLOB NOT NULL,
    password_hash       TEXT,
    password_changed_at INTEGER,
    credential_epoch    INTEGER NOT NULL,
    created_at          INTEGER NOT NULL,
    updated_at          INTEGER NOT NULL
) STRICT;

-- Blind indexes: HMAC-SM3 under the epoch's key. Two epochs are live while keys change.
CREATE TABLE identifier_index (
    epoch       INTEGER NOT NULL,
    digest      BLOB NOT NULL,
    kind        TEXT NOT NULL,
    account_id  BLOB NOT NULL REFERENCES account (id),
    created_at  INTEGER NOT NULL,
    PRIMARY KEY (epoch, digest)
) STRICT;
CREATE INDEX identifier_index_account ON identifier_index (account_id);

CREATE TABLE totp (
    account_id  BLOB PRIMARY KEY REFERENCES account (id),
    secret      BLOB NOT NULL,
    last_step   INTEGER NOT NULL,
    enrolled_at INTEGER NOT NULL
) STRICT;

CREATE TABLE recovery_code (
    account_id  BLOB NOT NULL REFERENCES account (id),
    digest      BLOB NOT NULL,
    spent_at    INTEGER,
    PRIMARY KEY (account_id, digest)
) STRICT;

CREATE TABLE one_time_code (
    id          BLOB PRIMARY KEY,
    account_id  BLOB,
    purpose     TEXT NOT NULL,
    binding     BLOB NOT NULL,
    code_digest BLOB NOT NULL,
    payload     BLOB NOT NULL,
    tries       INTEGER NOT NULL,
    spent_at    INTEGER,
    expires_at  INTEGER NOT NULL
) STRICT;
CREATE INDEX one_time_code_expiry ON one_time_code (expires_at);

CREATE TABLE session (
    id               BLOB PRIMARY KEY,
    digest           BLOB NOT NULL UNIQUE,
    account_id       BLOB NOT NULL REFERENCES account (id),
    credential_epoch INTEGER NOT NULL,
    proofs           TEXT NOT NULL,
    user_agent       TEXT NOT NULL,
    created_at       INTEGER NOT NULL,
    last_seen_at     INTEGER NOT NULL,
    expires_at       INTEGER NOT NULL,
    ended_at         INTEGER
) STRICT;
CREATE INDEX session_account ON session (account_id);
CREATE INDEX session_expiry ON session (expires_at);

-- Which clients a session has reached: each is told when it ends.
CREATE TABLE session_client (
    session_id  BLOB NOT NULL REFERENCES session (id) ON DELETE CASCADE,
    client_id   TEXT NOT NULL,
    sub         TEXT NOT NULL,
    sid         TEXT NOT NULL,
    created_at  INTEGER NOT NULL,
    PRIMARY KEY (session_id, client_id)
) STRICT;

-- An authorization (the word itself is reserved in SQL).
CREATE TABLE approval (
    id               BLOB PRIMARY KEY,
    client_id        TEXT NOT NULL,
    account_id       BLOB NOT NULL,
    session_id       BLOB NOT NULL,
    credential_epoch INTEGER NOT NULL,
    document         TEXT NOT NULL,
    code_digest      BLOB NOT NULL UNIQUE,
    code_expires_at  INTEGER NOT NULL,
    code_spent_at    INTEGER,
    revoked_at       INTEGER,
    expires_at       INTEGER NOT NULL,
    created_at       INTEGER NOT NULL
) STRICT;
CREATE INDEX approval_session ON approval (session_id);
CREATE INDEX approval_account ON approval (account_id, client_id);
CREATE INDEX approval_expiry ON approval (expires_at);

CREATE TABLE refresh_token (
    digest          BLOB PRIMARY KEY,
    approval_id     BLOB NOT NULL REFERENCES approval (id) ON DELETE CASCADE,
    issued_at       INTEGER NOT NULL,
    idle_expires_at INTEGER NOT NULL,
    expires_at      INTEGER NOT NULL,
    spent_at        INTEGER,
    successor       BLOB
) STRICT;
CREATE INDEX refresh_token_approval ON refresh_token (approval_id);

-- Access tokens revoked alone, before their time.
CREATE TABLE revoked_access_token (
    jti         TEXT PRIMARY KEY,
    expires_at  INTEGER NOT NULL
) STRICT;
CREATE INDEX revoked_access_token_expiry ON revoked_access_token (expires_at);

CREATE TABLE consent (
    account_id  BLOB NOT NULL REFERENCES account (id),
    client_id   TEXT NOT NULL,
    scope       TEXT NOT NULL,
    claims      TEXT NOT NULL,
    granted_at  INTEGER NOT NULL,
    PRIMARY KEY (account_id, client_id)
) STRICT;

CREATE TABLE spent_jti (
    digest      BLOB PRIMARY KEY,
    expires_at  INTEGER NOT NULL
) STRICT;
CREATE INDEX spent_jti_expiry ON spent_jti (expires_at);

-- Attempts by key (an account, a source, a phone), counted before the work is done.
CREATE TABLE throttle (
    key_digest     BLOB PRIMARY KEY,
    window_from    INTEGER NOT NULL,
    failures       INTEGER NOT NULL,
    total          INTEGER NOT NULL,
    not_before     INTEGER NOT NULL,
    updated_at     INTEGER NOT NULL
) STRICT;
CREATE INDEX throttle_updated ON throttle (updated_at);

CREATE TABLE subject_override (
    account_id  BLOB NOT NULL,
    sector      TEXT NOT NULL,
    sub         TEXT NOT NULL,
    PRIMARY KEY (account_id, sector)
) STRICT;

CREATE TABLE signing_key (
    kid          TEXT PRIMARY KEY,
    algorithm    TEXT NOT NULL,
    state        TEXT NOT NULL,
    private_key  BLOB NOT NULL,
    created_at   INTEGER NOT NULL,
    activates_at INTEGER NOT NULL,
    retired_at   INTEGER,
    expires_at   INTEGER
) STRICT;

CREATE TABLE outbox (
    id            BLOB PRIMARY KEY,
    client_id     TEXT NOT NULL,
    message       TEXT NOT NULL,
    attempts      INTEGER NOT NULL,
    due_at        INTEGER NOT NULL,
    leased_until  INTEGER NOT NULL,
    created_at    INTEGER NOT NULL,
    delivered_at  INTEGER,
    given_up_at   INTEGER,
    last_problem  TEXT
) STRICT;
CREATE INDEX outbox_due ON outbox (due_at);

-- Local replica of the population register: found by blind index, read by nobody else.
CREATE TABLE population (
    digest      BLOB PRIMARY KEY,
    record      BLOB NOT NULL,
    updated_at  INTEGER NOT NULL
) STRICT;

-- The audit chain. `sequence` and `link` are set when a record is sealed.
CREATE TABLE audit (
    id          BLOB PRIMARY KEY,
    sequence    INTEGER UNIQUE,
    link        BLOB,
    at          INTEGER NOT NULL,
    kind        TEXT NOT NULL,
    outcome     TEXT NOT NULL,
    reason      TEXT NOT NULL,
    account_id  BLOB,
    client_id   TEXT,
    request_id  TEXT NOT NULL,
    details     TEXT NOT NULL,
    personal    BLOB NOT NULL,
    mac         BLOB NOT NULL
) STRICT;
CREATE INDEX audit_account ON audit (account_id, at);
CREATE INDEX audit_unsealed ON audit (at) WHERE sequence IS NULL;

CREATE TABLE audit_head (
    sequence    INTEGER PRIMARY KEY,
    link        BLOB NOT NULL,
    signed_at   INTEGER NOT NULL,
    kid         TEXT NOT NULL,
    signature   BLOB NOT NULL
) STRICT;

-- Work only one node may do at a time.
CREATE TABLE lease (
    name        TEXT PRIMARY KEY,
    holder      TEXT NOT NULL,
    until_at    INTEGER NOT NULL
) STRICT;
