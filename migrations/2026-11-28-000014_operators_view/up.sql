-- Expands: what an operator's view asks for, kept cheap at a million jobs.

-- Depth and oldest age of a pool, without a look at any row.
CREATE INDEX jobs_queued ON jobs (pool, run_at) INCLUDE (tenant_id) WHERE state = 'queued';

-- The attempts of the last minutes. Attempts are appended in the order of their ends, so a few bytes for many pages are enough.
CREATE INDEX job_attempts_ended ON job_attempts USING brin (ended_at) WITH (pages_per_range = 32, autosummarize = on);

-- What each worker says of its latest hundred attempts: how many there were, how many failed, how long they took together.
ALTER TABLE workers
    ADD COLUMN recent_ended integer NOT NULL DEFAULT 0,
    ADD COLUMN recent_failed integer NOT NULL DEFAULT 0,
    ADD COLUMN recent_busy_us bigint NOT NULL DEFAULT 0;
