-- Ways back to an account whose password, phone or app is lost. One browser walks one way; `code_digest`
-- belongs to a code that was handed out at a counter.
CREATE TABLE recovery (
    id               UUID PRIMARY KEY,
    account_id       UUID NOT NULL REFERENCES account (id),
    state            TEXT NOT NULL,
    binding          BYTEA NOT NULL,
    code_digest      BYTEA UNIQUE,
    act_id           UUID UNIQUE REFERENCES act (id),
    credential_epoch BIGINT NOT NULL,
    ready_at         BIGINT NOT NULL,
    expires_at       BIGINT NOT NULL,
    created_at       BIGINT NOT NULL
);
CREATE INDEX recovery_account ON recovery (account_id, created_at);
CREATE INDEX recovery_expiry ON recovery (expires_at);

-- Accounts their owners give up: when they asked, when it is done, when the last of it is erased.
CREATE TABLE cancellation (
    account_id   UUID PRIMARY KEY REFERENCES account (id),
    requested_at BIGINT NOT NULL,
    due_at       BIGINT NOT NULL,
    done_at      BIGINT,
    erase_at     BIGINT,
    erased_at    BIGINT
);
CREATE INDEX cancellation_due ON cancellation (due_at) WHERE done_at IS NULL;
CREATE INDEX cancellation_erase ON cancellation (erase_at) WHERE erased_at IS NULL;
