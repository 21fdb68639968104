-- Expands: how a knowledge base is searched. Null is what the installation's settings say.

ALTER TABLE knowledge_bases
    ADD COLUMN search_fusion            text    CHECK (search_fusion IN ('weighted', 'rrf')),
    ADD COLUMN search_alpha             real    CHECK (search_alpha BETWEEN 0 AND 1),
    ADD COLUMN search_title_boost       real    CHECK (search_title_boost BETWEEN 0 AND 10),
    ADD COLUMN search_candidates        integer CHECK (search_candidates BETWEEN 10 AND 1000),
    -- A reranker of the installation, or `none`.
    ADD COLUMN search_reranker          text    CHECK (length(search_reranker) BETWEEN 1 AND 200),
    -- Whether searches and answers that do not say are reranked.
    ADD COLUMN search_rerank            boolean,
    ADD COLUMN search_rerank_candidates integer CHECK (search_rerank_candidates BETWEEN 1 AND 200);
