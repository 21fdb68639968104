DELETE FROM deletions WHERE kind = 'collection';
ALTER TABLE deletions DROP CONSTRAINT deletions_kind_check,
    ADD CONSTRAINT deletions_kind_check CHECK (kind IN ('document', 'knowledge_base', 'source'));
ALTER TABLE sources DROP COLUMN collection_id;
ALTER TABLE documents DROP COLUMN collection_id;
DROP TABLE collections;
