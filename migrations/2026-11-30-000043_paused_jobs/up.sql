-- Expands: jobs that wait are counted, and the oldest found, without those that a pause holds back, which are in an index of their own. Each job is in one of both.
-- A binary that does not know of them counts by another index.
DROP INDEX jobs_queued;
CREATE INDEX jobs_queued ON jobs (pool, run_at) INCLUDE (tenant_id) WHERE state = 'queued' AND dispatch_epoch IS DISTINCT FROM 'paused';
CREATE INDEX jobs_put_aside ON jobs (pool, run_at) INCLUDE (tenant_id) WHERE state = 'queued' AND dispatch_epoch = 'paused';
