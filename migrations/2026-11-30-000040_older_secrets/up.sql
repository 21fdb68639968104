-- Expands: the secrets of a webhook that were replaced before the last one was, each of which signs until its own time is over. A binary that does not know
-- of them signs with the last two, and leaves these as they are.
ALTER TABLE webhook_endpoints
    ADD COLUMN older_secrets       bytea[] NOT NULL DEFAULT '{}',
    -- Of each of them, until when.
    ADD COLUMN older_secrets_until timestamptz[] NOT NULL DEFAULT '{}',
    ADD CHECK (cardinality(older_secrets) = cardinality(older_secrets_until));
