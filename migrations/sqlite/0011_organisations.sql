-- Organisations that somebody claimed; found by the blind index of their credit code, read by nobody else.
CREATE TABLE organisation (
    id          BLOB PRIMARY KEY,
    digest      BLOB NOT NULL UNIQUE,
    record      BLOB NOT NULL,
    claimed_at  INTEGER NOT NULL,
    updated_at  INTEGER NOT NULL,
    checked_at  INTEGER NOT NULL
) STRICT;
CREATE INDEX organisation_checked ON organisation (checked_at);

-- Who may act for whom. A mandate hangs on the one it was granted from, and ends with it.
CREATE TABLE mandate (
    id              BLOB PRIMARY KEY,
    organisation_id BLOB REFERENCES organisation (id),
    person_id       BLOB REFERENCES account (id),
    parent_id       BLOB REFERENCES mandate (id),
    role            TEXT NOT NULL,
    agent_digest    BLOB NOT NULL,
    agent_id        BLOB REFERENCES account (id),
    parties         BLOB NOT NULL,
    matters         TEXT NOT NULL,
    delegation      INTEGER NOT NULL,
    valid_from      INTEGER NOT NULL,
    valid_until     INTEGER,
    state           TEXT NOT NULL,
    granted_by      BLOB NOT NULL,
    offered_at      INTEGER NOT NULL,
    accepted_at     INTEGER,
    ended_at        INTEGER,
    ending          BLOB,
    CHECK ((organisation_id IS NULL) <> (person_id IS NULL))
) STRICT;
-- One legal representative at a time, whoever claims at the same moment.
CREATE UNIQUE INDEX mandate_representative ON mandate (organisation_id)
 WHERE role = 'legal_representative' AND state = 'active';
CREATE INDEX mandate_of_organisation ON mandate (organisation_id, id);
CREATE INDEX mandate_of_person ON mandate (person_id, id) WHERE person_id IS NOT NULL;
CREATE INDEX mandate_held ON mandate (agent_id, id) WHERE agent_id IS NOT NULL;
CREATE INDEX mandate_offered ON mandate (agent_digest, id) WHERE state = 'offered';
CREATE INDEX mandate_parent ON mandate (parent_id) WHERE parent_id IS NOT NULL;
CREATE INDEX mandate_ending ON mandate (ending) WHERE ending IS NOT NULL;
CREATE INDEX mandate_lapse ON mandate (valid_until)
 WHERE valid_until IS NOT NULL AND state IN ('offered', 'active');

-- For whom somebody acts at a client in a session; without a mandate: for himself.
CREATE TABLE acting_choice (
    session_id  BLOB NOT NULL,
    client_id   TEXT NOT NULL,
    account_id  BLOB NOT NULL,
    mandate_id  BLOB,
    chosen_at   INTEGER NOT NULL,
    PRIMARY KEY (session_id, client_id)
) STRICT;
CREATE INDEX acting_choice_account ON acting_choice (account_id, client_id, chosen_at);
CREATE INDEX acting_choice_age ON acting_choice (chosen_at);

-- What was approved under a mandate dies with it.
ALTER TABLE approval ADD COLUMN mandate_id BLOB;
CREATE INDEX approval_mandate ON approval (mandate_id) WHERE mandate_id IS NOT NULL;
