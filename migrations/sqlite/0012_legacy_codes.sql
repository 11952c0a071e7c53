-- Batches in which a registering authority says which credit code took the place of which legacy code.
CREATE TABLE code_batch (
    id         BLOB PRIMARY KEY,
    state      TEXT NOT NULL,
    authority  TEXT NOT NULL,
    evidence   TEXT NOT NULL,
    records    INTEGER NOT NULL,
    report     TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    decided_by BLOB REFERENCES operator (id),
    decided_at INTEGER
) STRICT;
CREATE INDEX code_batch_created ON code_batch (created_at, id);

-- Found by the keyed digest of the legacy code; value, credit code and name are sealed in the document.
CREATE TABLE legacy_code (
    id          BLOB PRIMARY KEY,
    batch_id    BLOB NOT NULL REFERENCES code_batch (id),
    line        INTEGER NOT NULL,
    kind        TEXT NOT NULL,
    digest      BLOB NOT NULL,
    uscc_digest BLOB NOT NULL,
    document    BLOB NOT NULL,
    city        TEXT NOT NULL,
    status      TEXT NOT NULL,
    valid_from  TEXT,
    decided_by  BLOB REFERENCES operator (id),
    decided_at  INTEGER
) STRICT;
CREATE UNIQUE INDEX legacy_code_confirmed ON legacy_code (digest, kind) WHERE status = 'confirmed';
CREATE UNIQUE INDEX legacy_code_row ON legacy_code (batch_id, digest, uscc_digest);
CREATE INDEX legacy_code_disputed ON legacy_code (id) WHERE status = 'disputed';
CREATE INDEX legacy_code_digest ON legacy_code (digest);
CREATE INDEX legacy_code_uscc ON legacy_code (uscc_digest);

-- How many records of a batch stand where, by the city of the credit code.
CREATE TABLE code_tally (
    batch_id BLOB NOT NULL REFERENCES code_batch (id),
    city     TEXT NOT NULL,
    status   TEXT NOT NULL,
    records  INTEGER NOT NULL,
    PRIMARY KEY (batch_id, city, status)
) STRICT, WITHOUT ROWID;

-- New codes as their authorities report them, until a day's batch publishes them.
CREATE TABLE code_announcement (
    id          BLOB PRIMARY KEY,
    uscc_digest BLOB NOT NULL,
    status      TEXT NOT NULL,
    document    BLOB NOT NULL,
    received_at INTEGER NOT NULL,
    publication INTEGER
) STRICT;
CREATE UNIQUE INDEX code_announcement_once ON code_announcement (uscc_digest, status)
    WHERE status <> 'changed';
CREATE INDEX code_announcement_waiting ON code_announcement (received_at, id)
    WHERE publication IS NULL;
CREATE INDEX code_announcement_published ON code_announcement (publication, id);

-- What was published, signed, and never changes; one batch a day.
CREATE TABLE code_publication (
    number    INTEGER PRIMARY KEY,
    day       TEXT NOT NULL UNIQUE,
    entries   INTEGER NOT NULL,
    digest    BLOB NOT NULL,
    kid       TEXT NOT NULL,
    token     TEXT NOT NULL,
    signed_at INTEGER NOT NULL
) STRICT;
