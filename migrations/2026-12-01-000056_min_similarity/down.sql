ALTER TABLE knowledge_bases DROP COLUMN search_min_similarity;
