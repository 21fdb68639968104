use crate::prepared::Prepare;
use crate::schema::{blobs, chunks, document_versions, documents};
use crate::{BlobId, DocumentId, KnowledgeBaseId, StoreError, TenantTx, embeddings};
use diesel::prelude::*;
use diesel::{sql_query, sql_types};
use diesel_async::RunQueryDsl;

/// Notes that the document is to go, by job `job_id`; its external id is free at once.
///
/// # Errors
/// [`StoreError::NotFound`], also when its deletion has begun already.
pub async fn begin_deletion(tx: &mut TenantTx, id: DocumentId) -> Result<(), StoreError> {
    let live = documents::table
        .filter(documents::tenant_id.eq(tx.tenant))
        .filter(documents::id.eq(id))
        .filter(documents::deleting_at.is_null());
    let marked = diesel::update(live)
        .set(documents::deleting_at.eq(diesel::dsl::now))
        .execute(&mut tx.conn)
        .await?;
    if marked == 0 {
        Err(StoreError::NotFound { what: "document" })
    } else {
        Ok(())
    }
}

/// What a deletion took out of the database.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Erased {
    pub documents: i64,
    /// Submissions.
    pub versions: i64,
    pub chunks: i64,
    /// Vectors that no other document needs.
    pub embeddings: i64,
    /// Uploads.
    pub files: i64,
    pub file_bytes: i64,
}

/// Deletes the documents with their bytes, chunks and vectors. The caller records the change.
///
/// # Errors
/// [`StoreError::Query`].
pub async fn delete(tx: &mut TenantTx, ids: &[DocumentId]) -> Result<Erased, StoreError> {
    // What was judged of them goes with them: evaluations of before asked another set. First, as in a change of the set.
    sql_query(
        "UPDATE test_sets SET revision = revision + 1 WHERE tenant_id = $1 AND id IN (
             SELECT q.test_set_id FROM judgements j JOIN test_questions q ON q.tenant_id = j.tenant_id AND q.id = j.question_id
             WHERE j.tenant_id = $1 AND j.document_id = ANY($2))",
    )
    .bind::<sql_types::Uuid, _>(tx.tenant)
    .bind::<sql_types::Array<sql_types::Uuid>, _>(ids)
    .prepared()
    .execute(&mut tx.conn)
    .await?;
    // Whoever is storing something for one of them has committed once it is locked, and finds it gone afterwards.
    let _: Vec<DocumentId> = documents::table
        .filter(documents::tenant_id.eq(tx.tenant))
        .filter(documents::id.eq_any(ids))
        .select(documents::id)
        .order(documents::id)
        .for_update()
        .load(&mut tx.conn)
        .await?;
    let versions = document_versions::table
        .filter(document_versions::tenant_id.eq(tx.tenant))
        .filter(document_versions::document_id.eq_any(ids));
    let bytes: Vec<BlobId> = versions.select(document_versions::blob_id).load(&mut tx.conn).await?;
    let mut hashes: Vec<Vec<u8>> = chunks::table
        .filter(chunks::tenant_id.eq(tx.tenant))
        .filter(chunks::document_id.eq_any(ids))
        .select(chunks::embed_hash)
        .load(&mut tx.conn)
        .await?;
    let chunks = hashes.len();
    hashes.extend(embeddings::ahead_of(tx, ids).await?);
    let documents = diesel::delete(
        documents::table
            .filter(documents::tenant_id.eq(tx.tenant))
            .filter(documents::id.eq_any(ids)),
    )
    .execute(&mut tx.conn)
    .await?;
    let files: Vec<i64> = diesel::delete(
        blobs::table
            .filter(blobs::tenant_id.eq(tx.tenant))
            .filter(blobs::id.eq_any(&bytes)),
    )
    .returning(blobs::size_bytes)
    .get_results(&mut tx.conn)
    .await?;
    let embeddings = embeddings::delete_unused(tx, &hashes).await?;
    let count = |number: usize| i64::try_from(number).unwrap_or(i64::MAX);
    Ok(Erased {
        documents: count(documents),
        versions: count(bytes.len()),
        chunks: count(chunks),
        embeddings: count(embeddings),
        files: count(files.len()),
        file_bytes: files.iter().sum(),
    })
}

/// Up to `limit` documents of a base, in any state: for its deletion.
///
/// # Errors
/// [`StoreError::Query`].
pub async fn ids_of_base(tx: &mut TenantTx, base: KnowledgeBaseId, limit: i64) -> Result<Vec<DocumentId>, StoreError> {
    Ok(documents::table
        .filter(documents::tenant_id.eq(tx.tenant))
        .filter(documents::knowledge_base_id.eq(base))
        .select(documents::id)
        .limit(limit)
        .load(&mut tx.conn)
        .await?)
}
