-- Expands: a second index of a base, by another embedding model, that is built beside the first, compared with it, switched to and back, or given up.

-- Which indexes there are: the one that is searched, and perhaps another that is kept as new as it. Replicas are named by the generation. The other stands
-- with the head: who has recorded a change knows what it had to be embedded with. Its generation stands there once it is whole, and not before.
ALTER TABLE knowledge_bases ADD COLUMN index_generation integer NOT NULL DEFAULT 0;
ALTER TABLE knowledge_base_heads
    ADD COLUMN other_embedding_model  text,
    ADD COLUMN other_index_generation integer,
    ADD CONSTRAINT knowledge_base_heads_other_index CHECK (other_index_generation IS NULL OR other_embedding_model IS NOT NULL);

CREATE TABLE embedding_migrations (
    tenant_id         uuid NOT NULL,
    knowledge_base_id uuid NOT NULL,
    -- Of the index that is built; one more than any before.
    generation        integer NOT NULL CHECK (generation > 0),
    from_model        text NOT NULL,
    from_generation   integer NOT NULL,
    to_model          text NOT NULL CHECK (to_model <> from_model),
    state             text NOT NULL DEFAULT 'embedding' CHECK (state IN ('embedding', 'ready', 'switched', 'finished', 'cancelled')),
    -- The job that embeds.
    job_id            uuid NOT NULL,
    -- Texts that were longer than the model reads: their ends are in no vector of it.
    cut_short         bigint NOT NULL DEFAULT 0,
    started_at        timestamptz NOT NULL DEFAULT now(),
    ready_at          timestamptz,
    switched_at       timestamptz,
    ended_at          timestamptz,
    PRIMARY KEY (tenant_id, knowledge_base_id, generation),
    FOREIGN KEY (tenant_id, knowledge_base_id) REFERENCES knowledge_bases (tenant_id, id) ON DELETE CASCADE
);
CREATE UNIQUE INDEX embedding_migrations_one ON embedding_migrations (tenant_id, knowledge_base_id) WHERE ended_at IS NULL;
CALL protect_tenant_table('embedding_migrations');

-- A slot may hold a replica of each index of a base.
ALTER TABLE replica_cursors ADD COLUMN generation integer NOT NULL DEFAULT 0;
ALTER TABLE replica_cursors DROP CONSTRAINT replica_cursors_pkey, ADD PRIMARY KEY (tenant_id, knowledge_base_id, slot_id, generation);

-- As before, but that a slot has confirmed a deletion only when each of its replicas of the base has.
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
        DELETE FROM public.replica_cursors WHERE seen_at < now() - lost_after
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
