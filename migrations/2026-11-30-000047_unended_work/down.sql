-- The changed function keeps its newer body, which does as the older one did.
DROP INDEX batches_unended, batches_open, batches_stopping, batches_ready;
CREATE INDEX batches_unended ON batches (id) WHERE ended_at IS NULL;
ALTER TABLE batches DROP COLUMN ready, DROP COLUMN expired_at;
DROP INDEX jobs_put_aside_of_kind, jobs_unended, jobs_following;
CREATE INDEX jobs_waiting_by_time ON jobs (run_at) INCLUDE (pool) WHERE state IN ('scheduled', 'retryable');
DROP INDEX jobs_waiting;
ALTER INDEX jobs_waiting_by_time RENAME TO jobs_waiting;
