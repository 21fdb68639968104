-- Expands: knowledge bases, documents and what search replicas are built from.

CREATE TABLE knowledge_bases (
    tenant_id       uuid NOT NULL REFERENCES tenants ON DELETE CASCADE,
    id              uuid NOT NULL,
    name            text NOT NULL,
    language        text NOT NULL,
    embedding_model text NOT NULL,
    created_at      timestamptz NOT NULL DEFAULT now(),
    deleting_at     timestamptz,
    PRIMARY KEY (tenant_id, id)
);
CREATE UNIQUE INDEX knowledge_bases_name ON knowledge_bases (tenant_id, name) WHERE deleting_at IS NULL;
CALL protect_tenant_table('knowledge_bases');

-- The number of the last change to a base. A transaction that changes the base takes its number here last, so commits
-- of one base are ordered by it and a replica never sees number 11 before number 10.
CREATE TABLE knowledge_base_heads (
    tenant_id         uuid NOT NULL,
    knowledge_base_id uuid NOT NULL,
    seq               bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (tenant_id, knowledge_base_id),
    FOREIGN KEY (tenant_id, knowledge_base_id) REFERENCES knowledge_bases (tenant_id, id) ON DELETE CASCADE
);
CALL protect_tenant_table('knowledge_base_heads');

CREATE TABLE blobs (
    tenant_id  uuid NOT NULL REFERENCES tenants ON DELETE CASCADE,
    id         uuid NOT NULL,
    size_bytes bigint NOT NULL,
    sha256     bytea NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, id)
);
CALL protect_tenant_table('blobs');

CREATE TABLE blob_parts (
    tenant_id uuid NOT NULL,
    blob_id   uuid NOT NULL,
    part      integer NOT NULL,
    bytes     bytea NOT NULL CHECK (length(bytes) <= 1048576),
    PRIMARY KEY (tenant_id, blob_id, part),
    FOREIGN KEY (tenant_id, blob_id) REFERENCES blobs (tenant_id, id) ON DELETE CASCADE
);
ALTER TABLE blob_parts ALTER COLUMN bytes SET STORAGE EXTERNAL;
CALL protect_tenant_table('blob_parts');

-- What the latest submission says of the document; what search serves is `ready_version`.
CREATE TABLE documents (
    tenant_id         uuid NOT NULL,
    id                uuid NOT NULL,
    knowledge_base_id uuid NOT NULL,
    external_id       text,
    title             text NOT NULL,
    mime_type         text NOT NULL,
    metadata          jsonb NOT NULL DEFAULT '{}',
    acl               jsonb NOT NULL DEFAULT '{}',
    version           integer NOT NULL DEFAULT 1,
    ready_version     integer,
    -- SHA-256 over everything the index depends on; equal to a new submission's means there is nothing to do.
    fingerprint       bytea,
    -- The job that ingests `version`: while that is not ready, the job's state tells pending from failed.
    job_id            uuid NOT NULL,
    chunk_count       integer NOT NULL DEFAULT 0,
    size_bytes        bigint NOT NULL,
    deleting_at       timestamptz,
    created_at        timestamptz NOT NULL DEFAULT now(),
    updated_at        timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, knowledge_base_id, id),
    FOREIGN KEY (tenant_id, knowledge_base_id) REFERENCES knowledge_bases (tenant_id, id) ON DELETE CASCADE
);
CREATE UNIQUE INDEX documents_external_id ON documents (tenant_id, knowledge_base_id, external_id)
    WHERE external_id IS NOT NULL AND deleting_at IS NULL;
CALL protect_tenant_table('documents');

-- One submission of a document; kept while it waits to be ingested or is the one that is served.
CREATE TABLE document_versions (
    tenant_id   uuid NOT NULL,
    document_id uuid NOT NULL,
    version     integer NOT NULL,
    blob_id     uuid NOT NULL,
    title       text,
    mime_type   text NOT NULL,
    file_name   text,
    metadata    jsonb NOT NULL,
    acl         jsonb NOT NULL,
    created_at  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, document_id, version),
    FOREIGN KEY (tenant_id, document_id) REFERENCES documents (tenant_id, id) ON DELETE CASCADE,
    FOREIGN KEY (tenant_id, blob_id) REFERENCES blobs (tenant_id, id)
);
CALL protect_tenant_table('document_versions');

CREATE TABLE chunks (
    tenant_id         uuid NOT NULL,
    id                uuid NOT NULL,
    knowledge_base_id uuid NOT NULL,
    document_id       uuid NOT NULL,
    ordinal           integer NOT NULL,
    headings          text[] NOT NULL,
    text              text NOT NULL,
    embed_text        text NOT NULL,
    embed_hash        bytea NOT NULL,
    tokens            integer NOT NULL,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, knowledge_base_id, document_id) REFERENCES documents (tenant_id, knowledge_base_id, id) ON DELETE CASCADE
);
CREATE INDEX chunks_of_document ON chunks (tenant_id, document_id, ordinal);
CREATE INDEX chunks_of_embedding ON chunks (tenant_id, embed_hash);
CALL protect_tenant_table('chunks');

-- The vector of each embedded text, per model: storage and cache in one, so equal text is embedded once a tenant.
-- `vector` is little-endian f32, one after the other.
CREATE TABLE embeddings (
    tenant_id  uuid NOT NULL REFERENCES tenants ON DELETE CASCADE,
    model      text NOT NULL,
    embed_hash bytea NOT NULL,
    vector     bytea NOT NULL,
    PRIMARY KEY (tenant_id, model, embed_hash)
);
ALTER TABLE embeddings ALTER COLUMN vector SET STORAGE PLAIN;
CALL protect_tenant_table('embeddings');

-- What changed in a base, in commit order. A replica that has applied number n reads everything after it; what is there to
-- apply is the document as it stands now, so old rows of a document may be skipped.
CREATE TABLE index_changes (
    tenant_id         uuid NOT NULL,
    knowledge_base_id uuid NOT NULL,
    seq               bigint NOT NULL,
    document_id       uuid NOT NULL,
    changed_at        timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, knowledge_base_id, seq, document_id),
    FOREIGN KEY (tenant_id, knowledge_base_id) REFERENCES knowledge_bases (tenant_id, id) ON DELETE CASCADE
);
CALL protect_tenant_table('index_changes');
