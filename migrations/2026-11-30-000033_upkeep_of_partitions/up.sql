-- Changes functions only: upkeep of partitions gives way. Whoever waits for a lock on a table of jobs has everybody else wait behind it, and a backup holds its locks
-- until it ends; so nothing waits longer than a moment here, and what could not be done is tried again a minute later.

CREATE OR REPLACE FUNCTION create_job_partitions(weeks_ahead integer) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp SET lock_timeout = '50ms' AS $$
DECLARE
    made integer := 0;
    made_of_week integer;
    week timestamptz;
    parent text;
    child text;
    key text;
    first_id uuid;
    next_id uuid;
BEGIN
    -- Another process is at it.
    IF NOT pg_try_advisory_xact_lock(7305002) THEN
        RETURN 0;
    END IF;
    FOR n IN 0..weeks_ahead LOOP
        week := date_trunc('week', now() AT TIME ZONE 'UTC') AT TIME ZONE 'UTC' + n * interval '7 days';
        first_id := public.uuid_of_instant(week);
        next_id := public.uuid_of_instant(week + interval '7 days');
        made_of_week := 0;
        BEGIN
            FOREACH parent IN ARRAY ARRAY['jobs', 'job_bodies', 'job_attempts', 'effects'] LOOP
                child := format('%s_%s', parent, to_char(week AT TIME ZONE 'UTC', 'IYYY"w"IW'));
                CONTINUE WHEN to_regclass('public.' || child) IS NOT NULL;
                key := CASE parent WHEN 'jobs' THEN 'id' ELSE 'job_id' END;
                EXECUTE format('CREATE TABLE public.%I (LIKE public.%I INCLUDING DEFAULTS INCLUDING CONSTRAINTS)', child, parent);
                EXECUTE format('WITH moved AS (DELETE FROM public.%I WHERE %I >= %L AND %I < %L RETURNING *)
                                INSERT INTO public.%I SELECT * FROM moved',
                    parent || '_default', key, first_id, key, next_id, child);
                EXECUTE format('ALTER TABLE public.%I ATTACH PARTITION public.%I FOR VALUES FROM (%L) TO (%L)', parent, child, first_id, next_id);
                made_of_week := made_of_week + 1;
            END LOOP;
            made := made + made_of_week;
        EXCEPTION WHEN lock_not_available THEN
            RETURN made;
        END;
    END LOOP;
    RETURN made;
END $$;

-- Whether a job of the week has not ended, or is dead and was not discarded. Asked so that each part has an index.
CREATE FUNCTION keeps_job_week(suffix text) RETURNS boolean
    LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp SET enable_seqscan = off AS $$
DECLARE
    kept boolean;
BEGIN
    EXECUTE format('SELECT EXISTS (SELECT FROM public.%1$I WHERE state = ''queued'') OR EXISTS (SELECT FROM public.%1$I WHERE state = ''running'')
                        OR EXISTS (SELECT FROM public.%1$I WHERE state IN (''scheduled'', ''retryable''))
                        OR EXISTS (SELECT FROM public.%1$I WHERE state = ''dead'' AND discarded_at IS NULL)', 'jobs_' || suffix) INTO kept;
    RETURN kept;
END $$;
REVOKE ALL ON FUNCTION keeps_job_week(text) FROM PUBLIC;

-- A week is kept for as long as a job in it has not ended, or is dead and was not discarded. That is looked at again when nobody can change it any more: a job
-- that is retried in between is kept with its week.
CREATE OR REPLACE FUNCTION drop_job_partitions(keep interval) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp SET lock_timeout = '50ms' AS $$
DECLARE
    dropped integer := 0;
    week timestamptz;
    suffix text;
BEGIN
    IF NOT pg_try_advisory_xact_lock(7305002) THEN
        RETURN 0;
    END IF;
    FOR suffix IN SELECT substr(c.relname, 6) FROM pg_class c JOIN pg_inherits i ON i.inhrelid = c.oid
                  WHERE i.inhparent = 'public.jobs'::regclass AND c.relname ~ '^jobs_\d{4}w\d{2}$' LOOP
        week := to_timestamp(suffix, 'IYYY"w"IW');
        CONTINUE WHEN week + interval '8 days' > now() - keep OR public.keeps_job_week(suffix);
        BEGIN
            -- The parents first, as every other statement does.
            LOCK TABLE ONLY public.jobs, ONLY public.job_bodies, ONLY public.job_attempts, ONLY public.effects IN ACCESS EXCLUSIVE MODE;
            EXECUTE format('LOCK TABLE public.%I IN ACCESS EXCLUSIVE MODE', 'jobs_' || suffix);
            IF NOT public.keeps_job_week(suffix) THEN
                EXECUTE format('DROP TABLE public.%I, public.%I, public.%I', 'jobs_' || suffix, 'job_bodies_' || suffix, 'job_attempts_' || suffix);
                EXECUTE format('DROP TABLE IF EXISTS public.%I', 'effects_' || suffix);
                dropped := dropped + 1;
            END IF;
        EXCEPTION WHEN lock_not_available THEN
            RETURN dropped;
        END;
        -- One a call: everybody waits for as long as its locks are held.
        EXIT WHEN dropped > 0;
    END LOOP;
    RETURN dropped;
END $$;
