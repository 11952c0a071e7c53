-- Notices that the gateway of text messages could not take: phone and words sealed, tried again for a day. A row
-- goes when its message is taken; what was given up is emptied and counts for another day.
CREATE TABLE waiting_message (
    id          BLOB PRIMARY KEY,
    sealed      BLOB NOT NULL,
    attempts    INTEGER NOT NULL,
    due_at      INTEGER NOT NULL,
    created_at  INTEGER NOT NULL,
    given_up_at INTEGER
) STRICT;
CREATE INDEX waiting_message_due ON waiting_message (due_at);
