ALTER TABLE knowledge_bases
    DROP COLUMN search_fusion,
    DROP COLUMN search_alpha,
    DROP COLUMN search_title_boost,
    DROP COLUMN search_candidates,
    DROP COLUMN search_reranker,
    DROP COLUMN search_rerank,
    DROP COLUMN search_rerank_candidates;
