-- A check that is begun on the way to a portal: the login, sealed as the browser carries it, to which its owner comes
-- back. It is emptied when the login can no longer go on.
ALTER TABLE identity_check ADD COLUMN flow TEXT;
CREATE INDEX identity_check_flow ON identity_check (created_at) WHERE flow IS NOT NULL;

-- Everybody who acts for an organisation is told, each once, however many there are.
CREATE INDEX mandate_agents ON mandate (organisation_id, agent_id) WHERE agent_id IS NOT NULL;
