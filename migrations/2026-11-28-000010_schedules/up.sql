-- Expands: schedules, what became of their ticks, and which schedule a job comes from.

CREATE TABLE schedules (
    tenant_id     uuid NOT NULL REFERENCES tenants ON DELETE CASCADE,
    id            uuid NOT NULL,
    name          text NOT NULL,
    cron          text NOT NULL,
    time_zone     text NOT NULL,
    kind          text NOT NULL,
    payload       jsonb NOT NULL,
    priority      smallint CHECK (priority BETWEEN 0 AND 2),
    max_attempts  smallint CHECK (max_attempts BETWEEN 1 AND 100),
    jitter_secs   integer NOT NULL CHECK (jitter_secs >= 0),
    catch_up      text NOT NULL CHECK (catch_up IN ('none', 'last', 'all')),
    overlap       text NOT NULL CHECK (overlap IN ('skip', 'allow')),
    enabled       boolean NOT NULL,
    -- The first tick that has not been decided about, and when it fires: jitter later.
    next_tick     timestamptz,
    due_at        timestamptz,
    -- Why it cannot fire as it is, and since when; after a while it is disabled.
    refusal       text,
    refused_since timestamptz,
    created_by    uuid NOT NULL,
    created_at    timestamptz NOT NULL DEFAULT now(),
    updated_at    timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, name),
    CHECK (enabled = (next_tick IS NOT NULL)),
    CHECK ((next_tick IS NULL) = (due_at IS NULL)),
    CHECK ((refusal IS NULL) = (refused_since IS NULL))
);
CREATE INDEX schedules_due ON schedules (due_at, id) WHERE due_at IS NOT NULL;
CALL protect_tenant_table('schedules');
-- The process that runs jobs asks across tenants what is due, and nothing else: it fires inside the tenant, as the application's role.
CREATE POLICY system ON schedules FOR SELECT TO visualkit_system USING (true);
GRANT SELECT (tenant_id, id, due_at) ON schedules TO visualkit_system;

-- One row a tick that was decided about, or one for a row of ticks that were missed. The key is what makes a tick fire once.
CREATE TABLE schedule_firings (
    tenant_id   uuid NOT NULL,
    schedule_id uuid NOT NULL,
    tick        timestamptz NOT NULL,
    outcome     text NOT NULL CHECK (outcome IN ('fired', 'caught_up', 'manual', 'skipped_overlap', 'missed')),
    -- Of missed ticks: the last of them.
    last_tick   timestamptz,
    job_id      uuid,
    -- The job that had not ended.
    blocked_by  uuid,
    decided_at  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, schedule_id, tick),
    FOREIGN KEY (tenant_id, schedule_id) REFERENCES schedules (tenant_id, id) ON DELETE CASCADE,
    CHECK ((outcome IN ('fired', 'caught_up', 'manual')) = (job_id IS NOT NULL))
);
CALL protect_tenant_table('schedule_firings');

ALTER TABLE jobs ADD COLUMN schedule_id uuid, ADD COLUMN schedule_tick timestamptz;
-- Whether an earlier firing's job has not ended.
CREATE INDEX jobs_of_schedule ON jobs (tenant_id, schedule_id)
    WHERE schedule_id IS NOT NULL AND state NOT IN ('succeeded', 'dead', 'cancelled');
