-- Expands: outgoing webhooks. A delivery is written by the statement that ends the job it tells of, together with the job that carries it
-- out: there is one if, and only if, the end was committed.

-- Where a tenant wants to be told, and of what.
CREATE TABLE webhook_endpoints (
    tenant_id             uuid NOT NULL REFERENCES tenants ON DELETE CASCADE,
    id                    uuid NOT NULL,
    url                   text NOT NULL,
    description           text NOT NULL DEFAULT '',
    -- Types of events, `job.*`, `document.*` or `*`.
    events                text[] NOT NULL,
    -- Only of jobs of these kinds; null: of any.
    kinds                 text[],
    enabled               boolean NOT NULL DEFAULT true,
    -- Set when we disabled it, not its tenant: `failing` or `gone`.
    disabled_reason       text,
    disabled_at           timestamptz,
    -- The first failed attempt since the last that succeeded.
    failing_since         timestamptz,
    -- Sealed under the master key (store/src/secrets).
    secret                bytea NOT NULL,
    -- Signs as well, until then.
    previous_secret       bytea,
    previous_secret_until timestamptz,
    created_at            timestamptz NOT NULL DEFAULT now(),
    updated_at            timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, id)
);
CALL protect_tenant_table('webhook_endpoints');
-- Whoever ends jobs has to know who wants to be told; of secrets and addresses it needs to know nothing.
CREATE POLICY system ON webhook_endpoints FOR SELECT TO visualkit_system USING (true);
GRANT SELECT (tenant_id, id, events, kinds, enabled) ON webhook_endpoints TO visualkit_system;

-- One event for one endpoint. Its id is the `webhook-id` of every attempt, replays included. No foreign key: that an endpoint is deleted
-- at this moment must not keep a job from ending.
CREATE TABLE webhook_deliveries (
    tenant_id   uuid NOT NULL,
    id          uuid NOT NULL,
    endpoint_id uuid NOT NULL,
    type        text NOT NULL,
    -- The `data` of the payload.
    data        jsonb NOT NULL,
    -- The job that carries it out; a replay gives it another.
    job_id      uuid NOT NULL,
    -- Pending until then.
    outcome     text CHECK (outcome IN ('delivered', 'failed')),
    ended_at    timestamptz,
    -- When the event happened.
    created_at  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, id),
    CHECK ((outcome IS NULL) = (ended_at IS NULL))
);
CREATE INDEX webhook_deliveries_of_endpoint ON webhook_deliveries (tenant_id, endpoint_id, id);
CREATE INDEX webhook_deliveries_expiring ON webhook_deliveries (created_at);
CALL protect_tenant_table('webhook_deliveries');
CREATE POLICY system ON webhook_deliveries TO visualkit_system USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, DELETE ON webhook_deliveries TO visualkit_system;

-- What was tried, and what came of it.
CREATE TABLE webhook_attempts (
    tenant_id        uuid NOT NULL,
    delivery_id      uuid NOT NULL,
    -- From 1, over all replays.
    attempt          integer NOT NULL,
    attempted_at     timestamptz NOT NULL,
    took_ms          integer NOT NULL,
    -- Null: there was no answer.
    status           smallint,
    -- The beginning of what was answered.
    response_excerpt text,
    -- Null: it was delivered.
    error_code       text,
    error_message    text,
    PRIMARY KEY (tenant_id, delivery_id, attempt),
    FOREIGN KEY (tenant_id, delivery_id) REFERENCES webhook_deliveries (tenant_id, id) ON DELETE CASCADE
);
CALL protect_tenant_table('webhook_attempts');

-- A fresh UUIDv7 (RFC 9562): milliseconds since 1970, version, random bits. PostgreSQL has its own from version 18 on.
CREATE FUNCTION uuid_v7() RETURNS uuid LANGUAGE sql VOLATILE AS $$
    SELECT encode(set_bit(set_bit(
        overlay(uuid_send(gen_random_uuid()) PLACING substring(int8send((extract(epoch FROM clock_timestamp()) * 1000)::bigint) FROM 3) FROM 1 FOR 6),
        52, 1), 53, 1), 'hex')::uuid
$$;

-- RFC 3339 in UTC, whatever the session's time zone is.
CREATE FUNCTION utc_text(at timestamptz) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')
$$;

-- The events that a job's end is.
CREATE FUNCTION webhook_event_types(kind text, state text, result jsonb) RETURNS text[] LANGUAGE sql IMMUTABLE AS $$
    SELECT array_remove(ARRAY['job.' || state, CASE
        WHEN kind = 'ingest_document' AND state = 'succeeded' AND result ->> 'superseded' = 'false' THEN 'document.ready'
        WHEN kind = 'ingest_document' AND state IN ('dead', 'cancelled') THEN 'document.failed'
        WHEN kind = 'delete_document' AND state = 'succeeded' AND result ->> 'deleted' = 'true' THEN 'document.deleted'
    END], NULL)
$$;
