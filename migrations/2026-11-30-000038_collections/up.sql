-- Expands: collections, which hold some of a base's documents together: to be listed, searched, ingested again or deleted as one.

CREATE TABLE collections (
    tenant_id         uuid NOT NULL,
    id                uuid NOT NULL,
    knowledge_base_id uuid NOT NULL,
    name              text NOT NULL,
    description       text NOT NULL DEFAULT '',
    deleting_at       timestamptz,
    created_at        timestamptz NOT NULL DEFAULT now(),
    updated_at        timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, id),
    -- What is put into a collection is of its base.
    UNIQUE (tenant_id, knowledge_base_id, id),
    FOREIGN KEY (tenant_id, knowledge_base_id) REFERENCES knowledge_bases (tenant_id, id) ON DELETE CASCADE
);
CREATE UNIQUE INDEX collections_name ON collections (tenant_id, knowledge_base_id, name) WHERE deleting_at IS NULL;
CALL protect_tenant_table('collections');

-- The one that a document is in, whatever its version.
ALTER TABLE documents ADD COLUMN collection_id uuid,
    ADD FOREIGN KEY (tenant_id, knowledge_base_id, collection_id) REFERENCES collections (tenant_id, knowledge_base_id, id);
CREATE INDEX documents_of_collection ON documents (tenant_id, collection_id, id) WHERE collection_id IS NOT NULL;

-- The one that a source's documents are put into.
ALTER TABLE sources ADD COLUMN collection_id uuid,
    ADD FOREIGN KEY (tenant_id, knowledge_base_id, collection_id) REFERENCES collections (tenant_id, knowledge_base_id, id);
CREATE INDEX sources_of_collection ON sources (tenant_id, collection_id) WHERE collection_id IS NOT NULL;

ALTER TABLE deletions DROP CONSTRAINT deletions_kind_check,
    ADD CONSTRAINT deletions_kind_check CHECK (kind IN ('document', 'knowledge_base', 'source', 'collection'));
