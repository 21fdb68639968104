-- Expands: a dead job can be discarded, with a reason; it then keeps its week's partitions no longer.

ALTER TABLE jobs ADD COLUMN discarded_at timestamptz, ADD COLUMN discard_reason text;

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
