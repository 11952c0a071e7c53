-- What monitoring found. Of one rule and one subject at most one alert is not closed.
CREATE TABLE alert (
    id                UUID PRIMARY KEY,
    rule              TEXT NOT NULL,
    subject           TEXT NOT NULL,
    state             TEXT NOT NULL,
    events            BIGINT NOT NULL,
    occurrences       BIGINT NOT NULL,
    first_at          BIGINT NOT NULL,
    last_at           BIGINT NOT NULL,
    request_id        TEXT NOT NULL,
    raised_at         BIGINT NOT NULL,
    acknowledged_by   UUID REFERENCES operator (id),
    acknowledged_at   BIGINT,
    acknowledged_note BYTEA,
    closed_by         UUID REFERENCES operator (id),
    closed_at         BIGINT,
    closed_note       BYTEA
);
CREATE UNIQUE INDEX alert_not_closed ON alert (rule, subject) WHERE state <> 'closed';
CREATE INDEX alert_state ON alert (state, id);

-- Alerts on their way to where they are sent.
CREATE TABLE alert_delivery (
    id           UUID PRIMARY KEY,
    alert_id     UUID NOT NULL REFERENCES alert (id),
    channel      TEXT NOT NULL,
    attempts     BIGINT NOT NULL,
    due_at       BIGINT NOT NULL,
    leased_until BIGINT NOT NULL,
    created_at   BIGINT NOT NULL,
    delivered_at BIGINT,
    given_up_at  BIGINT,
    last_problem TEXT
);
CREATE INDEX alert_delivery_due ON alert_delivery (due_at)
    WHERE delivered_at IS NULL AND given_up_at IS NULL;
CREATE INDEX alert_delivery_alert ON alert_delivery (alert_id);

-- Up to which audit record monitoring has read.
CREATE TABLE monitor_cursor (
    name     TEXT PRIMARY KEY,
    sequence BIGINT NOT NULL
);
