-- When an organisation was to be compared with the register and could not be: it waits behind the others.
ALTER TABLE organisation ADD COLUMN tried_at INTEGER NOT NULL DEFAULT 0;

-- What an account was before it became part of another one: it is so again when they are parted.
ALTER TABLE account ADD COLUMN status_before TEXT;

-- Offers that nobody answers lapse.
CREATE INDEX mandate_unanswered ON mandate (offered_at) WHERE state = 'offered';
