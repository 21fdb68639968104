use crate::jobs::Held;
use crate::prepared::Prepare;
use crate::{DocumentId, JobId, SourceId, StoreError, TenantTx, effects};
use diesel::sql_types::{Array, BigInt, Binary, Bool, Integer, Jsonb, Nullable, Text, Uuid};
use diesel::{QueryableByName, sql_query};
use diesel_async::RunQueryDsl;
use serde_json::Value;

/// An item that the sync has still to look at, with what is known of it from before.
#[derive(Clone, Debug, QueryableByName)]
pub struct Waiting {
    #[diesel(sql_type = Text)]
    pub url: String,
    #[diesel(sql_type = Integer)]
    pub depth: i32,
    #[diesel(sql_type = Nullable<Text>)]
    pub etag: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    pub last_modified: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    pub canonical_url: Option<String>,
    #[diesel(sql_type = Nullable<Binary>)]
    pub content_hash: Option<Vec<u8>>,
    #[diesel(sql_type = Nullable<Uuid>)]
    pub document_id: Option<DocumentId>,
    #[diesel(sql_type = Jsonb)]
    pub links: Value,
    /// Whether its document is there, and is or will be searchable: one that was deleted or failed is submitted again.
    #[diesel(sql_type = Bool)]
    pub served: bool,
    /// Whether a version of its document is searchable, be it not the newest: that one may have failed.
    #[diesel(sql_type = Bool)]
    pub is_ready: bool,
    /// It has led elsewhere, only for the time being as it said, for a week.
    #[diesel(sql_type = Bool)]
    pub long_away: bool,
    /// The sync could not read it when it first asked for it.
    #[diesel(sql_type = Bool)]
    pub asked_again: bool,
}

impl Waiting {
    /// Whether it was read before: it has a document, or leads to others without having one.
    #[must_use]
    pub fn was_read(&self) -> bool {
        self.served || self.is_ready || self.links.as_array().is_some_and(|links| !links.is_empty())
    }
}

/// Up to `limit` items that the sync has still to look at, those nearest to the start first.
///
/// # Errors
/// [`StoreError::Query`].
pub async fn next(tx: &mut TenantTx, sync: (SourceId, JobId), limit: i64) -> Result<Vec<Waiting>, StoreError> {
    Ok(sql_query(
        "SELECT i.url, i.depth, i.etag, i.last_modified, i.canonical_url, i.content_hash, i.document_id, i.links,
                d.id IS NOT NULL AND (d.ready_version IS NOT DISTINCT FROM d.version
                    OR coalesce(j.state NOT IN ('succeeded', 'dead', 'cancelled'), false)) AS served,
                d.ready_version IS NOT NULL AS is_ready,
                coalesce(i.away_since < now() - interval '7 days', false) AS long_away, i.asked_again
         FROM source_items i
         LEFT JOIN documents d ON d.tenant_id = i.tenant_id AND d.id = i.document_id AND d.deleting_at IS NULL
         LEFT JOIN jobs j ON j.tenant_id = d.tenant_id AND j.id = d.job_id
         WHERE i.tenant_id = $1 AND i.source_id = $2 AND i.sync_id = $3 AND i.status = 'waiting'
         ORDER BY i.depth, i.url LIMIT $4",
    )
    .bind::<Uuid, _>(tx.tenant)
    .bind::<Uuid, _>(sync.0)
    .bind::<Uuid, _>(sync.1)
    .bind::<BigInt, _>(limit)
    .prepared()
    .load(&mut tx.conn)
    .await?)
}

#[derive(QueryableByName)]
struct Added {
    #[diesel(sql_type = BigInt)]
    left_out: i64,
}

/// Has the sync look at these too, unless it has seen them; of more than `max` in all the rest is left out, in the order given. Returns how
/// many were left out.
///
/// # Errors
/// [`StoreError::Query`].
pub async fn add(
    tx: &mut TenantTx,
    sync: (SourceId, JobId),
    urls: &[String],
    depth: i32,
    max: i32,
) -> Result<i64, StoreError> {
    if urls.is_empty() {
        return Ok(0);
    }
    let added: Added = sql_query(
        "WITH given AS (
             SELECT g.url, min(g.place) AS place FROM unnest($4::text[]) WITH ORDINALITY AS g (url, place)
             WHERE NOT EXISTS (SELECT FROM source_items i
                               WHERE i.tenant_id = $1 AND i.source_id = $2 AND i.url = g.url AND i.sync_id = $3)
             GROUP BY g.url
         ), fresh AS (
             SELECT url FROM given ORDER BY place
             LIMIT greatest(0, $6 - (SELECT found FROM source_syncs WHERE tenant_id = $1 AND source_id = $2 AND id = $3))
         ), put AS (
             INSERT INTO source_items AS i (tenant_id, source_id, url, sync_id, depth, status)
             SELECT $1, $2, url, $3, $5, 'waiting' FROM fresh
             ON CONFLICT (tenant_id, source_id, url) DO UPDATE SET sync_id = $3, depth = $5, status = 'waiting', reason = NULL, put_off = 0, asked_again = false
             RETURNING url
         ), counted AS (
             UPDATE source_syncs SET found = found + (SELECT count(*) FROM put)
             WHERE tenant_id = $1 AND source_id = $2 AND id = $3
         )
         SELECT (SELECT count(*) FROM given) - (SELECT count(*) FROM put) AS left_out",
    )
    .bind::<Uuid, _>(tx.tenant)
    .bind::<Uuid, _>(sync.0)
    .bind::<Uuid, _>(sync.1)
    .bind::<Array<Text>, _>(urls)
    .bind::<Integer, _>(depth)
    .bind::<Integer, _>(max)
    .prepared()
    .get_result(&mut tx.conn)
    .await?;
    Ok(added.left_out)
}

#[derive(QueryableByName)]
struct PutOff {
    #[diesel(sql_type = Integer)]
    put_off: i32,
}

/// Notes that the sync was put off for long when it asked for an item, under its job's lease; returns how often that has been.
///
/// # Errors
/// [`StoreError::LeaseLost`]; [`StoreError::NotFound`] when the item is gone.
pub async fn note_put_off(tx: &mut TenantTx, held: Held, source: SourceId, url: &str) -> Result<i32, StoreError> {
    effects::hold(tx, held).await?;
    let row: PutOff = sql_query(
        "UPDATE source_items SET put_off = put_off + 1 WHERE tenant_id = $1 AND source_id = $2 AND url = $4 AND sync_id = $3 RETURNING put_off",
    )
    .bind::<Uuid, _>(tx.tenant)
    .bind::<Uuid, _>(source)
    .bind::<Uuid, _>(held.id)
    .bind::<Text, _>(url)
    .prepared()
    .get_result(&mut tx.conn)
    .await
    .map_err(|error| StoreError::or_not_found(error, "item"))?;
    Ok(row.put_off)
}
