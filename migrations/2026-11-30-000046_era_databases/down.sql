ALTER TABLE knowledge_base_heads DROP COLUMN era_database;
