use crate::documents::Erased;
use crate::prepared::Prepare;
use crate::{
    ApiKeyId, CollectionId, DocumentId, JobId, KnowledgeBaseId, SourceId, StoreError, TenantTx, documents, jobs,
};
use diesel::QueryableByName;
use diesel::sql_query;
use diesel::sql_types::{Array, BigInt, Nullable, Text, Uuid};
use diesel_async::RunQueryDsl;

/// What is to be deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    Document(DocumentId),
    KnowledgeBase,
    /// With the documents that came from it.
    Source(SourceId),
    /// With the documents in it.
    Collection(CollectionId),
}

/// A deletion that begins.
#[derive(Clone, Copy, Debug)]
pub struct NewDeletion {
    /// The job that will carry it out; the receipt has its id.
    pub job: JobId,
    pub target: Target,
    /// The base, or the one that it is in.
    pub knowledge_base: KnowledgeBaseId,
    /// `None`: not a person but a source's sync.
    pub requested_by: Option<ApiKeyId>,
}

/// Begins a receipt. In the transaction that hides what is to go: from its commit on nobody finds it.
///
/// # Errors
/// [`StoreError::Query`].
pub async fn accept(tx: &mut TenantTx, new: NewDeletion) -> Result<(), StoreError> {
    let (kind, target) = match new.target {
        Target::Document(id) => ("document", id.0),
        Target::KnowledgeBase => ("knowledge_base", new.knowledge_base.0),
        Target::Source(id) => ("source", id.0),
        Target::Collection(id) => ("collection", id.0),
    };
    sql_query(
        "INSERT INTO deletions (tenant_id, id, kind, target_id, knowledge_base_id, requested_by) VALUES ($1, $2, $3, $4, $5, $6)",
    )
    .bind::<Uuid, _>(tx.tenant)
    .bind::<Uuid, _>(new.job)
    .bind::<Text, _>(kind)
    .bind::<Uuid, _>(target)
    .bind::<Uuid, _>(new.knowledge_base)
    .bind::<Nullable<Uuid>, _>(new.requested_by)
    .prepared()
    .execute(&mut tx.conn)
    .await?;
    Ok(())
}

/// Deletes the documents with all that is theirs, takes their words out of kept answers, and counts it all on the receipt.
///
/// # Errors
/// [`StoreError::Query`].
pub async fn erase(tx: &mut TenantTx, deletion: JobId, ids: &[DocumentId]) -> Result<Erased, StoreError> {
    let erased = documents::delete(tx, ids).await?;
    // After the documents are locked: an answer that quotes one has been written by now, or finds it gone.
    let answers = jobs::erase_answers_citing(tx, ids).await?;
    sql_query(
        "UPDATE deletions SET documents = documents + $3, versions = versions + $4, chunks = chunks + $5, embeddings = embeddings + $6,
             files = files + $7, file_bytes = file_bytes + $8, kept_answers = kept_answers + $9
         WHERE tenant_id = $1 AND id = $2",
    )
    .bind::<Uuid, _>(tx.tenant)
    .bind::<Uuid, _>(deletion)
    .bind::<BigInt, _>(erased.documents)
    .bind::<BigInt, _>(erased.versions)
    .bind::<BigInt, _>(erased.chunks)
    .bind::<BigInt, _>(erased.embeddings)
    .bind::<BigInt, _>(erased.files)
    .bind::<BigInt, _>(erased.file_bytes)
    .bind::<BigInt, _>(i64::try_from(answers).unwrap_or(i64::MAX))
    .prepared()
    .execute(&mut tx.conn)
    .await?;
    Ok(erased)
}

/// Notes that all of it is gone from the database, as change `index_seq` of the base tells its replicas; `None`: the base itself is gone.
///
/// # Errors
/// [`StoreError::Query`].
pub async fn erased(tx: &mut TenantTx, deletion: JobId, index_seq: Option<i64>) -> Result<(), StoreError> {
    sql_query("UPDATE deletions SET erased_at = clock_timestamp(), index_seq = $3 WHERE tenant_id = $1 AND id = $2")
        .bind::<Uuid, _>(tx.tenant)
        .bind::<Uuid, _>(deletion)
        .bind::<Nullable<BigInt>, _>(index_seq)
        .prepared()
        .execute(&mut tx.conn)
        .await?;
    Ok(())
}

/// Those of the jobs that are to delete what is still in the database.
///
/// # Errors
/// [`StoreError::Query`].
pub async fn unerased(tx: &mut TenantTx, jobs: &[JobId]) -> Result<Vec<JobId>, StoreError> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = Uuid)]
        id: JobId,
    }
    let rows: Vec<Row> =
        sql_query("SELECT id FROM deletions WHERE tenant_id = $1 AND id = ANY($2) AND erased_at IS NULL ORDER BY id")
            .bind::<Uuid, _>(tx.tenant)
            .bind::<Array<Uuid>, _>(jobs)
            .prepared()
            .load(&mut tx.conn)
            .await?;
    Ok(rows.into_iter().map(|row| row.id).collect())
}
