CREATE INDEX jobs_waiting_by_time ON jobs (run_at) WHERE state IN ('scheduled', 'retryable');
DROP INDEX jobs_waiting;
ALTER INDEX jobs_waiting_by_time RENAME TO jobs_waiting;
