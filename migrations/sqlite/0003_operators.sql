-- Operators are staff, never citizens: accounts, sessions and tables of their own.
CREATE TABLE operator (
    id               BLOB PRIMARY KEY,
    login_name       TEXT NOT NULL UNIQUE,
    name             BLOB NOT NULL,
    role             TEXT NOT NULL,
    region           TEXT,
    status           TEXT NOT NULL,
    password_hash    TEXT NOT NULL,
    totp_secret      BLOB NOT NULL,
    totp_last_step   INTEGER NOT NULL,
    credential_epoch INTEGER NOT NULL,
    last_login_at    INTEGER,
    created_at       INTEGER NOT NULL
) STRICT;
CREATE INDEX operator_role ON operator (role, status);

-- One-time; `slot` is taken by the invitation of a role while nobody has it.
CREATE TABLE operator_invitation (
    digest      BLOB PRIMARY KEY,
    slot        TEXT UNIQUE,
    name        BLOB NOT NULL,
    role        TEXT NOT NULL,
    region      TEXT,
    created_at  INTEGER NOT NULL,
    expires_at  INTEGER NOT NULL,
    accepted_at INTEGER
) STRICT;

CREATE TABLE operator_session (
    digest           BLOB PRIMARY KEY,
    operator_id      BLOB NOT NULL REFERENCES operator (id),
    credential_epoch INTEGER NOT NULL,
    created_at       INTEGER NOT NULL,
    last_seen_at     INTEGER NOT NULL,
    expires_at       INTEGER NOT NULL,
    ended_at         INTEGER
) STRICT;
CREATE INDEX operator_session_operator ON operator_session (operator_id);
CREATE INDEX operator_session_expiry ON operator_session (expires_at);

-- What one officer asked for and a second one decides.
CREATE TABLE act (
    id           BLOB PRIMARY KEY,
    kind         TEXT NOT NULL,
    subject_id   BLOB,
    document     BLOB NOT NULL,
    state        TEXT NOT NULL,
    requested_by BLOB NOT NULL REFERENCES operator (id),
    requested_at INTEGER NOT NULL,
    expires_at   INTEGER NOT NULL,
    decided_by   BLOB REFERENCES operator (id),
    decided_at   INTEGER
) STRICT;
CREATE INDEX act_state ON act (state, requested_at);
CREATE INDEX act_subject ON act (subject_id, requested_at);

CREATE TABLE account_note (
    id          BLOB PRIMARY KEY,
    account_id  BLOB NOT NULL REFERENCES account (id),
    operator_id BLOB NOT NULL REFERENCES operator (id),
    text        BLOB NOT NULL,
    created_at  INTEGER NOT NULL
) STRICT;
CREATE INDEX account_note_account ON account_note (account_id, created_at);
