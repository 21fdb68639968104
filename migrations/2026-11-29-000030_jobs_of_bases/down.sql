ALTER TABLE jobs DROP COLUMN knowledge_base_ids;
