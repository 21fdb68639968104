ALTER TABLE source_items DROP COLUMN away_since, DROP COLUMN put_off;
