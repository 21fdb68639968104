-- Expands: the job core. A row in `jobs` is the outbox entry; Redis holds a dispatch index that is rebuilt from here.
--
-- The three tables are range-partitioned by job id (UUIDv7, so by time): a week a partition, dropped whole once every job in
-- it has ended and its retention is over. Partitions inherit neither row-level security nor grants, so none is granted
-- on them: everyone goes through the parent. No foreign key points at a job.

CREATE TABLE jobs (
    id                 uuid NOT NULL,
    tenant_id          uuid NOT NULL,
    pool               text NOT NULL,
    kind               text NOT NULL,
    payload_version    smallint NOT NULL,
    -- Interactive jobs (search, answers) may lose their claim, never their outcome, to a crash; they expire after an hour.
    interactive        boolean NOT NULL,
    state              text NOT NULL CHECK (state IN ('scheduled', 'queued', 'running', 'retryable', 'succeeded', 'dead', 'cancelled')),
    priority           smallint NOT NULL CHECK (priority BETWEEN 0 AND 2),
    run_at             timestamptz NOT NULL,
    -- A retry by hand begins a new run, whose attempts count from 0 again.
    run                integer NOT NULL DEFAULT 1,
    attempt            smallint NOT NULL DEFAULT 0,
    max_attempts       smallint NOT NULL CHECK (max_attempts BETWEEN 1 AND 100),
    lease_token        uuid,
    lease_until        timestamptz,
    worker             text,
    attempt_started_at timestamptz,
    dispatch_epoch     text,
    dispatched_at      timestamptz,
    cancel_requested   boolean NOT NULL DEFAULT false,
    parent_id          uuid,
    pending_children   integer NOT NULL DEFAULT 0,
    document_id        uuid,
    progress           jsonb,
    cost_microusd      bigint NOT NULL DEFAULT 0,
    trace_context      text,
    created_by         uuid,
    -- Grows with every visible change; the id of the job's server-sent events.
    revision           integer NOT NULL DEFAULT 1,
    created_at         timestamptz NOT NULL DEFAULT now(),
    started_at         timestamptz,
    finished_at        timestamptz,
    PRIMARY KEY (id),
    CHECK ((state = 'running') = (lease_token IS NOT NULL)),
    CHECK ((state IN ('succeeded', 'dead', 'cancelled')) = (finished_at IS NOT NULL))
) PARTITION BY RANGE (id);

CREATE INDEX jobs_of_tenant ON jobs (tenant_id, id);
CREATE INDEX jobs_of_document ON jobs (tenant_id, document_id) WHERE document_id IS NOT NULL;
CREATE INDEX jobs_waiting ON jobs (run_at) WHERE state IN ('scheduled', 'retryable');
CREATE INDEX jobs_to_dispatch ON jobs (dispatch_epoch, dispatched_at) WHERE state = 'queued';
CREATE INDEX jobs_leased ON jobs (lease_until) WHERE state = 'running';
CREATE INDEX jobs_expiring ON jobs (finished_at) WHERE interactive AND finished_at IS NOT NULL;

CREATE TABLE job_bodies (
    tenant_id uuid NOT NULL,
    job_id    uuid NOT NULL,
    payload   jsonb NOT NULL,
    result    jsonb,
    error     jsonb,
    PRIMARY KEY (tenant_id, job_id)
) PARTITION BY RANGE (job_id);

-- One row for each attempt that has ended; the one that runs is on the job's own row.
CREATE TABLE job_attempts (
    tenant_id  uuid NOT NULL,
    job_id     uuid NOT NULL,
    run        integer NOT NULL,
    attempt    smallint NOT NULL,
    worker     text NOT NULL,
    started_at timestamptz NOT NULL,
    ended_at   timestamptz NOT NULL,
    outcome    text NOT NULL CHECK (outcome IN ('succeeded', 'failed', 'cancelled', 'lost', 'handed_back')),
    error      jsonb
) PARTITION BY RANGE (job_id);
CREATE INDEX job_attempts_of_job ON job_attempts (tenant_id, job_id);

CALL protect_tenant_table('jobs');
CALL protect_tenant_table('job_bodies');
CALL protect_tenant_table('job_attempts');
CREATE POLICY system ON jobs TO visualkit_system USING (true) WITH CHECK (true);
CREATE POLICY system ON job_bodies TO visualkit_system USING (true) WITH CHECK (true);
CREATE POLICY system ON job_attempts TO visualkit_system USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, UPDATE, DELETE ON jobs, job_bodies, job_attempts TO visualkit_system;

-- At most one job that has not ended, per key; a lock whose job has ended is taken over.
CREATE TABLE job_locks (
    tenant_id  uuid NOT NULL,
    unique_key text NOT NULL,
    job_id     uuid NOT NULL,
    PRIMARY KEY (tenant_id, unique_key)
);
CALL protect_tenant_table('job_locks');

CREATE TABLE idempotency_keys (
    tenant_id    uuid NOT NULL,
    route        text NOT NULL,
    key          text NOT NULL,
    request_hash bytea NOT NULL,
    resource_id  uuid NOT NULL,
    created_at   timestamptz NOT NULL DEFAULT now(),
    expires_at   timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, route, key)
);
CREATE INDEX idempotency_keys_expiring ON idempotency_keys (expires_at);
CALL protect_tenant_table('idempotency_keys');
CREATE POLICY system ON idempotency_keys TO visualkit_system USING (true);
GRANT SELECT, DELETE ON idempotency_keys TO visualkit_system;

-- The smallest UUIDv7 of an instant (RFC 9562: 48 bits of Unix milliseconds first).
CREATE FUNCTION uuid_of_instant(at timestamptz) RETURNS uuid LANGUAGE sql IMMUTABLE STRICT AS $$
    SELECT (lpad(to_hex((extract(epoch FROM at) * 1000)::bigint), 12, '0') || '00000000000000000000')::uuid
$$;

CREATE TABLE jobs_default PARTITION OF jobs DEFAULT;
CREATE TABLE job_bodies_default PARTITION OF job_bodies DEFAULT;
CREATE TABLE job_attempts_default PARTITION OF job_attempts DEFAULT;

-- Makes this week's partitions and those of the weeks ahead; safe to repeat, and from several processes at once.
CREATE FUNCTION create_job_partitions(weeks_ahead integer) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    made integer := 0;
    week timestamptz;
    parent text;
    child text;
BEGIN
    PERFORM pg_advisory_xact_lock(7305002);
    FOR n IN 0..weeks_ahead LOOP
        week := date_trunc('week', now() AT TIME ZONE 'UTC') AT TIME ZONE 'UTC' + n * interval '7 days';
        FOREACH parent IN ARRAY ARRAY['jobs', 'job_bodies', 'job_attempts'] LOOP
            child := format('%s_%s', parent, to_char(week AT TIME ZONE 'UTC', 'IYYY"w"IW'));
            IF to_regclass('public.' || child) IS NULL THEN
                EXECUTE format('CREATE TABLE public.%I PARTITION OF public.%I FOR VALUES FROM (%L) TO (%L)', child, parent,
                    public.uuid_of_instant(week), public.uuid_of_instant(week + interval '7 days'));
                made := made + 1;
            END IF;
        END LOOP;
    END LOOP;
    RETURN made;
END $$;
REVOKE ALL ON FUNCTION create_job_partitions(integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION create_job_partitions(integer) TO visualkit_system;

-- Drops the partitions that ended before `keep` ago and hold only jobs that have ended well; a dead job keeps its week.
CREATE FUNCTION drop_job_partitions(keep interval) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    dropped integer := 0;
    week timestamptz;
    suffix text;
    busy boolean;
BEGIN
    PERFORM pg_advisory_xact_lock(7305002);
    FOR suffix IN SELECT substr(c.relname, 6) FROM pg_class c JOIN pg_inherits i ON i.inhrelid = c.oid
                  WHERE i.inhparent = 'public.jobs'::regclass AND c.relname ~ '^jobs_\d{4}w\d{2}$' LOOP
        week := to_timestamp(suffix, 'IYYY"w"IW');
        CONTINUE WHEN week + interval '8 days' > now() - keep;
        EXECUTE format('SELECT EXISTS (SELECT FROM public.%I WHERE state NOT IN (''succeeded'', ''cancelled''))', 'jobs_' || suffix) INTO busy;
        CONTINUE WHEN busy;
        EXECUTE format('DROP TABLE public.%I, public.%I, public.%I', 'jobs_' || suffix, 'job_bodies_' || suffix, 'job_attempts_' || suffix);
        dropped := dropped + 1;
    END LOOP;
    RETURN dropped;
END $$;
REVOKE ALL ON FUNCTION drop_job_partitions(interval) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION drop_job_partitions(interval) TO visualkit_system;

SELECT create_job_partitions(3);
