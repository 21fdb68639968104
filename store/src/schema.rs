//! The tables that queries are typed against; `migrations/` is the truth. Job tables are reached by SQL text only.
diesel::table! {
    tenants (id) { id -> Uuid, name -> Text, created_at -> Timestamptz, }
}

diesel::table! {
    api_keys (tenant_id, id) {
        tenant_id -> Uuid,
        id -> Uuid,
        name -> Text,
        kind -> Text,
        secret_hash -> Bytea,
        hint -> Text,
        scopes -> Array<Text>,
        allowed_origins -> Array<Text>,
        allow_no_origin -> Bool,
        rate_tier -> Nullable<Text>,
        created_at -> Timestamptz,
        expires_at -> Nullable<Timestamptz>,
        revoked_at -> Nullable<Timestamptz>,
        last_used_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    knowledge_bases (tenant_id, id) {
        tenant_id -> Uuid,
        id -> Uuid,
        name -> Text,
        language -> Text,
        embedding_model -> Text,
        index_generation -> Integer,
        vector_store -> Text,
        created_at -> Timestamptz,
        deleting_at -> Nullable<Timestamptz>,
        search_fusion -> Nullable<Text>,
        search_alpha -> Nullable<Float>,
        search_title_boost -> Nullable<Float>,
        search_heading_boost -> Nullable<Float>,
        search_min_similarity -> Nullable<Float>,
        search_candidates -> Nullable<Integer>,
        search_reranker -> Nullable<Text>,
        search_rerank -> Nullable<Bool>,
        search_rerank_candidates -> Nullable<Integer>,
    }
}

diesel::table! {
    knowledge_base_heads (tenant_id, knowledge_base_id) {
        tenant_id -> Uuid,
        knowledge_base_id -> Uuid,
        seq -> BigInt,
        era -> Nullable<Uuid>,
        other_embedding_model -> Nullable<Text>,
        other_index_generation -> Nullable<Integer>,
        other_vector_store -> Nullable<Text>,
    }
}

diesel::table! {
    blobs (tenant_id, id) { tenant_id -> Uuid, id -> Uuid, size_bytes -> BigInt, sha256 -> Bytea, created_at -> Timestamptz, }
}

diesel::table! {
    blob_parts (tenant_id, blob_id, part) { tenant_id -> Uuid, blob_id -> Uuid, part -> Integer, bytes -> Bytea, }
}

// Without `created_at`, which no typed query needs: wider tables cost build time.
diesel::table! {
    documents (tenant_id, id) {
        tenant_id -> Uuid,
        id -> Uuid,
        knowledge_base_id -> Uuid,
        external_id -> Nullable<Text>,
        title -> Text,
        mime_type -> Text,
        metadata -> Jsonb,
        acl -> Jsonb,
        version -> Integer,
        ready_version -> Nullable<Integer>,
        fingerprint -> Nullable<Bytea>,
        job_id -> Uuid,
        chunk_count -> Integer,
        size_bytes -> BigInt,
        deleting_at -> Nullable<Timestamptz>,
        updated_at -> Timestamptz,
    }
}

diesel::table! {
    document_versions (tenant_id, document_id, version) {
        tenant_id -> Uuid,
        document_id -> Uuid,
        version -> Integer,
        blob_id -> Uuid,
        title -> Nullable<Text>,
        mime_type -> Text,
        file_name -> Nullable<Text>,
        metadata -> Jsonb,
        acl -> Jsonb,
        created_at -> Timestamptz,
        said_title -> Nullable<Text>,
        said_mime_type -> Nullable<Text>,
        said -> Jsonb,
        made_by -> Nullable<Uuid>,
    }
}

diesel::table! {
    chunks (tenant_id, id) {
        tenant_id -> Uuid,
        id -> Uuid,
        knowledge_base_id -> Uuid,
        document_id -> Uuid,
        ordinal -> Integer,
        headings -> Array<Text>,
        text -> Text,
        embed_text -> Text,
        embed_hash -> Bytea,
        tokens -> Integer,
        image -> Nullable<Jsonb>,
    }
}

diesel::table! {
    embeddings (tenant_id, model, embed_hash) { tenant_id -> Uuid, model -> Text, embed_hash -> Bytea, vector -> Bytea, }
}

diesel::allow_tables_to_appear_in_same_query!(
    blobs,
    chunks,
    documents,
    document_versions,
    embeddings,
    knowledge_bases,
    knowledge_base_heads
);
