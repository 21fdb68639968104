-- Expands: budgets of credentials, what was used of them, jobs that wait for one, and the rate tier of a key.

-- What a job that waits for a budget waits for: {reason, limit, credential, until, count, since}. Null but for those few.
ALTER TABLE jobs ADD COLUMN snooze jsonb;

-- What a tenant lets calls to one of its credentials take. Null: the installation's default; 0: no limit.
CREATE TABLE provider_budgets (
    tenant_id           uuid NOT NULL REFERENCES tenants ON DELETE CASCADE,
    credential          text NOT NULL CHECK (credential ~ '^[][A-Za-z0-9._:@-]{1,200}$'),
    requests_per_minute integer CHECK (requests_per_minute BETWEEN 0 AND 1000000),
    burst               integer CHECK (burst BETWEEN 0 AND 1000000),
    concurrency         integer CHECK (concurrency BETWEEN 0 AND 100000),
    tokens_per_minute   bigint CHECK (tokens_per_minute BETWEEN 0 AND 1000000000000),
    cost_micros_per_day bigint CHECK (cost_micros_per_day BETWEEN 0 AND 1000000000000),
    updated_at          timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, credential)
);
CALL protect_tenant_table('provider_budgets');

-- What calls to a credential took, a row a day (UTC): a budget of money outlives whatever happens to Redis.
CREATE TABLE provider_usage (
    tenant_id   uuid NOT NULL REFERENCES tenants ON DELETE CASCADE,
    credential  text NOT NULL,
    day         date NOT NULL,
    calls       bigint NOT NULL DEFAULT 0,
    tokens      bigint NOT NULL DEFAULT 0,
    cost_micros bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (tenant_id, credential, day)
);
CALL protect_tenant_table('provider_usage');

-- How many requests the key may make: the name of a tier in the settings. Null: the tier that keys have by default.
ALTER TABLE api_keys ADD COLUMN rate_tier text CHECK (rate_tier ~ '^[a-z][a-z0-9_]{0,31}$');

-- The look-up of a key that returns its tier as well. `find_api_key` stays for processes of the version before.
GRANT SELECT (rate_tier) ON api_keys TO visualkit_lookup;
GRANT CREATE ON SCHEMA public TO visualkit_lookup;
CREATE FUNCTION look_up_api_key(hash bytea)
    RETURNS TABLE (tenant_id uuid, id uuid, kind text, scopes text[], allowed_origins text[], allow_no_origin boolean,
                   stale boolean, rate_tier text)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
    AS $$
        SELECT k.tenant_id, k.id, k.kind, k.scopes, k.allowed_origins, k.allow_no_origin,
               coalesce(k.last_used_at < now() - interval '1 minute', true), k.rate_tier
        FROM public.api_keys k
        WHERE k.secret_hash = hash AND k.revoked_at IS NULL AND (k.expires_at IS NULL OR k.expires_at > now())
        LIMIT 1
    $$;
ALTER FUNCTION look_up_api_key(bytea) OWNER TO visualkit_lookup;
REVOKE CREATE ON SCHEMA public FROM visualkit_lookup;
SET LOCAL ROLE visualkit_lookup;
REVOKE ALL ON FUNCTION look_up_api_key(bytea) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION look_up_api_key(bytea) TO visualkit_app;
RESET ROLE;
