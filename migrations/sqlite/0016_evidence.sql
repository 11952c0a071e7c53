-- Evidence of who somebody is: a row a verification, only ever added. `compared` names what was compared, `level`
-- is what it earns; what the source calls it is sealed under the person's key.
CREATE TABLE evidence (
    id          BLOB PRIMARY KEY,
    account_id  BLOB NOT NULL REFERENCES account (id),
    source      TEXT NOT NULL,
    compared    TEXT NOT NULL,
    finding     TEXT NOT NULL,
    level       INTEGER NOT NULL,
    document    TEXT,
    clerk_id    BLOB,
    officer_id  BLOB,
    reference   BLOB NOT NULL,
    at          INTEGER NOT NULL
) STRICT;
CREATE INDEX evidence_account ON evidence (account_id, at);

-- Until now everybody with a level came through a comparison of name and number with the population register.
INSERT INTO evidence (id, account_id, source, compared, finding, level, reference, at)
SELECT id, id, 'population_register', 'name id_number', 'confirmed', 1, x'', created_at
  FROM account WHERE identity_assurance >= 1 AND status <> 'cancelled';

-- Checks that a service makes for us: begun by the owner of an account in a session, settled once.
CREATE TABLE identity_check (
    id               BLOB PRIMARY KEY,
    account_id       BLOB NOT NULL REFERENCES account (id),
    session_id       BLOB NOT NULL,
    kind             TEXT NOT NULL,
    state            TEXT NOT NULL,
    consent          TEXT,
    digest           BLOB NOT NULL UNIQUE,
    reference        BLOB NOT NULL,
    credential_epoch INTEGER NOT NULL,
    created_at       INTEGER NOT NULL,
    due_at           INTEGER NOT NULL,
    expires_at       INTEGER NOT NULL,
    settled_at       INTEGER
) STRICT;
CREATE INDEX identity_check_account ON identity_check (account_id, created_at);
CREATE INDEX identity_check_due ON identity_check (due_at) WHERE state = 'pending';
CREATE INDEX identity_check_expiry ON identity_check (expires_at);

-- Sign-ups whose phone is proven and whose register was away: nothing exists of them until it answers. One a phone;
-- name, number, phone and the password's hash are sealed.
CREATE TABLE waiting_sign_up (
    id            BLOB PRIMARY KEY,
    phone_digest  BLOB NOT NULL UNIQUE,
    payload       BLOB NOT NULL,
    created_at    INTEGER NOT NULL,
    due_at        INTEGER NOT NULL,
    expires_at    INTEGER NOT NULL
) STRICT;
CREATE INDEX waiting_sign_up_due ON waiting_sign_up (due_at);
