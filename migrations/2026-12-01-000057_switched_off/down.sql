-- What was switched off is served again: replicas are told of it.
WITH off AS (
    SELECT tenant_id, knowledge_base_id, id FROM documents WHERE NOT enabled AND ready_version IS NOT NULL AND deleting_at IS NULL
), heads AS (
    UPDATE knowledge_base_heads h SET seq = h.seq + 1
    WHERE EXISTS (SELECT FROM off o WHERE o.tenant_id = h.tenant_id AND o.knowledge_base_id = h.knowledge_base_id)
    RETURNING h.tenant_id, h.knowledge_base_id, h.seq
)
INSERT INTO index_changes (tenant_id, knowledge_base_id, seq, document_id)
SELECT o.tenant_id, o.knowledge_base_id, h.seq, o.id
FROM off o JOIN heads h ON h.tenant_id = o.tenant_id AND h.knowledge_base_id = o.knowledge_base_id;
ALTER TABLE documents DROP COLUMN enabled;
