-- drop_job_partitions keeps its newer body, which names a column that this removes: run it only on the way to an older binary whose own
-- migration puts the older body back.
ALTER TABLE jobs DROP COLUMN discarded_at, DROP COLUMN discard_reason;
