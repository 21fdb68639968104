-- Expands: the functions that make and drop partitions, for the ledger of effects and for discarded jobs as well.

-- How many rows no week has room for: there should be none. The default partitions grant nothing to anyone, hence a function.
CREATE FUNCTION count_default_job_rows() RETURNS bigint
    LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT (SELECT count(*) FROM public.jobs_default) + (SELECT count(*) FROM public.job_bodies_default)
         + (SELECT count(*) FROM public.job_attempts_default) + (SELECT count(*) FROM public.effects_default)
$$;
REVOKE ALL ON FUNCTION count_default_job_rows() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION count_default_job_rows() TO visualkit_system;

-- Rows that fell into a default partition move to their week when it is made: a partition cannot be added while the default one holds rows of
-- its range, so one stray row would have kept that week's partitions from ever being made.
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

-- A week is kept for as long as a job in it has not ended, or is dead and was not discarded.
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
        EXECUTE format('SELECT EXISTS (SELECT FROM public.%I WHERE state NOT IN (''succeeded'', ''cancelled'')
                                         AND NOT (state = ''dead'' AND discarded_at IS NOT NULL))', 'jobs_' || suffix) INTO busy;
        CONTINUE WHEN busy;
        EXECUTE format('DROP TABLE public.%I, public.%I, public.%I', 'jobs_' || suffix, 'job_bodies_' || suffix, 'job_attempts_' || suffix);
        EXECUTE format('DROP TABLE IF EXISTS public.%I', 'effects_' || suffix);
        dropped := dropped + 1;
    END LOOP;
    RETURN dropped;
END $$;
