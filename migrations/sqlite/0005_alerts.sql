-- What monitoring found. Of one rule and one subject at most one alert is not closed.
CREATE TABLE alert (
    id                BLOB PRIMARY KEY,
    rule              TEXT NOT NULL,
    subject           TEXT NOT NULL,
    state             TEXT NOT NULL,
    events            INTEGER NOT NULL,
    occurrences       INTEGER NOT NULL,
    first_at          INTEGER NOT NULL,
    last_at           INTEGER NOT NULL,
    request_id        TEXT NOT NULL,
    raised_at         INTEGER NOT NULL,
    acknowledged_by   BLOB REFERENCES operator (id),
    acknowledged_at   INTEGER,
    acknowledged_note BLOB,
    closed_by         BLOB REFERENCES operator (id),
    closed_at         INTEGER,
    closed_note       BLOB
) STRICT;
CREATE UNIQUE INDEX alert_not_closed ON alert (rule, subject) WHERE state <> 'closed';
CREATE INDEX alert_state ON alert (state, id);

-- Alerts on their way to where they are sent.
CREATE TABLE alert_delivery (
    id           BLOB PRIMARY KEY,
    alert_id     BLOB NOT NULL REFERENCES alert (id),
    channel      TEXT NOT NULL,
    attempts     INTEGER NOT NULL,
    due_at       INTEGER NOT NULL,
    leased_until INTEGER NOT NULL,
    created_at   INTEGER NOT NULL,
    delivered_at INTEGER,
    given_up_at  INTEGER,
    last_problem TEXT
) STRICT;
CREATE INDEX alert_delivery_due ON alert_delivery (due_at)
    WHERE delivered_at IS NULL AND given_up_at IS NULL;
CREATE INDEX alert_delivery_alert ON alert_delivery (alert_id);

-- Up to which audit record monitoring has read.
CREATE TABLE monitor_cursor (
    name     TEXT PRIMARY KEY,
    sequence INTEGER NOT NULL
) STRICT;
