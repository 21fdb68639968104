DROP INDEX jobs_queued, jobs_put_aside;
CREATE INDEX jobs_queued ON jobs (pool, run_at) INCLUDE (tenant_id) WHERE state = 'queued';
