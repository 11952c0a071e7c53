-- What every node must agree on; one row.
CREATE TABLE deployment (
    id          BIGINT PRIMARY KEY CHECK (id = 1),
    issuer      TEXT NOT NULL,
    created_at  BIGINT NOT NULL
);

CREATE TABLE client (
    client_id   TEXT PRIMARY KEY,
    document    TEXT NOT NULL,
    created_at  BIGINT NOT NULL,
    updated_at  BIGINT NOT NULL
);

CREATE TABLE account (
    id                  UUID PRIMARY KEY,
    status              TEXT NOT NULL,
    identity_assurance  BIGINT NOT NULL,
    assurance_cap       BIGINT,
    upstream_issuer     TEXT,
    person_key          BYTEA NOT NULL,
    profile             BYTEA NOT NULL,
    password_hash       TEXT,
    password_changed_at BIGINT,
    credential_epoch    BIGINT NOT NULL,
    created_at          BIGINT NOT NULL,
    updated_at          BIGINT NOT NULL
);

-- Blind indexes: HMAC-SM3 under the epoch's key. Two epochs are live while keys change.
CREATE TABLE identifier_index (
    epoch       BIGINT NOT NULL,
    digest      BYTEA NOT NULL,
    kind        TEXT NOT NULL,
    account_id  UUID NOT NULL REFERENCES account (id),
    created_at  BIGINT NOT NULL,
    PRIMARY KEY (epoch, digest)
);
CREATE INDEX identifier_index_account ON identifier_index (account_id);

CREATE TABLE totp (
    account_id  UUID PRIMARY KEY REFERENCES account (id),
    secret      BYTEA NOT NULL,
    last_step   BIGINT NOT NULL,
    enrolled_at BIGINT NOT NULL
);

CREATE TABLE recovery_code (
    account_id  UUID NOT NULL REFERENCES account (id),
    digest      BYTEA NOT NULL,
    spent_at    BIGINT,
    PRIMARY KEY (account_id, digest)
);

CREATE TABLE one_time_code (
    id          UUID PRIMARY KEY,
    account_id  UUID,
    purpose     TEXT NOT NULL,
    binding     BYTEA NOT NULL,
    code_digest BYTEA NOT NULL,
    payload     BYTEA NOT NULL,
    tries       BIGINT NOT NULL,
    spent_at    BIGINT,
    expires_at  BIGINT NOT NULL
);
CREATE INDEX one_time_code_expiry ON one_time_code (expires_at);

CREATE TABLE session (
    id               UUID PRIMARY KEY,
    digest           BYTEA NOT NULL UNIQUE,
    account_id       UUID NOT NULL REFERENCES account (id),
    credential_epoch BIGINT NOT NULL,
    proofs           TEXT NOT NULL,
    user_agent       TEXT NOT NULL,
    created_at       BIGINT NOT NULL,
    last_seen_at     BIGINT NOT NULL,
    expires_at       BIGINT NOT NULL,
    ended_at         BIGINT
);
CREATE INDEX session_account ON session (account_id);
CREATE INDEX session_expiry ON session (expires_at);

-- Which clients a session has reached: each is told when it ends.
CREATE TABLE session_client (
    session_id  UUID NOT NULL REFERENCES session (id) ON DELETE CASCADE,
    client_id   TEXT NOT NULL,
    sub         TEXT NOT NULL,
    sid         TEXT NOT NULL,
    created_at  BIGINT NOT NULL,
    PRIMARY KEY (session_id, client_id)
);

-- An authorization (the word itself is reserved in SQL).
CREATE TABLE approval (
    id               UUID PRIMARY KEY,
    client_id        TEXT NOT NULL,
    account_id       UUID NOT NULL,
    session_id       UUID NOT NULL,
    credential_epoch BIGINT NOT NULL,
    document         TEXT NOT NULL,
    code_digest      BYTEA NOT NULL UNIQUE,
    code_expires_at  BIGINT NOT NULL,
    code_spent_at    BIGINT,
    revoked_at       BIGINT,
    expires_at       BIGINT NOT NULL,
    created_at       BIGINT NOT NULL
);
CREATE INDEX approval_session ON approval (session_id);
CREATE INDEX approval_account ON approval (account_id, client_id);
CREATE INDEX approval_expiry ON approval (expires_at);

CREATE TABLE refresh_token (
    digest          BYTEA PRIMARY KEY,
    approval_id     UUID NOT NULL REFERENCES approval (id) ON DELETE CASCADE,
    issued_at       BIGINT NOT NULL,
    idle_expires_at BIGINT NOT NULL,
    expires_at      BIGINT NOT NULL,
    spent_at        BIGINT,
    successor       BYTEA
);
CREATE INDEX refresh_token_approval ON refresh_token (approval_id);

-- Access tokens revoked alone, before their time.
CREATE TABLE revoked_access_token (
    jti         TEXT PRIMARY KEY,
    expires_at  BIGINT NOT NULL
);
CREATE INDEX revoked_access_token_expiry ON revoked_access_token (expires_at);

CREATE TABLE consent (
    account_id  UUID NOT NULL REFERENCES account (id),
    client_id   TEXT NOT NULL,
    scope       TEXT NOT NULL,
    claims      TEXT NOT NULL,
    granted_at  BIGINT NOT NULL,
    PRIMARY KEY (account_id, client_id)
);

CREATE TABLE spent_jti (
    digest      BYTEA PRIMARY KEY,
    expires_at  BIGINT NOT NULL
);
CREATE INDEX spent_jti_expiry ON spent_jti (expires_at);

-- Attempts by key (an account, a source, a phone), counted before the work is done.
CREATE TABLE throttle (
    key_digest     BYTEA PRIMARY KEY,
    window_from    BIGINT NOT NULL,
    failures       BIGINT NOT NULL,
    total          BIGINT NOT NULL,
    not_before     BIGINT NOT NULL,
    updated_at     BIGINT NOT NULL
);
CREATE INDEX throttle_updated ON throttle (updated_at);

CREATE TABLE subject_override (
    account_id  UUID NOT NULL,
    sector      TEXT NOT NULL,
    sub         TEXT NOT NULL,
    PRIMARY KEY (account_id, sector)
);

CREATE TABLE signing_key (
    kid          TEXT PRIMARY KEY,
    algorithm    TEXT NOT NULL,
    state        TEXT NOT NULL,
    private_key  BYTEA NOT NULL,
    created_at   BIGINT NOT NULL,
    activates_at BIGINT NOT NULL,
    retired_at   BIGINT,
    expires_at   BIGINT
);

CREATE TABLE outbox (
    id            UUID PRIMARY KEY,
    client_id     TEXT NOT NULL,
    message       TEXT NOT NULL,
    attempts      BIGINT NOT NULL,
    due_at        BIGINT NOT NULL,
    leased_until  BIGINT NOT NULL,
    created_at    BIGINT NOT NULL,
    delivered_at  BIGINT,
    given_up_at   BIGINT,
    last_problem  TEXT
);
CREATE INDEX outbox_due ON outbox (due_at);

-- Local replica of the population register: found by blind index, read by nobody else.
CREATE TABLE population (
    digest      BYTEA PRIMARY KEY,
    record      BYTEA NOT NULL,
    updated_at  BIGINT NOT NULL
);

-- The audit chain. `sequence` and `link` are set when a record is sealed.
CREATE TABLE audit (
    id          UUID PRIMARY KEY,
    sequence    BIGINT UNIQUE,
    link        BYTEA,
    at          BIGINT NOT NULL,
    kind        TEXT NOT NULL,
    outcome     TEXT NOT NULL,
    reason      TEXT NOT NULL,
    account_id  UUID,
    client_id   TEXT,
    request_id  TEXT NOT NULL,
    details     TEXT NOT NULL,
    personal    BYTEA NOT NULL,
    mac         BYTEA NOT NULL
);
CREATE INDEX audit_account ON audit (account_id, at);
CREATE INDEX audit_unsealed ON audit (at) WHERE sequence IS NULL;

CREATE TABLE audit_head (
    sequence    BIGINT PRIMARY KEY,
    link        BYTEA NOT NULL,
    signed_at   BIGINT NOT NULL,
    kid         TEXT NOT NULL,
    signature   BYTEA NOT NULL
);

-- Work only one node may do at a time.
CREATE TABLE lease (
    name        TEXT PRIMARY KEY,
    holder      TEXT NOT NULL,
    until_at    BIGINT NOT NULL
);
