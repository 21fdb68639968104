-- Expands: what a match in the headings above a chunk adds to its keyword score. Null is 0.
ALTER TABLE knowledge_bases
    ADD COLUMN search_heading_boost real CHECK (search_heading_boost BETWEEN 0 AND 10);
