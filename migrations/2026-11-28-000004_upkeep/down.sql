DROP FUNCTION count_default_job_rows();
DROP TABLE embedding_models;
DROP INDEX index_changes_of_document;
REVOKE SELECT, DELETE ON job_locks FROM visualkit_system;
DROP POLICY system ON job_locks;
ALTER TABLE jobs DROP COLUMN unique_key;
-- create_job_partitions keeps its newer body, which makes the same partitions.
