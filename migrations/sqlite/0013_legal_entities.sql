-- Registers at size. `content` is a keyed digest of what an entry says, so that an import leaves alone what is
-- unchanged without opening any seal; an entry from before has none and is written once more.
ALTER TABLE population ADD COLUMN content BLOB;

-- Local replica of the legal-entity register: found by blind index, read by nobody else. `standing` is a keyed
-- digest of status and representative, by which a change of either is seen.
CREATE TABLE legal_entity (
    digest      BLOB PRIMARY KEY,
    record      BLOB NOT NULL,
    content     BLOB NOT NULL,
    standing    BLOB NOT NULL,
    updated_at  INTEGER NOT NULL
) STRICT;

-- Organisations whose status or representative changed at the register, until what hangs on them has followed.
CREATE TABLE legal_entity_change (
    digest      BLOB PRIMARY KEY,
    changed_at  INTEGER NOT NULL
) STRICT;

-- An import under way: where it stands, moved in the transaction of each batch. `version` counts the batches,
-- and decides between two who would go on with it. `file_digest` is the SM3 of the file up to `read_to`.
CREATE TABLE register_import (
    name           TEXT PRIMARY KEY,
    version        INTEGER NOT NULL,
    state          TEXT NOT NULL,
    read_to        INTEGER NOT NULL,
    line           INTEGER NOT NULL,
    file_digest    BLOB NOT NULL,
    report_length  INTEGER NOT NULL,
    staged         INTEGER NOT NULL,
    slice          INTEGER NOT NULL,
    tally          TEXT NOT NULL,
    started_at     INTEGER NOT NULL,
    updated_at     INTEGER NOT NULL
) STRICT;
