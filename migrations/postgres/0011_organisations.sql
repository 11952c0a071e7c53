-- Organisations that somebody claimed; found by the blind index of their credit code, read by nobody else.
CREATE TABLE organisation (
    id          UUID PRIMARY KEY,
    digest      BYTEA NOT NULL UNIQUE,
    record      BYTEA NOT NULL,
    claimed_at  BIGINT NOT NULL,
    updated_at  BIGINT NOT NULL,
    checked_at  BIGINT NOT NULL
);
CREATE INDEX organisation_checked ON organisation (checked_at);

-- Who may act for whom. A mandate hangs on the one it was granted from, and ends with it.
CREATE TABLE mandate (
    id              UUID PRIMARY KEY,
    organisation_id UUID REFERENCES organisation (id),
    person_id       UUID REFERENCES account (id),
    parent_id       UUID REFERENCES mandate (id),
    role            TEXT NOT NULL,
    agent_digest    BYTEA NOT NULL,
    agent_id        UUID REFERENCES account (id),
    parties         BYTEA NOT NULL,
    matters         TEXT NOT NULL,
    delegation      BIGINT NOT NULL,
    valid_from      BIGINT NOT NULL,
    valid_until     BIGINT,
    state           TEXT NOT NULL,
    granted_by      UUID NOT NULL,
    offered_at      BIGINT NOT NULL,
    accepted_at     BIGINT,
    ended_at        BIGINT,
    ending          UUID,
    CHECK ((organisation_id IS NULL) <> (person_id IS NULL))
);
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
    session_id  UUID NOT NULL,
    client_id   TEXT NOT NULL,
    account_id  UUID NOT NULL,
    mandate_id  UUID,
    chosen_at   BIGINT NOT NULL,
    PRIMARY KEY (session_id, client_id)
);
CREATE INDEX acting_choice_account ON acting_choice (account_id, client_id, chosen_at);
CREATE INDEX acting_choice_age ON acting_choice (chosen_at);

-- What was approved under a mandate dies with it.
ALTER TABLE approval ADD COLUMN mandate_id UUID;
CREATE INDEX approval_mandate ON approval (mandate_id) WHERE mandate_id IS NOT NULL;
