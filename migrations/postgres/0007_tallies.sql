-- What happened, counted by the hour, the day and the month of Beijing; and what was found at a look.
CREATE TABLE tally (
    measure    TEXT NOT NULL,
    span       TEXT NOT NULL,
    begins_at  BIGINT NOT NULL,
    label      TEXT NOT NULL,
    count      BIGINT NOT NULL,
    counted_at BIGINT NOT NULL,
    PRIMARY KEY (measure, span, begins_at, label)
);
CREATE INDEX tally_age ON tally (span, begins_at);

-- Up to which audit record the tallies have counted.
CREATE TABLE tally_cursor (
    name     TEXT PRIMARY KEY,
    sequence BIGINT NOT NULL
);
