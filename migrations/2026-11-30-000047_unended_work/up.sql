-- Expands: what is looked at again and again is in indexes that hold only what can be acted on. A binary that does not know of them dispatches by the same ones.

-- Jobs that follow a batch stand in an index of their own: they are not due before it ends, however long that takes.
CREATE INDEX jobs_waiting_for_time ON jobs (run_at) INCLUDE (pool) WHERE state = 'retryable' OR state = 'scheduled' AND NOT awaits_batch;
DROP INDEX jobs_waiting;
ALTER INDEX jobs_waiting_for_time RENAME TO jobs_waiting;
CREATE INDEX jobs_following ON jobs (pool) WHERE state = 'scheduled' AND awaits_batch;
-- Of a tenant, without the history of those that have ended.
CREATE INDEX jobs_unended ON jobs (tenant_id, id) WHERE state NOT IN ('succeeded', 'dead', 'cancelled');
-- Whose jobs are put aside, and of which kinds: a few entries are read of a million jobs.
CREATE INDEX jobs_put_aside_of_kind ON jobs (tenant_id, pool, kind, forced) WHERE state = 'queued' AND dispatch_epoch = 'paused';

-- Generated: whatever changes a count or closes a batch cannot forget it, and a count that leaves it as it is touches no index.
ALTER TABLE batches
    ADD COLUMN ready boolean NOT NULL GENERATED ALWAYS AS (ended_at IS NULL AND NOT open AND succeeded + dead + cancelled = total) STORED,
    -- When it was closed because nobody had for too long.
    ADD COLUMN expired_at timestamptz;
CREATE INDEX batches_ready ON batches (id) WHERE ready;
CREATE INDEX batches_stopping ON batches (id) WHERE ended_at IS NULL AND stopped_at IS NOT NULL AND swept_at IS NULL;
CREATE INDEX batches_open ON batches (created_at) WHERE open;
DROP INDEX batches_unended;
CREATE INDEX batches_unended ON batches (tenant_id, open) WHERE ended_at IS NULL;

-- As before, each part by its index.
CREATE OR REPLACE FUNCTION keeps_job_week(suffix text) RETURNS boolean
    LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp SET enable_seqscan = off AS $$
DECLARE
    kept boolean;
BEGIN
    EXECUTE format('SELECT EXISTS (SELECT FROM public.%1$I WHERE state = ''queued'') OR EXISTS (SELECT FROM public.%1$I WHERE state = ''running'')
                        OR EXISTS (SELECT FROM public.%1$I WHERE state = ''retryable'')
                        OR EXISTS (SELECT FROM public.%1$I WHERE state = ''scheduled'' AND NOT awaits_batch)
                        OR EXISTS (SELECT FROM public.%1$I WHERE state = ''scheduled'' AND awaits_batch)
                        OR EXISTS (SELECT FROM public.%1$I WHERE state = ''dead'' AND discarded_at IS NULL)', 'jobs_' || suffix) INTO kept;
    RETURN kept;
END $$;
