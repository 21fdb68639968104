use crate::prepared::Prepare;
use crate::{CollectionId, DocumentId, JobId, KnowledgeBaseId, StoreError, TenantTx};
use chrono::{DateTime, Utc};
use diesel::sql_types::{Array, BigInt, Bool, Integer, Jsonb, Nullable, Text, Timestamptz, Uuid};
use diesel::{OptionalExtension, QueryableByName, sql_query};
use diesel_async::RunQueryDsl;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::str::FromStr;

/// What became of a document's latest submission.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DocumentState {
    /// Its job has not ended.
    Pending,
    /// Search serves it.
    Ready,
    /// Its job ended without it. A version that was ready before is still served.
    Failed,
    Deleting,
}

impl DocumentState {
    pub const ALL: [Self; 4] = [Self::Pending, Self::Ready, Self::Failed, Self::Deleting];

    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Ready => "ready",
            Self::Failed => "failed",
            Self::Deleting => "deleting",
        }
    }
}

impl FromStr for DocumentState {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|state| state.as_str() == text).ok_or(())
    }
}

/// A document with what its state is derived from: nothing has to be kept in step with the job.
#[derive(Clone, Debug, QueryableByName)]
pub struct Document {
    #[diesel(sql_type = Uuid)]
    pub id: DocumentId,
    #[diesel(sql_type = Uuid)]
    pub knowledge_base_id: KnowledgeBaseId,
    /// The one that it is in.
    #[diesel(sql_type = Nullable<Uuid>)]
    pub collection_id: Option<CollectionId>,
    #[diesel(sql_type = Nullable<Text>)]
    pub external_id: Option<String>,
    #[diesel(sql_type = Text)]
    pub title: String,
    #[diesel(sql_type = Text)]
    pub mime_type: String,
    #[diesel(sql_type = Jsonb)]
    pub metadata: Value,
    #[diesel(sql_type = Jsonb)]
    pub acl: Value,
    /// What the version that is served says of itself.
    #[diesel(sql_type = Jsonb)]
    pub said: Value,
    /// Found, once it is ready; one that is switched off is found by nothing.
    #[diesel(sql_type = Bool)]
    pub enabled: bool,
    #[diesel(sql_type = Integer)]
    pub version: i32,
    #[diesel(sql_type = Nullable<Integer>)]
    pub ready_version: Option<i32>,
    #[diesel(sql_type = Uuid)]
    pub job_id: JobId,
    #[diesel(sql_type = Integer)]
    pub chunk_count: i32,
    #[diesel(sql_type = BigInt)]
    pub size_bytes: i64,
    #[diesel(sql_type = Text)]
    state: String,
    /// The error of the job that failed; `cancelled` where it was, and `forgotten` where it is kept no longer.
    #[diesel(sql_type = Nullable<Jsonb>)]
    pub error: Option<Value>,
    #[diesel(sql_type = Timestamptz)]
    pub created_at: DateTime<Utc>,
    #[diesel(sql_type = Timestamptz)]
    pub updated_at: DateTime<Utc>,
}

impl Document {
    #[must_use]
    pub fn state(&self) -> DocumentState {
        self.state.parse().unwrap_or(DocumentState::Pending)
    }
}

pub(super) const SELECT: &str = "SELECT d.id, d.knowledge_base_id, d.collection_id, d.external_id, d.title, d.mime_type, d.metadata, d.acl, d.enabled, d.version, d.ready_version,
        d.job_id, d.chunk_count, d.size_bytes, d.created_at, d.updated_at, s.state,
        coalesce((SELECT v.said FROM document_versions v WHERE v.tenant_id = d.tenant_id AND v.document_id = d.id AND v.version = d.ready_version), '{}') AS said,
        CASE WHEN s.state = 'failed' THEN coalesce(b.error, CASE
            WHEN j.id IS NULL THEN jsonb_build_object('code', 'forgotten', 'message',
                'The job that was to ingest this document ended without it, and is kept no longer. Submit or reingest the document.', 'retryable', true)
            ELSE jsonb_build_object('code', 'cancelled', 'message', 'The job that was to ingest this document was cancelled.', 'retryable', true) END) END AS error
    FROM documents d
    LEFT JOIN jobs j ON j.tenant_id = d.tenant_id AND j.id = d.job_id
    LEFT JOIN job_bodies b ON b.tenant_id = d.tenant_id AND b.job_id = d.job_id
    CROSS JOIN LATERAL (SELECT CASE
        WHEN d.deleting_at IS NOT NULL THEN 'deleting'
        WHEN d.ready_version = d.version THEN 'ready'
        -- A job's row is dropped only after the job has ended.
        WHEN j.id IS NULL OR j.state IN ('dead', 'cancelled') THEN 'failed'
        ELSE 'pending' END AS state) s";

/// Those that are there of some, in no order.
///
/// # Errors
/// [`StoreError::Query`].
pub async fn find_some(tx: &mut TenantTx, ids: &[DocumentId]) -> Result<Vec<Document>, StoreError> {
    Ok(sql_query(format!("{SELECT} WHERE d.tenant_id = $1 AND d.id = ANY($2)"))
        .bind::<Uuid, _>(tx.tenant)
        .bind::<Array<Uuid>, _>(ids)
        .prepared()
        .load(&mut tx.conn)
        .await?)
}

#[derive(QueryableByName)]
struct Made {
    #[diesel(sql_type = Uuid)]
    id: JobId,
}

/// The job that made what is served of a document: the last one that did not find it unchanged. `None` where nothing is served, where the job is kept no longer, and where
/// an earlier release made it, which did not write down by which.
///
/// # Errors
/// [`StoreError::Query`].
pub async fn ready_job(tx: &mut TenantTx, document: &Document) -> Result<Option<JobId>, StoreError> {
    let Some(version) = document.ready_version else {
        return Ok(None);
    };
    let sql = "SELECT j.id FROM document_versions v JOIN jobs j ON j.tenant_id = v.tenant_id AND j.id = v.made_by
               WHERE v.tenant_id = $1 AND v.document_id = $2 AND v.version = $3";
    let made: Option<Made> = sql_query(sql)
        .bind::<Uuid, _>(tx.tenant)
        .bind::<Uuid, _>(document.id)
        .bind::<Integer, _>(version)
        .prepared()
        .get_result(&mut tx.conn)
        .await
        .optional()?;
    Ok(made.map(|made| made.id))
}

/// A document whose base is being deleted is hidden with it.
///
/// # Errors
/// [`StoreError::NotFound`].
pub async fn find(tx: &mut TenantTx, id: DocumentId) -> Result<Document, StoreError> {
    let sql = format!(
        "{SELECT} WHERE d.tenant_id = $1 AND d.id = $2 AND EXISTS (
             SELECT FROM knowledge_bases k WHERE k.tenant_id = d.tenant_id AND k.id = d.knowledge_base_id AND k.deleting_at IS NULL)"
    );
    sql_query(sql)
        .bind::<Uuid, _>(tx.tenant)
        .bind::<Uuid, _>(id)
        .prepared()
        .get_result(&mut tx.conn)
        .await
        .map_err(|error| StoreError::or_not_found(error, "document"))
}
