-- Portals apply for access; what they say is sealed in the document.
CREATE TABLE application (
    id              UUID PRIMARY KEY,
    tracking_digest BYTEA NOT NULL UNIQUE,
    state           TEXT NOT NULL,
    document        BYTEA NOT NULL,
    supplier        TEXT,
    client_id       TEXT UNIQUE REFERENCES client (client_id),
    name_key        TEXT UNIQUE,
    reviewed_by     UUID REFERENCES operator (id),
    renew_by        BIGINT,
    version         BIGINT NOT NULL,
    submitted_at    BIGINT NOT NULL,
    updated_at      BIGINT NOT NULL
);
CREATE INDEX application_state ON application (state, id);
CREATE INDEX application_supplier ON application (supplier, id);

-- What was noted of a client while its developer tried it out.
CREATE TABLE client_check (
    client_id     TEXT NOT NULL REFERENCES client (client_id),
    name          TEXT NOT NULL,
    outcome       TEXT NOT NULL,
    first_seen_at BIGINT NOT NULL,
    last_seen_at  BIGINT NOT NULL,
    PRIMARY KEY (client_id, name)
);

CREATE TABLE client_logo (
    client_id  TEXT PRIMARY KEY REFERENCES client (client_id),
    digest     TEXT NOT NULL,
    png        BYTEA NOT NULL,
    created_at BIGINT NOT NULL
);
