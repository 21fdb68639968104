DROP FUNCTION forget_embeddings_ahead(interval, integer);
DROP TABLE embeddings_ahead;
ALTER TABLE job_bodies DROP COLUMN steps;
