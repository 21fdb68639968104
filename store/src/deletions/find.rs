use crate::prepared::Prepare;
use crate::replica_cursors::SILENT_AFTER_SECS;
use crate::{ApiKeyId, JobId, KnowledgeBaseId, StoreError, TenantTx};
use chrono::{DateTime, Utc};
use diesel::sql_types::{Array, BigInt, Nullable, Text, Timestamptz, Uuid};
use diesel::{QueryableByName, sql_query};
use diesel_async::RunQueryDsl;
use serde::Serialize;
use std::str::FromStr;

/// How far a deletion is. Whatever it is, nobody finds what is deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DeletionState {
    /// Its job has not ended.
    Accepted,
    /// Gone from the database; replicas, or vectors that were locked, are waited for.
    Erasing,
    Complete,
}

impl DeletionState {
    pub const ALL: [Self; 3] = [Self::Accepted, Self::Erasing, Self::Complete];

    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Erasing => "erasing",
            Self::Complete => "complete",
        }
    }
}

impl FromStr for DeletionState {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|state| state.as_str() == text).ok_or(())
    }
}

/// The receipt of a deletion, without its replicas.
#[derive(Clone, Debug, QueryableByName)]
pub struct Deletion {
    /// Also its job's.
    #[diesel(sql_type = Uuid)]
    pub id: JobId,
    /// `document`, `knowledge_base`, `source` or `collection`.
    #[diesel(sql_type = Text)]
    pub kind: String,
    #[diesel(sql_type = Uuid)]
    pub target_id: uuid::Uuid,
    #[diesel(sql_type = Uuid)]
    pub knowledge_base_id: KnowledgeBaseId,
    #[diesel(sql_type = Nullable<Uuid>)]
    pub requested_by: Option<ApiKeyId>,
    #[diesel(sql_type = Timestamptz)]
    pub accepted_at: DateTime<Utc>,
    #[diesel(sql_type = BigInt)]
    pub documents: i64,
    #[diesel(sql_type = BigInt)]
    pub versions: i64,
    #[diesel(sql_type = BigInt)]
    pub chunks: i64,
    #[diesel(sql_type = BigInt)]
    pub embeddings: i64,
    #[diesel(sql_type = BigInt)]
    pub files: i64,
    #[diesel(sql_type = BigInt)]
    pub file_bytes: i64,
    #[diesel(sql_type = BigInt)]
    pub kept_answers: i64,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    pub erased_at: Option<DateTime<Utc>>,
    /// The base's change from which on replicas do without it; `None` before it is erased, and where the base itself is gone.
    #[diesel(sql_type = Nullable<BigInt>)]
    pub index_seq: Option<i64>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    pub completed_at: Option<DateTime<Utc>>,
}

impl Deletion {
    #[must_use]
    pub fn state(&self) -> DeletionState {
        match (self.erased_at, self.completed_at) {
            (_, Some(_)) => DeletionState::Complete,
            (Some(_), None) => DeletionState::Erasing,
            (None, None) => DeletionState::Accepted,
        }
    }
}

const SELECT: &str = "SELECT id, kind, target_id, knowledge_base_id, requested_by, accepted_at, documents, versions, chunks, embeddings, files,
    file_bytes, kept_answers, erased_at, index_seq, completed_at FROM deletions WHERE tenant_id = $1";

/// # Errors
/// [`StoreError::NotFound`].
pub async fn find(tx: &mut TenantTx, id: JobId) -> Result<Deletion, StoreError> {
    sql_query(format!("{SELECT} AND id = $2"))
        .bind::<Uuid, _>(tx.tenant)
        .bind::<Uuid, _>(id)
        .prepared()
        .get_result(&mut tx.conn)
        .await
        .map_err(|error| StoreError::or_not_found(error, "deletion"))
}

/// The newest first, optionally only those in a state; `before` is where the previous page ended.
///
/// # Errors
/// [`StoreError::Query`].
pub async fn list(
    tx: &mut TenantTx,
    state: Option<&str>,
    before: Option<JobId>,
    limit: i64,
) -> Result<Vec<Deletion>, StoreError> {
    Ok(sql_query(format!(
        "{SELECT} AND ($2 IS NULL OR $2 = CASE WHEN completed_at IS NOT NULL THEN 'complete' WHEN erased_at IS NOT NULL THEN 'erasing' ELSE 'accepted' END)
           AND ($3 IS NULL OR id < $3) ORDER BY id DESC LIMIT $4"
    ))
    .bind::<Uuid, _>(tx.tenant)
    .bind::<Nullable<Text>, _>(state)
    .bind::<Nullable<Uuid>, _>(before)
    .bind::<BigInt, _>(limit)
    .prepared()
    .load(&mut tx.conn)
    .await?)
}

/// What a replica has to do with a deletion.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ReplicaState {
    /// Nothing of it is left there.
    Confirmed,
    /// It was silent too long and was given up; should it return, what is on its disk is thrown away unread.
    Lost,
    /// It lives, and has not come so far.
    Pending,
    /// Nobody has heard of it for two minutes.
    Silent,
}

impl FromStr for ReplicaState {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        match text {
            "confirmed" => Ok(Self::Confirmed),
            "lost" => Ok(Self::Lost),
            "pending" => Ok(Self::Pending),
            "silent" => Ok(Self::Silent),
            _ => Err(()),
        }
    }
}

/// One replica of the base, as a deletion sees it.
#[derive(Clone, Debug, QueryableByName)]
pub struct DeletionReplica {
    #[diesel(sql_type = Uuid)]
    pub deletion_id: JobId,
    #[diesel(sql_type = Uuid)]
    pub slot_id: uuid::Uuid,
    #[diesel(sql_type = Text)]
    pub host: String,
    #[diesel(sql_type = Text)]
    state: String,
    /// Since when it is so; of one that is waited for, when it was last heard of.
    #[diesel(sql_type = Timestamptz)]
    pub at: DateTime<Utc>,
}

impl DeletionReplica {
    #[must_use]
    pub fn state(&self) -> ReplicaState {
        self.state.parse().unwrap_or(ReplicaState::Pending)
    }
}

/// The replicas that the deletions have been or are waiting for, by slot.
///
/// # Errors
/// [`StoreError::Query`].
pub async fn replicas(tx: &mut TenantTx, deletions: &[JobId]) -> Result<Vec<DeletionReplica>, StoreError> {
    Ok(sql_query(
        "SELECT deletion_id, slot_id, host, outcome AS state, settled_at AS at FROM deletion_replicas
         WHERE tenant_id = $1 AND deletion_id = ANY($2)
         UNION ALL
         SELECT d.id, r.slot_id, max(r.host), CASE WHEN min(r.seen_at) < now() - $3 * interval '1 second' THEN 'silent' ELSE 'pending' END, min(r.seen_at)
         FROM deletions d JOIN replica_cursors r ON r.tenant_id = d.tenant_id AND r.knowledge_base_id = d.knowledge_base_id
         WHERE d.tenant_id = $1 AND d.id = ANY($2) AND d.completed_at IS NULL AND (d.index_seq IS NULL OR r.erased_seq < d.index_seq)
           AND NOT EXISTS (SELECT FROM deletion_replicas s
                           WHERE s.tenant_id = d.tenant_id AND s.deletion_id = d.id AND s.slot_id = r.slot_id)
         GROUP BY d.id, r.slot_id
         ORDER BY slot_id",
    )
    .bind::<Uuid, _>(tx.tenant)
    .bind::<Array<Uuid>, _>(deletions)
    .bind::<BigInt, _>(SILENT_AFTER_SECS)
    .prepared()
    .load(&mut tx.conn)
    .await?)
}
