-- Expands: pages that are pictures, as text recognition read them, until the document they belong to is ready. An ingest that is taken up again does not read them once more.
CREATE TABLE recognised_pages (
    tenant_id  uuid NOT NULL,
    blob_id    uuid NOT NULL,
    -- From 1.
    page       integer NOT NULL,
    -- What it was read in, such as `deu+eng`: read in others it is another text.
    languages  text NOT NULL,
    hocr       text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, blob_id, page),
    FOREIGN KEY (tenant_id, blob_id) REFERENCES blobs (tenant_id, id) ON DELETE CASCADE
);
CALL protect_tenant_table('recognised_pages');
