DROP TABLE source_items, source_syncs, sources;
