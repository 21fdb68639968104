-- Expands: the first tables. Tenancy, people, roles and API keys.
--
-- Three login roles exist before this runs (roles.sql makes them): visualkit_owner runs migrations and owns every table,
-- visualkit_app serves tenants under row-level security, visualkit_system moves jobs. visualkit_lookup logs in nowhere: it
-- owns the few functions that find a tenant before one is known.

-- Puts a table that has a tenant_id under forced row-level security. Every tenant table calls it.
CREATE PROCEDURE protect_tenant_table(name text) LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', name);
    -- After a transaction-local set_config the setting reads back as an empty string, hence nullif.
    EXECUTE format('CREATE POLICY tenant ON %I TO visualkit_app
        USING (tenant_id = nullif(current_setting(''app.tenant_id'', true), '''')::uuid)
        WITH CHECK (tenant_id = nullif(current_setting(''app.tenant_id'', true), '''')::uuid)', name);
    EXECUTE format('CREATE POLICY owner ON %I TO visualkit_owner USING (true) WITH CHECK (true)', name);
    EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %I TO visualkit_app', name);
END $$;

CREATE TABLE tenants (
    id         uuid PRIMARY KEY,
    name       text NOT NULL UNIQUE CHECK (name ~ '^[a-z0-9][a-z0-9-]{0,62}$'),
    created_at timestamptz NOT NULL DEFAULT now()
);
ALTER TABLE tenants ENABLE ROW LEVEL SECURITY;
ALTER TABLE tenants FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON tenants TO visualkit_app USING (id = nullif(current_setting('app.tenant_id', true), '')::uuid);
CREATE POLICY owner ON tenants TO visualkit_owner USING (true) WITH CHECK (true);
GRANT SELECT ON tenants TO visualkit_app;

-- A person, across tenants. No route reads this table yet; nobody but the owner is granted anything.
CREATE TABLE users (
    id            uuid PRIMARY KEY,
    email         text NOT NULL,
    display_name  text NOT NULL DEFAULT '',
    password_hash text,
    created_at    timestamptz NOT NULL DEFAULT now(),
    disabled_at   timestamptz
);
CREATE UNIQUE INDEX users_email ON users (lower(email));
ALTER TABLE users ENABLE ROW LEVEL SECURITY;
ALTER TABLE users FORCE ROW LEVEL SECURITY;
CREATE POLICY owner ON users TO visualkit_owner USING (true) WITH CHECK (true);

CREATE TABLE roles (
    tenant_id   uuid NOT NULL REFERENCES tenants ON DELETE CASCADE,
    id          uuid NOT NULL,
    name        text NOT NULL,
    permissions text[] NOT NULL DEFAULT '{}',
    created_at  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, name)
);
CALL protect_tenant_table('roles');

CREATE TABLE memberships (
    tenant_id  uuid NOT NULL REFERENCES tenants ON DELETE CASCADE,
    user_id    uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    role_id    uuid NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, user_id),
    FOREIGN KEY (tenant_id, role_id) REFERENCES roles (tenant_id, id)
);
CALL protect_tenant_table('memberships');

-- Whom a source's access lists speak of: a user or a group as the source names it, bound to a user of ours once known.
CREATE TABLE principals (
    tenant_id    uuid NOT NULL REFERENCES tenants ON DELETE CASCADE,
    id           uuid NOT NULL,
    kind         text NOT NULL CHECK (kind IN ('user', 'group')),
    source       text NOT NULL,
    external_id  text NOT NULL,
    display_name text NOT NULL DEFAULT '',
    user_id      uuid REFERENCES users ON DELETE SET NULL,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, source, kind, external_id)
);
CALL protect_tenant_table('principals');

CREATE TABLE principal_members (
    tenant_id uuid NOT NULL,
    group_id  uuid NOT NULL,
    member_id uuid NOT NULL,
    PRIMARY KEY (tenant_id, group_id, member_id),
    FOREIGN KEY (tenant_id, group_id) REFERENCES principals (tenant_id, id) ON DELETE CASCADE,
    FOREIGN KEY (tenant_id, member_id) REFERENCES principals (tenant_id, id) ON DELETE CASCADE
);
CALL protect_tenant_table('principal_members');

CREATE TABLE api_keys (
    tenant_id       uuid NOT NULL REFERENCES tenants ON DELETE CASCADE,
    id              uuid NOT NULL,
    name            text NOT NULL,
    kind            text NOT NULL CHECK (kind IN ('secret', 'publishable')),
    -- SHA-256 of a secret of 256 random bits: no salt or stretching is needed, and the look-up leaks nothing useful by its timing.
    secret_hash     bytea NOT NULL CHECK (length(secret_hash) = 32),
    hint            text NOT NULL,
    scopes          text[] NOT NULL,
    allowed_origins text[] NOT NULL DEFAULT '{}',
    allow_no_origin boolean NOT NULL DEFAULT false,
    created_at      timestamptz NOT NULL DEFAULT now(),
    expires_at      timestamptz,
    revoked_at      timestamptz,
    last_used_at    timestamptz,
    PRIMARY KEY (tenant_id, id)
);
CREATE INDEX api_keys_secret_hash ON api_keys (secret_hash);
CALL protect_tenant_table('api_keys');

-- The one question that is asked before a tenant is known: whose key is this?
GRANT SELECT (tenant_id, id, kind, secret_hash, scopes, allowed_origins, allow_no_origin, expires_at, revoked_at, last_used_at)
    ON api_keys TO visualkit_lookup;
CREATE POLICY lookup ON api_keys FOR SELECT TO visualkit_lookup USING (true);
GRANT USAGE, CREATE ON SCHEMA public TO visualkit_lookup;
CREATE FUNCTION find_api_key(hash bytea)
    RETURNS TABLE (tenant_id uuid, id uuid, kind text, scopes text[], allowed_origins text[], allow_no_origin boolean,
                   stale boolean)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
    AS $$
        SELECT k.tenant_id, k.id, k.kind, k.scopes, k.allowed_origins, k.allow_no_origin,
               coalesce(k.last_used_at < now() - interval '1 minute', true)
        FROM public.api_keys k
        WHERE k.secret_hash = hash AND k.revoked_at IS NULL AND (k.expires_at IS NULL OR k.expires_at > now())
        LIMIT 1
    $$;
ALTER FUNCTION find_api_key(bytea) OWNER TO visualkit_lookup;
REVOKE CREATE ON SCHEMA public FROM visualkit_lookup;
GRANT USAGE ON SCHEMA public TO visualkit_app, visualkit_system;
SET LOCAL ROLE visualkit_lookup;
REVOKE ALL ON FUNCTION find_api_key(bytea) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION find_api_key(bytea) TO visualkit_app;
RESET ROLE;

-- What the start-up check reads to tell whether the migrations of its binary have run; diesel makes the table itself.
GRANT SELECT ON __diesel_schema_migrations TO visualkit_app, visualkit_system;
