-- Expands: pausing, running one job while paused, and the workers that are alive.

-- Set by a person for one job: it runs although it is paused.
ALTER TABLE jobs ADD COLUMN forced boolean NOT NULL DEFAULT false;

-- Dead letters are listed and counted.
CREATE INDEX jobs_dead ON jobs (tenant_id, id) WHERE state = 'dead';

-- What a tenant has paused of its own: everything, or one kind.
CREATE TABLE pauses (
    tenant_id  uuid NOT NULL REFERENCES tenants ON DELETE CASCADE,
    id         uuid NOT NULL,
    kind       text,
    reason     text NOT NULL DEFAULT '',
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, id)
);
CREATE UNIQUE INDEX pauses_of_kind ON pauses (tenant_id, coalesce(kind, ''));
CALL protect_tenant_table('pauses');
CREATE POLICY system ON pauses FOR SELECT TO visualkit_system USING (true);
GRANT SELECT ON pauses TO visualkit_system;

-- What an operator has paused for every tenant: a pool, a kind, or a kind within a pool. Everybody may know of it.
CREATE TABLE operator_pauses (
    id         uuid PRIMARY KEY,
    pool       text,
    kind       text,
    reason     text NOT NULL DEFAULT '',
    created_at timestamptz NOT NULL DEFAULT now(),
    CHECK (pool IS NOT NULL OR kind IS NOT NULL)
);
CREATE UNIQUE INDEX operator_pauses_of ON operator_pauses (coalesce(pool, ''), coalesce(kind, ''));
ALTER TABLE operator_pauses ENABLE ROW LEVEL SECURITY;
ALTER TABLE operator_pauses FORCE ROW LEVEL SECURITY;
CREATE POLICY owner ON operator_pauses TO visualkit_owner USING (true) WITH CHECK (true);
CREATE POLICY everybody ON operator_pauses FOR SELECT TO visualkit_app, visualkit_system USING (true);
GRANT SELECT ON operator_pauses TO visualkit_app, visualkit_system;

-- A worker writes itself down while it lives; one that has not been seen for a while is dead. Holds nothing of any tenant.
CREATE TABLE workers (
    name       text PRIMARY KEY,
    pool       text NOT NULL,
    host       text NOT NULL,
    version    text NOT NULL,
    slots      integer NOT NULL,
    running    integer NOT NULL,
    started_at timestamptz NOT NULL DEFAULT now(),
    seen_at    timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX workers_of_pool ON workers (pool, seen_at);
ALTER TABLE workers ENABLE ROW LEVEL SECURITY;
ALTER TABLE workers FORCE ROW LEVEL SECURITY;
CREATE POLICY owner ON workers TO visualkit_owner USING (true) WITH CHECK (true);
CREATE POLICY system ON workers TO visualkit_system USING (true) WITH CHECK (true);
CREATE POLICY everybody ON workers FOR SELECT TO visualkit_app USING (true);
GRANT SELECT, INSERT, UPDATE, DELETE ON workers TO visualkit_system;
GRANT SELECT ON workers TO visualkit_app;
