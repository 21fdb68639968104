-- Expands: a job that ended long after it was made is kept as long after its end as others are after their week.

-- Empty but for such jobs. Who ended within a day ended before the day from which the days of his week are counted.
CREATE INDEX jobs_ended_late ON jobs (finished_at) WHERE finished_at - created_at > interval '1 day';

-- Whether anything keeps the week: a job that has not ended, a dead one that was not discarded, or one that ended less than `keep` ago.
CREATE OR REPLACE FUNCTION keeps_job_week(suffix text, keep interval) RETURNS boolean
    LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp SET enable_seqscan = off AS $$
DECLARE
    kept boolean;
BEGIN
    IF public.keeps_job_week(suffix) THEN
        RETURN true;
    END IF;
    EXECUTE format('SELECT EXISTS (SELECT FROM public.%1$I WHERE finished_at - created_at > interval ''1 day'' AND finished_at > now() - $1)', 'jobs_' || suffix)
        INTO kept USING keep;
    RETURN kept;
END $$;
REVOKE ALL ON FUNCTION keeps_job_week(text, interval) FROM PUBLIC;

-- As before, but for what keeps a week.
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
        CONTINUE WHEN week + interval '8 days' > now() - keep OR public.keeps_job_week(suffix, keep);
        BEGIN
            -- The parents first, as every other statement does.
            LOCK TABLE ONLY public.jobs, ONLY public.job_bodies, ONLY public.job_attempts, ONLY public.effects IN ACCESS EXCLUSIVE MODE;
            EXECUTE format('LOCK TABLE public.%I IN ACCESS EXCLUSIVE MODE', 'jobs_' || suffix);
            IF NOT public.keeps_job_week(suffix, keep) THEN
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
