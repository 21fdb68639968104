-- Expands: what waits for its time, counted by pool without a look at any row.

-- Built before the old one goes, so that reads wait for a moment only.
CREATE INDEX jobs_waiting_of_pool ON jobs (run_at) INCLUDE (pool) WHERE state IN ('scheduled', 'retryable');
DROP INDEX jobs_waiting;
ALTER INDEX jobs_waiting_of_pool RENAME TO jobs_waiting;
