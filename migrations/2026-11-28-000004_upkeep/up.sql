-- Expands: what keeps the tables small and honest over the years.

-- A job keeps its unique key, so that a retry by hand takes the key again, or is told who has it now.
ALTER TABLE jobs ADD COLUMN unique_key text;

-- Locks whose job has ended are swept.
CREATE POLICY system ON job_locks TO visualkit_system USING (true);
GRANT SELECT, DELETE ON job_locks TO visualkit_system;

-- Finds the older changes of a document, which say nothing that its latest does not.
CREATE INDEX index_changes_of_document ON index_changes (tenant_id, knowledge_base_id, document_id);

-- Which weights the vectors of this installation were made with. Vectors of different weights do not compare, whatever
-- the folder they lie in is called.
CREATE TABLE embedding_models (
    name          text PRIMARY KEY,
    sha256        bytea NOT NULL CHECK (length(sha256) = 32),
    first_used_at timestamptz NOT NULL DEFAULT now()
);
ALTER TABLE embedding_models ENABLE ROW LEVEL SECURITY;
ALTER TABLE embedding_models FORCE ROW LEVEL SECURITY;
CREATE POLICY owner ON embedding_models TO visualkit_owner USING (true) WITH CHECK (true);
CREATE POLICY models ON embedding_models TO visualkit_app USING (true) WITH CHECK (true);
GRANT SELECT, INSERT ON embedding_models TO visualkit_app;

-- How many rows no week has room for: there should be none. The default partitions grant nothing to anyone, hence a function.
CREATE FUNCTION count_default_job_rows() RETURNS bigint
    LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT (SELECT count(*) FROM public.jobs_default) + (SELECT count(*) FROM public.job_bodies_default)
         + (SELECT count(*) FROM public.job_attempts_default)
$$;
REVOKE ALL ON FUNCTION count_default_job_rows() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION count_default_job_rows() TO visualkit_system;

-- As before, and rows that fell into a default partition move to their week when it is made: a partition cannot be added while the
-- default one holds rows of its range, so one stray row would have kept that week's partitions from ever being made.
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
        FOREACH parent IN ARRAY ARRAY['jobs', 'job_bodies', 'job_attempts'] LOOP
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
