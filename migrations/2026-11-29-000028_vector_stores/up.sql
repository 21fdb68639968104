-- Expands: where the vectors of an index are compared, and who writes to the one that all processes share.

ALTER TABLE knowledge_bases
    ADD COLUMN vector_store text NOT NULL DEFAULT 'embedded' CHECK (vector_store IN ('embedded', 'qdrant'));
-- Null, while there is another index: of a release that knew only one place.
ALTER TABLE knowledge_base_heads
    ADD COLUMN other_vector_store text CHECK (other_vector_store IN ('embedded', 'qdrant'));

-- A migration may leave the model as it is and take the vectors elsewhere.
ALTER TABLE embedding_migrations
    ADD COLUMN from_vector_store text NOT NULL DEFAULT 'embedded' CHECK (from_vector_store IN ('embedded', 'qdrant')),
    ADD COLUMN to_vector_store   text NOT NULL DEFAULT 'embedded' CHECK (to_vector_store IN ('embedded', 'qdrant'));
ALTER TABLE embedding_migrations DROP CONSTRAINT embedding_migrations_check,
    ADD CONSTRAINT embedding_migrations_changes CHECK (to_model <> from_model OR to_vector_store <> from_vector_store);

-- An index on a vector server has a row as a replica has, under a slot that is nobody's. Whoever writes to it holds it for a while.
ALTER TABLE replica_cursors
    ADD COLUMN writer       uuid,
    ADD COLUMN writer_until timestamptz;

-- As before, but that the vector server is never given up: it is not a machine that went away, and what it has is waited for.
CREATE OR REPLACE FUNCTION settle_deletions(lost_after interval, keep interval, at_most integer) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    noted record;
BEGIN
    IF NOT pg_try_advisory_xact_lock(hashtext('settle_deletions')) THEN
        RETURN NULL;
    END IF;
    FOR noted IN
        SELECT tenant_id, embed_hash FROM public.unused_embeddings WHERE noted_at <= now() ORDER BY noted_at LIMIT at_most FOR UPDATE SKIP LOCKED
    LOOP
        PERFORM FROM public.embeddings WHERE tenant_id = noted.tenant_id AND embed_hash = noted.embed_hash FOR UPDATE SKIP LOCKED;
        DELETE FROM public.embeddings WHERE (tenant_id, model, embed_hash) IN (
            SELECT e.tenant_id, e.model, e.embed_hash FROM public.embeddings e
            WHERE e.tenant_id = noted.tenant_id AND e.embed_hash = noted.embed_hash
              AND NOT EXISTS (SELECT FROM public.chunks c WHERE c.tenant_id = e.tenant_id AND c.embed_hash = e.embed_hash)
            FOR UPDATE OF e SKIP LOCKED);
        -- What is locked again is looked at again.
        DELETE FROM public.unused_embeddings u WHERE u.tenant_id = noted.tenant_id AND u.embed_hash = noted.embed_hash
            AND NOT EXISTS (SELECT FROM public.embeddings e WHERE e.tenant_id = u.tenant_id AND e.embed_hash = u.embed_hash
                AND NOT EXISTS (SELECT FROM public.chunks c WHERE c.tenant_id = e.tenant_id AND c.embed_hash = e.embed_hash));
    END LOOP;

    WITH lost AS (
        DELETE FROM public.replica_cursors WHERE seen_at < now() - lost_after AND slot_id <> '71647261-6e74-0000-8000-000000000001'
        RETURNING tenant_id, knowledge_base_id, slot_id, host, erased_seq
    )
    INSERT INTO public.deletion_replicas (tenant_id, deletion_id, slot_id, host, outcome)
    SELECT d.tenant_id, d.id, l.slot_id, l.host, 'lost'
    FROM lost l JOIN public.deletions d
        ON d.tenant_id = l.tenant_id AND d.knowledge_base_id = l.knowledge_base_id AND d.completed_at IS NULL
            AND (d.index_seq IS NULL OR l.erased_seq < d.index_seq)
    ON CONFLICT DO NOTHING;

    INSERT INTO public.deletion_replicas (tenant_id, deletion_id, slot_id, host, outcome)
    SELECT d.tenant_id, d.id, r.slot_id, r.host, 'confirmed'
    FROM public.deletions d JOIN public.replica_cursors r
        ON r.tenant_id = d.tenant_id AND r.knowledge_base_id = d.knowledge_base_id AND r.erased_seq >= d.index_seq
    WHERE d.completed_at IS NULL AND d.erased_at IS NOT NULL
      AND NOT EXISTS (SELECT FROM public.replica_cursors o
          WHERE o.tenant_id = r.tenant_id AND o.knowledge_base_id = r.knowledge_base_id AND o.slot_id = r.slot_id AND o.erased_seq < d.index_seq)
    ON CONFLICT DO NOTHING;

    UPDATE public.deletions d SET completed_at = clock_timestamp()
    WHERE d.completed_at IS NULL AND d.erased_at IS NOT NULL
      AND NOT EXISTS (SELECT FROM public.replica_cursors r
          WHERE r.tenant_id = d.tenant_id AND r.knowledge_base_id = d.knowledge_base_id
            AND (d.index_seq IS NULL OR r.erased_seq < d.index_seq))
      AND NOT EXISTS (SELECT FROM public.unused_embeddings u WHERE u.tenant_id = d.tenant_id AND u.noted_at <= d.erased_at);

    DELETE FROM public.deletions WHERE (tenant_id, id) IN (
        SELECT tenant_id, id FROM public.deletions WHERE completed_at < now() - keep LIMIT at_most);

    RETURN (SELECT count(*)::integer FROM public.deletions WHERE completed_at IS NULL);
END $$;
