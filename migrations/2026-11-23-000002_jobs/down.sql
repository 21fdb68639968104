DROP FUNCTION drop_job_partitions(interval);
DROP FUNCTION create_job_partitions(integer);
DROP TABLE idempotency_keys, job_locks, job_attempts, job_bodies, jobs;
DROP FUNCTION uuid_of_instant(timestamptz);
