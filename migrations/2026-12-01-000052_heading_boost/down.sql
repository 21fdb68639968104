ALTER TABLE knowledge_bases DROP COLUMN search_heading_boost;
