-- Registers at size. `content` is a keyed digest of what an entry says, so that an import leaves alone what is
-- unchanged without opening any seal; an entry from before has none and is written once more.
ALTER TABLE population ADD COLUMN content BYTEA;

-- Local replica of the legal-entity register: found by blind index, read by nobody else. `standing` is a keyed
-- digest of status and representative, by which a change of either is seen.
CREATE TABLE legal_entity (
    digest      BYTEA PRIMARY KEY,
    record      BYTEA NOT NULL,
    content     BYTEA NOT NULL,
    standing    BYTEA NOT NULL,
    updated_at  BIGINT NOT NULL
);

-- Organisations whose status or representative changed at the register, until what hangs on them has followed.
CREATE TABLE legal_entity_change (
    digest      BYTEA PRIMARY KEY,
    changed_at  BIGINT NOT NULL
);

-- An import under way: where it stands, moved in the transaction of each batch. `version` counts the batches,
-- and decides between two who would go on with it. `file_digest` is the SM3 of the file up to `read_to`.
CREATE TABLE register_import (
    name           TEXT PRIMARY KEY,
    version        BIGINT NOT NULL,
    state          TEXT NOT NULL,
    read_to        BIGINT NOT NULL,
    line           BIGINT NOT NULL,
    file_digest    BYTEA NOT NULL,
    report_length  BIGINT NOT NULL,
    staged         BIGINT NOT NULL,
    slice          BIGINT NOT NULL,
    tally          TEXT NOT NULL,
    started_at     BIGINT NOT NULL,
    updated_at     BIGINT NOT NULL
);
