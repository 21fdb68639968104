-- Expands: the ledger of effects. A call to the outside is written down before it is made and after it was answered, so that one whose
-- outcome is not known is looked up, or put before a person, and never blindly repeated.
--
-- Partitioned and dropped with the jobs it belongs to.

CREATE TABLE effects (
    tenant_id    uuid NOT NULL,
    job_id       uuid NOT NULL,
    -- Which of the job's calls it is.
    step         text NOT NULL,
    -- SHA-256 of the request: a step asks for one thing.
    request_hash bytea NOT NULL CHECK (length(request_hash) = 32),
    -- intended: written before the call. done: it took effect. failed: it certainly did not. unknown: nobody can tell.
    state        text NOT NULL CHECK (state IN ('intended', 'done', 'failed', 'unknown')),
    -- What the other side answered, when it is done; null when a person said that it was.
    response     jsonb,
    -- Why the outcome is not the wanted one.
    error        jsonb,
    calls        integer NOT NULL DEFAULT 1,
    intended_at  timestamptz NOT NULL DEFAULT now(),
    settled_at   timestamptz,
    PRIMARY KEY (tenant_id, job_id, step)
) PARTITION BY RANGE (job_id);
CALL protect_tenant_table('effects');
CREATE TABLE effects_default PARTITION OF effects DEFAULT;

-- A partition for each week of jobs there is.
DO $$
DECLARE
    suffix text;
    week timestamptz;
BEGIN
    FOR suffix IN SELECT substr(c.relname, 6) FROM pg_class c JOIN pg_inherits i ON i.inhrelid = c.oid
                  WHERE i.inhparent = 'public.jobs'::regclass AND c.relname ~ '^jobs_\d{4}w\d{2}$' LOOP
        -- As UTC, whatever the session's time zone is: partitions are cut there.
        week := to_timestamp(suffix, 'IYYY"w"IW')::date::timestamp AT TIME ZONE 'UTC';
        EXECUTE format('CREATE TABLE public.%I PARTITION OF public.effects FOR VALUES FROM (%L) TO (%L)', 'effects_' || suffix,
            public.uuid_of_instant(week), public.uuid_of_instant(week + interval '7 days'));
    END LOOP;
END $$;
