use crate::knowledge_bases::{KnowledgeBase, KnowledgeBaseHead, OtherIndex};
use crate::prepared::Prepare;
use crate::{JobId, KnowledgeBaseId, StoreError, TenantTx, VectorStore, knowledge_bases};
use chrono::{DateTime, Utc};
use diesel::sql_types::{BigInt, Integer, Nullable, Text, Timestamptz, Uuid};
use diesel::{QueryableByName, sql_query};
use diesel_async::RunQueryDsl;

/// How far a migration is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MigrationState {
    /// Texts are embedded with the new model; the old index is searched.
    Embedding,
    /// Both indexes are whole; the old one is searched.
    Ready,
    /// Both are whole; the new one is searched.
    Switched,
    /// The new one is the only one.
    Finished,
    /// The old one is the only one.
    Cancelled,
}

impl MigrationState {
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Embedding => "embedding",
            Self::Ready => "ready",
            Self::Switched => "switched",
            Self::Finished => "finished",
            Self::Cancelled => "cancelled",
        }
    }

    fn named(name: &str) -> Result<Self, StoreError> {
        [
            Self::Embedding,
            Self::Ready,
            Self::Switched,
            Self::Finished,
            Self::Cancelled,
        ]
        .into_iter()
        .find(|state| state.as_str() == name)
        .ok_or_else(|| StoreError::Corrupt(format!("a migration is in the state {name}")))
    }
}

/// A base's change from one index to another: by another embedding model, or with its vectors elsewhere.
#[derive(Clone, Debug, QueryableByName)]
pub struct EmbeddingMigration {
    #[diesel(sql_type = Uuid)]
    pub knowledge_base_id: KnowledgeBaseId,
    /// Of the index that is built.
    #[diesel(sql_type = Integer)]
    pub generation: i32,
    #[diesel(sql_type = Text)]
    pub from_model: String,
    #[diesel(sql_type = Integer)]
    pub from_generation: i32,
    #[diesel(sql_type = Text)]
    pub to_model: String,
    #[diesel(sql_type = Text)]
    pub from_vector_store: VectorStore,
    #[diesel(sql_type = Text)]
    pub to_vector_store: VectorStore,
    #[diesel(sql_type = Text)]
    state: String,
    /// The job that embeds.
    #[diesel(sql_type = Uuid)]
    pub job_id: JobId,
    /// Texts that were longer than the new model reads.
    #[diesel(sql_type = BigInt)]
    pub cut_short: i64,
    #[diesel(sql_type = Timestamptz)]
    pub started_at: DateTime<Utc>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    pub ready_at: Option<DateTime<Utc>>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    pub switched_at: Option<DateTime<Utc>>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    pub ended_at: Option<DateTime<Utc>>,
}

impl EmbeddingMigration {
    /// # Errors
    /// [`StoreError::Corrupt`].
    pub fn state(&self) -> Result<MigrationState, StoreError> {
        MigrationState::named(&self.state)
    }
}

/// How much of a base has been embedded with a model, and where its new index has been built.
#[derive(Clone, Copy, Debug, QueryableByName)]
pub struct MigrationCounts {
    #[diesel(sql_type = BigInt)]
    pub chunks: i64,
    /// Chunks with a vector of the new model.
    #[diesel(sql_type = BigInt)]
    pub chunks_embedded: i64,
    /// Replicas of the index that is searched which were heard of in the last two minutes, or are being built anew, and the vector server where the other
    /// index needs it.
    #[diesel(sql_type = BigInt)]
    pub replicas: i64,
    /// Of these the ones whose process has built the other index as well, as far as it was when the migration became ready.
    #[diesel(sql_type = BigInt)]
    pub replicas_ready: i64,
}

const COLUMNS: &str = "knowledge_base_id, generation, from_model, from_generation, to_model, from_vector_store, to_vector_store, state, job_id, cut_short, started_at, ready_at,
    switched_at, ended_at";

/// The base's last migration.
///
/// # Errors
/// [`StoreError::NotFound`] when it has never had one.
pub async fn find(tx: &mut TenantTx, base: KnowledgeBaseId) -> Result<EmbeddingMigration, StoreError> {
    sql_query(format!(
        "SELECT {COLUMNS} FROM embedding_migrations WHERE tenant_id = $1 AND knowledge_base_id = $2 ORDER BY generation DESC LIMIT 1"
    ))
    .bind::<Uuid, _>(tx.tenant)
    .bind::<Uuid, _>(base)
    .prepared()
    .get_result(&mut tx.conn)
    .await
    .map_err(|error| StoreError::or_not_found(error, "embedding migration"))
}

/// Names the vectors of the model `$2` of the tenant `$1`. Who deletes some of them shares the lock, who begins to rely on them has it alone: what is found of
/// them afterwards stays, and who deletes afterwards sees what relies on them.
pub(super) const VECTORS: &str = "hashtextextended('vectors of ' || $1::text || ' ' || $2, 0)";

/// Begins one of a base that is [locked](knowledge_bases::lock), once whoever is deleting vectors of the model has committed. Whatever is ingested from the
/// commit on is embedded with both models: who had begun before holds the base's head, which this waits for, or looks at the base's models again when it has it.
///
/// # Errors
/// [`StoreError::Conflict`] when the base is being migrated already.
pub async fn start(
    tx: &mut TenantTx,
    base: &KnowledgeBase,
    (to_model, to_store): (&str, VectorStore),
    job: JobId,
) -> Result<EmbeddingMigration, StoreError> {
    sql_query(format!("SELECT pg_advisory_xact_lock({VECTORS})"))
        .bind::<Uuid, _>(tx.tenant)
        .bind::<Text, _>(to_model)
        .prepared()
        .execute(&mut tx.conn)
        .await?;
    let started: EmbeddingMigration = sql_query(format!(
        "INSERT INTO embedding_migrations (tenant_id, knowledge_base_id, generation, from_model, from_generation, to_model, job_id,
             from_vector_store, to_vector_store)
         SELECT $1, $2, greatest($4, coalesce(max(generation), 0)) + 1, $3, $4, $5, $6, $7, $8
         FROM embedding_migrations WHERE tenant_id = $1 AND knowledge_base_id = $2
         RETURNING {COLUMNS}"
    ))
    .bind::<Uuid, _>(tx.tenant)
    .bind::<Uuid, _>(base.id)
    .bind::<Text, _>(&base.embedding_model)
    .bind::<Integer, _>(base.index_generation)
    .bind::<Text, _>(to_model)
    .bind::<Uuid, _>(job)
    .bind::<Text, _>(base.vector_store)
    .bind::<Text, _>(to_store)
    .prepared()
    .get_result(&mut tx.conn)
    .await
    .map_err(|error| StoreError::or_conflict(error, "the knowledge base is being migrated already"))?;
    let other = OtherIndex {
        embedding_model: to_model.to_owned(),
        vector_store: to_store,
        generation: None,
    };
    knowledge_bases::set_indexes(tx, base, Some(&other)).await?;
    Ok(started)
}

/// Has the other index searched from the commit on, and the searched one kept beside it. Call it with the base locked.
///
/// # Errors
/// [`StoreError::NotFound`] when there is no other index.
pub async fn swap(tx: &mut TenantTx, head: &KnowledgeBaseHead) -> Result<KnowledgeBase, StoreError> {
    let Some(swapped) = head.by_other() else {
        return Err(StoreError::NotFound { what: "other index" });
    };
    let other = OtherIndex {
        embedding_model: head.base.embedding_model.clone(),
        vector_store: head.base.vector_store,
        generation: Some(head.base.index_generation),
    };
    knowledge_bases::set_indexes(tx, &swapped, Some(&other)).await?;
    sql_query(
        "UPDATE embedding_migrations SET
             state = CASE WHEN generation = $3 THEN 'switched' ELSE 'ready' END,
             switched_at = CASE WHEN generation = $3 THEN now() END
         WHERE tenant_id = $1 AND knowledge_base_id = $2 AND ended_at IS NULL",
    )
    .bind::<Uuid, _>(tx.tenant)
    .bind::<Uuid, _>(swapped.id)
    .bind::<Integer, _>(swapped.index_generation)
    .prepared()
    .execute(&mut tx.conn)
    .await?;
    Ok(swapped)
}
