-- Expands: shares and limits. How many turns a tenant has in a pool, and how many jobs may run at once.

-- What an operator grants a tenant in a pool. The tenant may read it.
CREATE TABLE tenant_limits (
    tenant_id   uuid NOT NULL REFERENCES tenants ON DELETE CASCADE,
    pool        text NOT NULL,
    weight      integer NOT NULL DEFAULT 1 CHECK (weight BETWEEN 1 AND 100),
    max_running integer CHECK (max_running BETWEEN 1 AND 100000),
    created_at  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, pool)
);
CALL protect_tenant_table('tenant_limits');
REVOKE INSERT, UPDATE, DELETE ON tenant_limits FROM visualkit_app;
CREATE POLICY system ON tenant_limits FOR SELECT TO visualkit_system USING (true);
GRANT SELECT ON tenant_limits TO visualkit_system;

-- How many jobs of a kind may run at once, of all tenants together. Everybody may know of it.
CREATE TABLE kind_limits (
    kind        text PRIMARY KEY,
    max_running integer NOT NULL CHECK (max_running BETWEEN 1 AND 100000),
    created_at  timestamptz NOT NULL DEFAULT now()
);
ALTER TABLE kind_limits ENABLE ROW LEVEL SECURITY;
ALTER TABLE kind_limits FORCE ROW LEVEL SECURITY;
CREATE POLICY owner ON kind_limits TO visualkit_owner USING (true) WITH CHECK (true);
CREATE POLICY everybody ON kind_limits FOR SELECT TO visualkit_app, visualkit_system USING (true);
GRANT SELECT ON kind_limits TO visualkit_app, visualkit_system;

-- A tenant's own limit of one kind of its jobs.
CREATE TABLE limits (
    tenant_id   uuid NOT NULL REFERENCES tenants ON DELETE CASCADE,
    id          uuid NOT NULL,
    kind        text NOT NULL,
    max_running integer NOT NULL CHECK (max_running BETWEEN 1 AND 100000),
    created_at  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, kind)
);
CALL protect_tenant_table('limits');
CREATE POLICY system ON limits FOR SELECT TO visualkit_system USING (true);
GRANT SELECT ON limits TO visualkit_system;
