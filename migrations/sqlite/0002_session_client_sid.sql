-- A logout that arrives without the session cookie finds its session by the hint's `sid`.
CREATE INDEX session_client_sid ON session_client (sid);
