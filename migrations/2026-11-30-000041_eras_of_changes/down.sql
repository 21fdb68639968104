ALTER TABLE knowledge_base_heads DROP COLUMN era, DROP COLUMN era_server, DROP COLUMN era_table;
DROP TABLE index_eras;
