-- Expands: a chunk may be a picture, `{"media_type", "width", "height", "bytes"}`. The picture itself is the blob of its document's ready version, and
-- `embed_hash` is then of both the words and the picture.
ALTER TABLE chunks ADD COLUMN image jsonb CHECK (jsonb_typeof(image) = 'object');
CREATE INDEX chunks_of_images ON chunks (tenant_id, knowledge_base_id, document_id) WHERE image IS NOT NULL;
