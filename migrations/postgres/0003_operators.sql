-- Operators are staff, never citizens: accounts, sessions and tables of their own.
CREATE TABLE operator (
    id               UUID PRIMARY KEY,
    login_name       TEXT NOT NULL UNIQUE,
    name             BYTEA NOT NULL,
    role             TEXT NOT NULL,
    region           TEXT,
    status           TEXT NOT NULL,
    password_hash    TEXT NOT NULL,
    totp_secret      BYTEA NOT NULL,
    totp_last_step   BIGINT NOT NULL,
    credential_epoch BIGINT NOT NULL,
    last_login_at    BIGINT,
    created_at       BIGINT NOT NULL
);
CREATE INDEX operator_role ON operator (role, status);

-- One-time; `slot` is taken by the invitation of a role while nobody has it.
CREATE TABLE operator_invitation (
    digest      BYTEA PRIMARY KEY,
    slot        TEXT UNIQUE,
    name        BYTEA NOT NULL,
    role        TEXT NOT NULL,
    region      TEXT,
    created_at  BIGINT NOT NULL,
    expires_at  BIGINT NOT NULL,
    accepted_at BIGINT
);

CREATE TABLE operator_session (
    digest           BYTEA PRIMARY KEY,
    operator_id      UUID NOT NULL REFERENCES operator (id),
    credential_epoch BIGINT NOT NULL,
    created_at       BIGINT NOT NULL,
    last_seen_at     BIGINT NOT NULL,
    expires_at       BIGINT NOT NULL,
    ended_at         BIGINT
);
CREATE INDEX operator_session_operator ON operator_session (operator_id);
CREATE INDEX operator_session_expiry ON operator_session (expires_at);

-- What one officer asked for and a second one decides.
CREATE TABLE act (
    id           UUID PRIMARY KEY,
    kind         TEXT NOT NULL,
    subject_id   UUID,
    document     BYTEA NOT NULL,
    state        TEXT NOT NULL,
    requested_by UUID NOT NULL REFERENCES operator (id),
    requested_at BIGINT NOT NULL,
    expires_at   BIGINT NOT NULL,
    decided_by   UUID REFERENCES operator (id),
    decided_at   BIGINT
);
CREATE INDEX act_state ON act (state, requested_at);
CREATE INDEX act_subject ON act (subject_id, requested_at);

CREATE TABLE account_note (
    id          UUID PRIMARY KEY,
    account_id  UUID NOT NULL REFERENCES account (id),
    operator_id UUID NOT NULL REFERENCES operator (id),
    text        BYTEA NOT NULL,
    created_at  BIGINT NOT NULL
);
CREATE INDEX account_note_account ON account_note (account_id, created_at);
