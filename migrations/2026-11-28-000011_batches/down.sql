DROP TABLE batches;
DROP INDEX jobs_of_parent;
ALTER TABLE jobs DROP COLUMN awaits_batch;
ALTER TABLE jobs ADD COLUMN pending_children integer NOT NULL DEFAULT 0;
