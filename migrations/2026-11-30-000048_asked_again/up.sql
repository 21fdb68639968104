-- Whether the sync has asked for the item a second time, because it could not be read the first time.
ALTER TABLE source_items ADD COLUMN asked_again boolean NOT NULL DEFAULT false;
