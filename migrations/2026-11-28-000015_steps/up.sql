-- Expands: named steps of a job, and vectors that are kept before the document they belong to is ready.

-- [{name, state, run, attempt, started_at, ended_at, detail, error}], in the order of the kind's steps; null until something was written down.
ALTER TABLE job_bodies ADD COLUMN steps jsonb;

-- Which vectors were stored for a version of a document that is not ready yet, a row for each batch: an ingest that is taken up again finds
-- them, and nothing else would know of them when the document is deleted or its ingest never succeeds.
CREATE TABLE embeddings_ahead (
    tenant_id   uuid NOT NULL,
    document_id uuid NOT NULL,
    version     integer NOT NULL,
    id          uuid NOT NULL DEFAULT gen_random_uuid(),
    -- The keys of the vectors in `embeddings`, whatever the model.
    hashes      bytea[] NOT NULL,
    created_at  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, document_id, id),
    FOREIGN KEY (tenant_id, document_id) REFERENCES documents (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX embeddings_ahead_old ON embeddings_ahead (created_at);
CALL protect_tenant_table('embeddings_ahead');

-- Forgets what was stored ahead longer than `keep` ago, with those vectors that no chunk has come to need; at most so many rows at a time.
-- The system role sees no vectors, hence a function. Three statements on purpose, as in `embeddings::delete_unused`: once the vectors are locked,
-- whoever relied on one has committed, and the last statement's snapshot sees its chunks.
CREATE FUNCTION forget_embeddings_ahead(keep interval, at_most integer) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    old record;
    forgotten integer := 0;
BEGIN
    FOR old IN
        DELETE FROM public.embeddings_ahead WHERE (tenant_id, document_id, id) IN (
            SELECT tenant_id, document_id, id FROM public.embeddings_ahead WHERE created_at < now() - keep
            ORDER BY created_at LIMIT at_most FOR UPDATE SKIP LOCKED)
        RETURNING tenant_id, hashes
    LOOP
        forgotten := forgotten + 1;
        PERFORM FROM public.embeddings WHERE tenant_id = old.tenant_id AND embed_hash = ANY(old.hashes)
            ORDER BY model, embed_hash FOR UPDATE SKIP LOCKED;
        DELETE FROM public.embeddings WHERE (tenant_id, model, embed_hash) IN (
            SELECT e.tenant_id, e.model, e.embed_hash FROM public.embeddings e
            WHERE e.tenant_id = old.tenant_id AND e.embed_hash = ANY(old.hashes)
              AND NOT EXISTS (SELECT FROM public.chunks c WHERE c.tenant_id = e.tenant_id AND c.embed_hash = e.embed_hash)
            ORDER BY e.model, e.embed_hash FOR UPDATE OF e SKIP LOCKED);
    END LOOP;
    RETURN forgotten;
END $$;
REVOKE ALL ON FUNCTION forget_embeddings_ahead(interval, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION forget_embeddings_ahead(interval, integer) TO visualkit_system;
