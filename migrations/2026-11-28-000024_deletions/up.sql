-- Expands: where each replica of a base stands, receipts of deletions, and vectors that a deletion could not take at once.

-- A row for each base of which a slot on some machine's disk holds a replica. Written before the first document is put there, so that whoever asks
-- which disks may hold a deleted document misses none. Without a foreign key to the base: its replicas outlive it for a while.
CREATE TABLE replica_cursors (
    tenant_id         uuid NOT NULL REFERENCES tenants ON DELETE CASCADE,
    knowledge_base_id uuid NOT NULL,
    -- The slot's own id, kept in its directory: it outlives the process that holds the slot.
    slot_id           uuid NOT NULL,
    host              text NOT NULL,
    -- The change that its searches see.
    seq               bigint NOT NULL DEFAULT 0,
    -- The change up to which nothing that was deleted is left on its disk.
    erased_seq        bigint NOT NULL DEFAULT 0,
    created_at        timestamptz NOT NULL DEFAULT now(),
    seen_at           timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, knowledge_base_id, slot_id)
);
CREATE INDEX replica_cursors_silent ON replica_cursors (seen_at);
CALL protect_tenant_table('replica_cursors');
-- Who looks after the installation may see who is behind.
CREATE POLICY system ON replica_cursors FOR SELECT TO visualkit_system USING (true);
GRANT SELECT ON replica_cursors TO visualkit_system;

-- What was asked to be deleted, and what became of it. Holds ids and counts, no word of what is gone.
CREATE TABLE deletions (
    tenant_id         uuid NOT NULL REFERENCES tenants ON DELETE CASCADE,
    -- That of the job which carries it out.
    id                uuid NOT NULL,
    kind              text NOT NULL CHECK (kind IN ('document', 'knowledge_base', 'source')),
    target_id         uuid NOT NULL,
    knowledge_base_id uuid NOT NULL,
    -- The API key that asked; null: a source's sync did.
    requested_by      uuid,
    -- From the same moment on it is found no more: what hides it is written in the same transaction.
    accepted_at       timestamptz NOT NULL DEFAULT now(),
    documents         bigint NOT NULL DEFAULT 0,
    versions          bigint NOT NULL DEFAULT 0,
    chunks            bigint NOT NULL DEFAULT 0,
    embeddings        bigint NOT NULL DEFAULT 0,
    files             bigint NOT NULL DEFAULT 0,
    file_bytes        bigint NOT NULL DEFAULT 0,
    kept_answers      bigint NOT NULL DEFAULT 0,
    -- When its rows were gone, and the change of the base that says so; null: the base itself is gone, and its replicas have to go.
    erased_at         timestamptz,
    index_seq         bigint,
    completed_at      timestamptz,
    PRIMARY KEY (tenant_id, id)
);
CREATE INDEX deletions_open ON deletions (tenant_id, knowledge_base_id) WHERE completed_at IS NULL;
CREATE INDEX deletions_old ON deletions (completed_at) WHERE completed_at IS NOT NULL;
CALL protect_tenant_table('deletions');
CREATE POLICY system ON deletions FOR SELECT TO visualkit_system USING (true);
GRANT SELECT ON deletions TO visualkit_system;

-- Replicas that a deletion need not wait for any more.
CREATE TABLE deletion_replicas (
    tenant_id   uuid NOT NULL,
    deletion_id uuid NOT NULL,
    slot_id     uuid NOT NULL,
    host        text NOT NULL,
    outcome     text NOT NULL CHECK (outcome IN ('confirmed', 'lost')),
    settled_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (tenant_id, deletion_id, slot_id),
    FOREIGN KEY (tenant_id, deletion_id) REFERENCES deletions (tenant_id, id) ON DELETE CASCADE
);
CALL protect_tenant_table('deletion_replicas');

-- Vectors that no chunk needed when they were to be deleted, and that somebody else had locked: two deletions at once would each leave them to the other.
CREATE TABLE unused_embeddings (
    tenant_id  uuid NOT NULL REFERENCES tenants ON DELETE CASCADE,
    embed_hash bytea NOT NULL,
    noted_at   timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, embed_hash)
);
CREATE INDEX unused_embeddings_old ON unused_embeddings (noted_at);
CALL protect_tenant_table('unused_embeddings');

-- Takes noted vectors that are still unused; gives up replicas that were silent for `lost_after`; notes which replicas have confirmed which deletion;
-- ends deletions that wait for nothing; forgets receipts that ended `keep` ago. Returns how many deletions are open. One process at a time does it.
-- The system role sees neither vectors nor receipts, hence a function. Locking and deleting vectors are two statements on purpose, as in
-- `embeddings::delete_unused`.
CREATE FUNCTION settle_deletions(lost_after interval, keep interval, at_most integer) RETURNS integer
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
REVOKE ALL ON FUNCTION settle_deletions(interval, interval, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION settle_deletions(interval, interval, integer) TO visualkit_system;
