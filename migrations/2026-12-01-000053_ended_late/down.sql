-- The function that drops weeks keeps its newer body; what keeps one is asked as before.
CREATE OR REPLACE FUNCTION keeps_job_week(suffix text, keep interval) RETURNS boolean
    LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN public.keeps_job_week(suffix);
END $$;
DROP INDEX jobs_ended_late;
