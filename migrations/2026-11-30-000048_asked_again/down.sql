ALTER TABLE source_items DROP COLUMN asked_again;
