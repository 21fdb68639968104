use crate::prepared::Prepare;
use crate::{DocumentId, JobId, SourceId, StoreError, TenantTx};
use chrono::{DateTime, Utc};
use diesel::sql_types::{BigInt, Nullable, Text, Timestamptz, Uuid};
use diesel::{QueryableByName, sql_query};
use diesel_async::RunQueryDsl;

/// What the last sync that saw an item made of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ItemStatus {
    /// Found, and not looked at yet.
    Waiting,
    /// New or changed, and submitted as a document.
    Ingested,
    /// New or changed; a dry run submits nothing.
    Changed,
    /// As it was.
    Unchanged,
    /// Not to be a document: its reason says why.
    Skipped,
    /// Could not be read this time: its reason says why. What was read before stays.
    Failed,
    /// The source says that it is not there any more.
    Gone,
}

impl ItemStatus {
    pub const ALL: [Self; 7] = [
        Self::Waiting,
        Self::Ingested,
        Self::Changed,
        Self::Unchanged,
        Self::Skipped,
        Self::Failed,
        Self::Gone,
    ];

    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Ingested => "ingested",
            Self::Changed => "changed",
            Self::Unchanged => "unchanged",
            Self::Skipped => "skipped",
            Self::Failed => "failed",
            Self::Gone => "gone",
        }
    }
}

/// Something at a source.
#[derive(Clone, Debug, QueryableByName)]
pub struct Item {
    #[diesel(sql_type = Text)]
    pub url: String,
    /// One of [`ItemStatus`].
    #[diesel(sql_type = Text)]
    pub status: String,
    #[diesel(sql_type = Nullable<Text>)]
    pub reason: Option<String>,
    /// What it calls itself; of a redirect, where that leads.
    #[diesel(sql_type = Nullable<Text>)]
    pub canonical_url: Option<String>,
    #[diesel(sql_type = Nullable<Uuid>)]
    pub document_id: Option<DocumentId>,
    #[diesel(sql_type = Uuid)]
    pub sync_id: JobId,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    pub checked_at: Option<DateTime<Utc>>,
}

/// Which items of a source.
#[derive(Clone, Debug)]
pub struct ItemFilter {
    pub source: SourceId,
    pub status: Option<ItemStatus>,
    /// Where the previous page ended.
    pub after: Option<String>,
    pub limit: i64,
}

/// By URL.
///
/// # Errors
/// [`StoreError::Query`].
pub async fn list_items(tx: &mut TenantTx, filter: &ItemFilter) -> Result<Vec<Item>, StoreError> {
    Ok(sql_query(
        "SELECT url, status, reason, canonical_url, document_id, sync_id, checked_at FROM source_items
         WHERE tenant_id = $1 AND source_id = $2 AND ($3 IS NULL OR status = $3) AND ($4 IS NULL OR url > $4)
         ORDER BY url LIMIT $5",
    )
    .bind::<Uuid, _>(tx.tenant)
    .bind::<Uuid, _>(filter.source)
    .bind::<Nullable<Text>, _>(filter.status.map(ItemStatus::as_str))
    .bind::<Nullable<Text>, _>(filter.after.as_deref())
    .bind::<BigInt, _>(filter.limit)
    .prepared()
    .load(&mut tx.conn)
    .await?)
}
