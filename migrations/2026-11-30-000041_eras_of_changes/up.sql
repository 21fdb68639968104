-- Expands: by which server a base's changes were counted, so that a replica knows whether the number it stands at is the one that the base means. A database that
-- was restored to an earlier point, or a standby that lost the last commits, counts on from where it is: the same numbers are other changes then.

-- One row for the changes that one server counted in a row, from `first_seq` on. None for those before this migration.
CREATE TABLE index_eras (
    tenant_id         uuid NOT NULL,
    knowledge_base_id uuid NOT NULL,
    era               uuid NOT NULL,
    first_seq         bigint NOT NULL,
    began_at          timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, knowledge_base_id, era),
    FOREIGN KEY (tenant_id, knowledge_base_id) REFERENCES knowledge_bases (tenant_id, id) ON DELETE CASCADE
);
CALL protect_tenant_table('index_eras');

-- The era of the last change, and who counted it: when that server was started, and the oid of this table, which another has in whose place it was restored.
ALTER TABLE knowledge_base_heads ADD COLUMN era uuid, ADD COLUMN era_server timestamptz, ADD COLUMN era_table oid;
