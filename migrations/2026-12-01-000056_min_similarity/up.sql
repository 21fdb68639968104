-- Expands: how like the query what is found must be at least. Null leaves nothing out.
ALTER TABLE knowledge_bases
    ADD COLUMN search_min_similarity real CHECK (search_min_similarity BETWEEN 0 AND 1);
