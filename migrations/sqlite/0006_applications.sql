-- Portals apply for access; what they say is sealed in the document.
CREATE TABLE application (
    id              BLOB PRIMARY KEY,
    tracking_digest BLOB NOT NULL UNIQUE,
    state           TEXT NOT NULL,
    document        BLOB NOT NULL,
    supplier        TEXT,
    client_id       TEXT UNIQUE REFERENCES client (client_id),
    name_key        TEXT UNIQUE,
    reviewed_by     BLOB REFERENCES operator (id),
    renew_by        INTEGER,
    version         INTEGER NOT NULL,
    submitted_at    INTEGER NOT NULL,
    updated_at      INTEGER NOT NULL
) STRICT;
CREATE INDEX application_state ON application (state, id);
CREATE INDEX application_supplier ON application (supplier, id);

-- What was noted of a client while its developer tried it out.
CREATE TABLE client_check (
    client_id     TEXT NOT NULL REFERENCES client (client_id),
    name          TEXT NOT NULL,
    outcome       TEXT NOT NULL,
    first_seen_at INTEGER NOT NULL,
    last_seen_at  INTEGER NOT NULL,
    PRIMARY KEY (client_id, name)
) STRICT;

CREATE TABLE client_logo (
    client_id  TEXT PRIMARY KEY REFERENCES client (client_id),
    digest     TEXT NOT NULL,
    png        BLOB NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;
