DROP TABLE embedding_models;
DROP INDEX index_changes_of_document;
REVOKE SELECT, DELETE ON job_locks FROM visualkit_system;
DROP POLICY system ON job_locks;
ALTER TABLE jobs DROP COLUMN unique_key;
