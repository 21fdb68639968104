DROP TABLE index_changes, embeddings, chunks, document_versions, documents, blob_parts, blobs, knowledge_base_heads, knowledge_bases;
