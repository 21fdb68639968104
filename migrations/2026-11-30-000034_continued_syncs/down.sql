ALTER TABLE source_syncs DROP COLUMN continued;
