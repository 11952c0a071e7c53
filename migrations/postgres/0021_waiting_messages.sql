-- Notices that the gateway of text messages could not take: phone and words sealed, tried again for a day. A row
-- goes when its message is taken; what was given up is emptied and counts for another day.
CREATE TABLE waiting_message (
    id          UUID PRIMARY KEY,
    sealed      BYTEA NOT NULL,
    attempts    BIGINT NOT NULL,
    due_at      BIGINT NOT NULL,
    created_at  BIGINT NOT NULL,
    given_up_at BIGINT
);
CREATE INDEX waiting_message_due ON waiting_message (due_at);
