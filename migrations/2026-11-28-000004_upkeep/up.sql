-- Expands: what keeps the tables small and honest over the years.

-- A job keeps its unique key, so that a retry by hand takes the key again, or is told who has it now.
ALTER TABLE jobs ADD COLUMN unique_key text;

-- Locks whose job has ended are swept.
CREATE POLICY system ON job_locks TO visualkit_system USING (true);
GRANT SELECT, DELETE ON job_locks TO visualkit_system;

-- Finds the older changes of a document, which say nothing that its latest does not.
CREATE INDEX index_changes_of_document ON index_changes (tenant_id, knowledge_base_id, document_id);

-- Which weights the vectors of this installation were made with. Vectors of different weights do not compare, whatever
-- the folder they lie in is called.
CREATE TABLE embedding_models (
    name          text PRIMARY KEY,
    sha256        bytea NOT NULL CHECK (length(sha256) = 32),
    first_used_at timestamptz NOT NULL DEFAULT now()
);
ALTER TABLE embedding_models ENABLE ROW LEVEL SECURITY;
ALTER TABLE embedding_models FORCE ROW LEVEL SECURITY;
CREATE POLICY owner ON embedding_models TO visualkit_owner USING (true) WITH CHECK (true);
CREATE POLICY models ON embedding_models TO visualkit_app USING (true) WITH CHECK (true);
GRANT SELECT, INSERT ON embedding_models TO visualkit_app;
