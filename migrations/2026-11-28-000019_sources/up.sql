-- Expands: where documents come from by themselves, what was found there, and what each look brought.

CREATE TABLE sources (
    tenant_id         uuid NOT NULL,
    id                uuid NOT NULL,
    knowledge_base_id uuid NOT NULL,
    kind              text NOT NULL CHECK (kind IN ('web')),
    name              text NOT NULL,
    -- As the kind has it: whoever writes it has checked it.
    config            jsonb NOT NULL,
    -- Of every document that comes from here.
    metadata          jsonb NOT NULL,
    acl               jsonb NOT NULL,
    -- The sync that has the source, until it or its job has ended: there is one at a time.
    sync_id           uuid,
    last_sync_at      timestamptz,
    deleting_at       timestamptz,
    created_at        timestamptz NOT NULL DEFAULT now(),
    updated_at        timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, knowledge_base_id) REFERENCES knowledge_bases (tenant_id, id) ON DELETE CASCADE
);
CREATE UNIQUE INDEX sources_name ON sources (tenant_id, knowledge_base_id, name) WHERE deleting_at IS NULL;
CALL protect_tenant_table('sources');

-- One run. Its id is its job's.
CREATE TABLE source_syncs (
    tenant_id   uuid NOT NULL,
    source_id   uuid NOT NULL,
    id          uuid NOT NULL,
    dry_run     boolean NOT NULL,
    -- When all that it begins from was noted: a later attempt goes on instead of beginning.
    seeded_at   timestamptz,
    -- Whether something that leads to pages could not be read, or was cut off: what was not seen may be there all the same.
    blind       boolean NOT NULL DEFAULT false,
    found       integer NOT NULL DEFAULT 0,
    fetched     integer NOT NULL DEFAULT 0,
    unchanged   integer NOT NULL DEFAULT 0,
    ingested    integer NOT NULL DEFAULT 0,
    skipped     integer NOT NULL DEFAULT 0,
    failed      integer NOT NULL DEFAULT 0,
    deleted     integer NOT NULL DEFAULT 0,
    -- Its result, once it has ended.
    result      jsonb,
    started_at  timestamptz NOT NULL DEFAULT now(),
    ended_at    timestamptz,
    PRIMARY KEY (tenant_id, source_id, id),
    FOREIGN KEY (tenant_id, source_id) REFERENCES sources (tenant_id, id) ON DELETE CASCADE
);
CALL protect_tenant_table('source_syncs');

-- What is, or was, at the source: of the running sync also what is still to be looked at.
CREATE TABLE source_items (
    tenant_id     uuid NOT NULL,
    source_id     uuid NOT NULL,
    url           text NOT NULL CHECK (octet_length(url) <= 1024),
    -- The last sync that saw it, and how many links from the start it stood there.
    sync_id       uuid NOT NULL,
    depth         integer NOT NULL,
    status        text NOT NULL CHECK (status IN ('waiting', 'ingested', 'changed', 'unchanged', 'skipped', 'failed', 'gone')),
    reason        text,
    -- What the page calls itself, which is its document's external id.
    canonical_url text,
    document_id   uuid,
    etag          text,
    last_modified text,
    -- SHA-256 of what was last submitted: bytes, type, metadata and access list.
    content_hash  bytea,
    -- Where the page leads: it is gone on from there also when it has not changed.
    links         jsonb NOT NULL DEFAULT '[]',
    checked_at    timestamptz,
    PRIMARY KEY (tenant_id, source_id, url),
    FOREIGN KEY (tenant_id, source_id) REFERENCES sources (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX source_items_waiting ON source_items (tenant_id, source_id, depth, url) WHERE status = 'waiting';
CREATE INDEX source_items_of_document ON source_items (tenant_id, document_id) WHERE document_id IS NOT NULL;
CREATE INDEX source_items_canonical ON source_items (tenant_id, source_id, canonical_url) WHERE canonical_url IS NOT NULL;
CALL protect_tenant_table('source_items');
