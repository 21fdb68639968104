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

CREATE OR REPLACE FUNCTION count_default_job_rows() RETURNS bigint
    LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT (SELECT count(*) FROM public.jobs_default) + (SELECT count(*) FROM public.job_bodies_default)
         + (SELECT count(*) FROM public.job_attempts_default) + (SELECT count(*) FROM public.effects_default)
$$;

CREATE OR REPLACE FUNCTION create_job_partitions(weeks_ahead integer) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    made integer := 0;
    week timestamptz;
    parent text;
    child text;
    key text;
    first_id uuid;
    next_id uuid;
BEGIN
    PERFORM pg_advisory_xact_lock(7305002);
    FOR n IN 0..weeks_ahead LOOP
        week := date_trunc('week', now() AT TIME ZONE 'UTC') AT TIME ZONE 'UTC' + n * interval '7 days';
        first_id := public.uuid_of_instant(week);
        next_id := public.uuid_of_instant(week + interval '7 days');
        FOREACH parent IN ARRAY ARRAY['jobs', 'job_bodies', 'job_attempts', 'effects'] LOOP
            child := format('%s_%s', parent, to_char(week AT TIME ZONE 'UTC', 'IYYY"w"IW'));
            CONTINUE WHEN to_regclass('public.' || child) IS NOT NULL;
            key := CASE parent WHEN 'jobs' THEN 'id' ELSE 'job_id' END;
            EXECUTE format('CREATE TABLE public.%I (LIKE public.%I INCLUDING DEFAULTS INCLUDING CONSTRAINTS)', child, parent);
            EXECUTE format('WITH moved AS (DELETE FROM public.%I WHERE %I >= %L AND %I < %L RETURNING *)
                            INSERT INTO public.%I SELECT * FROM moved',
                parent || '_default', key, first_id, key, next_id, child);
            EXECUTE format('ALTER TABLE public.%I ATTACH PARTITION public.%I FOR VALUES FROM (%L) TO (%L)', parent, child, first_id, next_id);
            made := made + 1;
        END LOOP;
    END LOOP;
    RETURN made;
END $$;

CREATE OR REPLACE FUNCTION drop_job_partitions(keep interval) RETURNS integer
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
        EXECUTE format('DROP TABLE IF EXISTS public.%I', 'effects_' || suffix);
        dropped := dropped + 1;
    END LOOP;
    RETURN dropped;
END $$;
