-- Ways back to an account whose password, phone or app is lost. One browser walks one way; `code_digest`
-- belongs to a code that was handed out at a counter.
CREATE TABLE recovery (
    id               BLOB PRIMARY KEY,
    account_id       BLOB NOT NULL REFERENCES account (id),
    state            TEXT NOT NULL,
    binding          BLOB NOT NULL,
    code_digest      BLOB UNIQUE,
    act_id           BLOB UNIQUE REFERENCES act (id),
    credential_epoch INTEGER NOT NULL,
    ready_at         INTEGER NOT NULL,
    expires_at       INTEGER NOT NULL,
    created_at       INTEGER NOT NULL
) STRICT;
CREATE INDEX recovery_account ON recovery (account_id, created_at);
CREATE INDEX recovery_expiry ON recovery (expires_at);

-- Accounts their owners give up: when they asked, when it is done, when the last of it is erased.
CREATE TABLE cancellation (
    account_id   BLOB PRIMARY KEY REFERENCES account (id),
    requested_at INTEGER NOT NULL,
    due_at       INTEGER NOT NULL,
    done_at      INTEGER,
    erase_at     INTEGER,
    erased_at    INTEGER
) STRICT;
CREATE INDEX cancellation_due ON cancellation (due_at) WHERE done_at IS NULL;
CREATE INDEX cancellation_erase ON cancellation (erase_at) WHERE erased_at IS NULL;
