-- A machine is an operator bound to a client; a client is one operator at a time.
ALTER TABLE operator ADD COLUMN client_id TEXT REFERENCES client (client_id);
CREATE UNIQUE INDEX operator_client ON operator (client_id) WHERE status = 'active';

-- Acts as their asker reads them.
CREATE INDEX act_requested_by ON act (requested_by, id);

-- Requests of the Admin API that change something, by their idempotency key: one is done once.
CREATE TABLE api_request (
    key_digest     BYTEA PRIMARY KEY,
    request_digest BYTEA NOT NULL,
    status         BIGINT,
    answer         BYTEA,
    expires_at     BIGINT NOT NULL
);
CREATE INDEX api_request_expiry ON api_request (expires_at);
