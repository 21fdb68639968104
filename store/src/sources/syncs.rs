use super::Source;
use super::source::COLUMNS;
use crate::jobs::Held;
use crate::prepared::Prepare;
use crate::{JobId, SourceId, StoreError, TenantTx, effects};
use chrono::{DateTime, Utc};
use diesel::sql_types::{Array, BigInt, Bool, Integer, Jsonb, Nullable, Text, Timestamptz, Uuid};
use diesel::{OptionalExtension, QueryableByName, sql_query};
use diesel_async::RunQueryDsl;
use serde_json::Value;

/// One run over a source.
#[derive(Clone, Debug, QueryableByName)]
pub struct Sync {
    /// Its job's.
    #[diesel(sql_type = Uuid)]
    pub id: JobId,
    #[diesel(sql_type = Bool)]
    pub dry_run: bool,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    pub seeded_at: Option<DateTime<Utc>>,
    /// Whether something that leads to pages could not be read, or was cut off.
    #[diesel(sql_type = Bool)]
    pub blind: bool,
    /// Of `found`: looked at by the syncs before, which ran out of time and from where this one went on.
    #[diesel(sql_type = Integer)]
    pub continued: i32,
    #[diesel(sql_type = Integer)]
    pub found: i32,
    #[diesel(sql_type = Integer)]
    pub fetched: i32,
    #[diesel(sql_type = Integer)]
    pub unchanged: i32,
    #[diesel(sql_type = Integer)]
    pub ingested: i32,
    #[diesel(sql_type = Integer)]
    pub skipped: i32,
    #[diesel(sql_type = Integer)]
    pub failed: i32,
    #[diesel(sql_type = Integer)]
    pub deleted: i32,
    #[diesel(sql_type = Nullable<Jsonb>)]
    pub result: Option<Value>,
    #[diesel(sql_type = Timestamptz)]
    pub started_at: DateTime<Utc>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    pub ended_at: Option<DateTime<Utc>>,
    /// By the database's clock.
    #[diesel(sql_type = BigInt)]
    pub secs_since_start: i64,
}

const SYNC_COLUMNS: &str =
    "id, dry_run, seeded_at, blind, continued, found, fetched, unchanged, ingested, skipped, failed, deleted,
    result, started_at, ended_at, extract(epoch FROM now() - started_at)::bigint AS secs_since_start";

/// What a job that wants to sync a source learns.
#[derive(Clone, Debug)]
pub enum Take {
    /// It is its to sync: from the start, or on from where an earlier attempt was.
    Taken(Box<(Source, Sync)>),
    /// Another sync is at it.
    Busy(JobId),
}

#[derive(QueryableByName)]
struct Holder {
    #[diesel(sql_type = Uuid)]
    id: JobId,
}

/// Gives the source to the job, unless another sync has it whose job has not ended.
///
/// # Errors
/// [`StoreError::NotFound`] when the source is gone or being deleted; [`StoreError::LeaseLost`].
pub async fn take(tx: &mut TenantTx, held: Held, id: SourceId, dry_run: bool) -> Result<Take, StoreError> {
    effects::hold(tx, held).await?;
    let source: Source = sql_query(format!(
        "SELECT {COLUMNS} FROM sources WHERE tenant_id = $1 AND id = $2 AND deleting_at IS NULL FOR UPDATE"
    ))
    .bind::<Uuid, _>(tx.tenant)
    .bind::<Uuid, _>(id)
    .prepared()
    .get_result(&mut tx.conn)
    .await
    .map_err(|error| StoreError::or_not_found(error, "source"))?;
    if let Some(other) = source.sync_id.filter(|other| *other != held.id) {
        let holder: Option<Holder> = sql_query(
            "SELECT j.id FROM jobs j JOIN source_syncs s ON s.tenant_id = j.tenant_id AND s.id = j.id
             WHERE j.tenant_id = $1 AND j.id = $2 AND s.source_id = $3 AND s.ended_at IS NULL
               AND j.state NOT IN ('succeeded', 'dead', 'cancelled')",
        )
        .bind::<Uuid, _>(tx.tenant)
        .bind::<Uuid, _>(other)
        .bind::<Uuid, _>(id)
        .prepared()
        .get_result(&mut tx.conn)
        .await
        .optional()?;
        if let Some(holder) = holder {
            return Ok(Take::Busy(holder.id));
        }
    }
    sql_query("UPDATE sources SET sync_id = $3 WHERE tenant_id = $1 AND id = $2")
        .bind::<Uuid, _>(tx.tenant)
        .bind::<Uuid, _>(id)
        .bind::<Uuid, _>(held.id)
        .prepared()
        .execute(&mut tx.conn)
        .await?;
    sql_query(
        "INSERT INTO source_syncs (tenant_id, source_id, id, dry_run) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
    )
    .bind::<Uuid, _>(tx.tenant)
    .bind::<Uuid, _>(id)
    .bind::<Uuid, _>(held.id)
    .bind::<Bool, _>(dry_run)
    .prepared()
    .execute(&mut tx.conn)
    .await?;
    let sync = find_sync(tx, id, held.id).await?;
    Ok(Take::Taken(Box::new((source, sync))))
}

/// # Errors
/// [`StoreError::NotFound`].
pub async fn find_sync(tx: &mut TenantTx, source: SourceId, id: JobId) -> Result<Sync, StoreError> {
    sql_query(format!(
        "SELECT {SYNC_COLUMNS} FROM source_syncs WHERE tenant_id = $1 AND source_id = $2 AND id = $3"
    ))
    .bind::<Uuid, _>(tx.tenant)
    .bind::<Uuid, _>(source)
    .bind::<Uuid, _>(id)
    .prepared()
    .get_result(&mut tx.conn)
    .await
    .map_err(|error| StoreError::or_not_found(error, "sync"))
}

/// The newest first; `before` is where the previous page ended.
///
/// # Errors
/// [`StoreError::Query`].
pub async fn list_syncs(
    tx: &mut TenantTx,
    source: SourceId,
    before: Option<JobId>,
    limit: i64,
) -> Result<Vec<Sync>, StoreError> {
    Ok(sql_query(format!(
        "SELECT {SYNC_COLUMNS} FROM source_syncs
         WHERE tenant_id = $1 AND source_id = $2 AND ($3 IS NULL OR id < $3) ORDER BY id DESC LIMIT $4"
    ))
    .bind::<Uuid, _>(tx.tenant)
    .bind::<Uuid, _>(source)
    .bind::<Nullable<Uuid>, _>(before)
    .bind::<BigInt, _>(limit)
    .prepared()
    .load(&mut tx.conn)
    .await?)
}

/// All that the sync begins from is among its items.
///
/// # Errors
/// [`StoreError::LeaseLost`], [`StoreError::Query`].
pub async fn note_seeded(tx: &mut TenantTx, held: Held, source: SourceId) -> Result<(), StoreError> {
    effects::hold(tx, held).await?;
    sql_query("UPDATE source_syncs SET seeded_at = now() WHERE tenant_id = $1 AND source_id = $2 AND id = $3")
        .bind::<Uuid, _>(tx.tenant)
        .bind::<Uuid, _>(source)
        .bind::<Uuid, _>(held.id)
        .prepared()
        .execute(&mut tx.conn)
        .await?;
    Ok(())
}

/// Where the sync before ran out of time, or would have had to wait for longer than it had, and the source is as it was, this one has its items, those that were looked at and those that wait, and begins from
/// nothing else: together they get through a site that is too large for one. What had failed once, for one of the reasons that `may_pass`, it asks for again. Whether it is so.
///
/// # Errors
/// [`StoreError::LeaseLost`], [`StoreError::Query`].
pub async fn go_on(tx: &mut TenantTx, held: Held, source: &Source, may_pass: &[&str]) -> Result<bool, StoreError> {
    effects::hold(tx, held).await?;
    let continued = sql_query(
        "WITH latest AS (
             SELECT id, blind, dry_run, seeded_at, started_at, result FROM source_syncs
             WHERE tenant_id = $1 AND source_id = $2 AND id <> $3 ORDER BY started_at DESC LIMIT 1
         ), unfinished AS (
             SELECT id, blind FROM latest
             WHERE NOT dry_run AND seeded_at IS NOT NULL AND result ->> 'ended_early' IN ('time_limit', 'put_off') AND started_at > $4
         ), adopted AS (
             UPDATE source_items i SET sync_id = $3,
                    status = CASE WHEN again THEN 'waiting' ELSE i.status END, reason = CASE WHEN again THEN NULL ELSE i.reason END, asked_again = i.asked_again OR again
             FROM (SELECT f.url, coalesce(f.status = 'failed' AND f.reason = ANY($5) AND NOT f.asked_again, false) AS again
                   FROM source_items f JOIN unfinished u ON f.sync_id = u.id WHERE f.tenant_id = $1 AND f.source_id = $2) AS found (url, again)
             WHERE i.tenant_id = $1 AND i.source_id = $2 AND i.url = found.url RETURNING i.status
         ), counted AS (
             SELECT count(*)::int AS found, count(*) FILTER (WHERE status <> 'waiting')::int AS looked_at FROM adopted
         )
         UPDATE source_syncs s SET seeded_at = now(), blind = u.blind, found = c.found, continued = c.looked_at
         FROM unfinished u, counted c WHERE s.tenant_id = $1 AND s.source_id = $2 AND s.id = $3",
    )
    .bind::<Uuid, _>(tx.tenant)
    .bind::<Uuid, _>(source.id)
    .bind::<Uuid, _>(held.id)
    .bind::<Timestamptz, _>(source.updated_at)
    .bind::<Array<Text>, _>(may_pass)
    .prepared()
    .execute(&mut tx.conn)
    .await?;
    Ok(continued > 0)
}

/// Something that leads to pages could not be read, or was cut off.
///
/// # Errors
/// [`StoreError::Query`].
pub async fn note_blind(tx: &mut TenantTx, sync: (SourceId, JobId)) -> Result<(), StoreError> {
    sql_query("UPDATE source_syncs SET blind = true WHERE tenant_id = $1 AND source_id = $2 AND id = $3 AND NOT blind")
        .bind::<Uuid, _>(tx.tenant)
        .bind::<Uuid, _>(sync.0)
        .bind::<Uuid, _>(sync.1)
        .prepared()
        .execute(&mut tx.conn)
        .await?;
    Ok(())
}

/// How many items of a sync ended in one way.
#[derive(Clone, Debug, QueryableByName)]
pub struct Reason {
    #[diesel(sql_type = Text)]
    pub status: String,
    #[diesel(sql_type = Text)]
    pub reason: String,
    #[diesel(sql_type = BigInt)]
    pub count: i64,
}

/// Why items of the sync were not taken, the most frequent reasons first.
///
/// # Errors
/// [`StoreError::Query`].
pub async fn reasons(tx: &mut TenantTx, source: SourceId, sync: JobId) -> Result<Vec<Reason>, StoreError> {
    Ok(sql_query(
        "SELECT status, reason, count(*) AS count FROM source_items
         WHERE tenant_id = $1 AND source_id = $2 AND sync_id = $3 AND reason IS NOT NULL
         GROUP BY status, reason ORDER BY count DESC, status, reason LIMIT 50",
    )
    .bind::<Uuid, _>(tx.tenant)
    .bind::<Uuid, _>(source)
    .bind::<Uuid, _>(sync)
    .prepared()
    .load(&mut tx.conn)
    .await?)
}

/// Ends the sync with its result, in the transaction that ends its job.
///
/// # Errors
/// [`StoreError::Query`].
pub async fn end(tx: &mut TenantTx, sync: (SourceId, JobId), result: &Value) -> Result<(), StoreError> {
    sql_query(
        "WITH ended AS (
             UPDATE source_syncs SET ended_at = now(), result = $4 WHERE tenant_id = $1 AND source_id = $2 AND id = $3 RETURNING dry_run
         )
         UPDATE sources SET last_sync_at = now() FROM ended WHERE tenant_id = $1 AND id = $2 AND NOT ended.dry_run",
    )
    .bind::<Uuid, _>(tx.tenant)
    .bind::<Uuid, _>(sync.0)
    .bind::<Uuid, _>(sync.1)
    .bind::<Jsonb, _>(result)
    .prepared()
    .execute(&mut tx.conn)
    .await?;
    // The latest hundred tell enough.
    sql_query(
        "DELETE FROM source_syncs WHERE tenant_id = $1 AND source_id = $2 AND id <= (
             SELECT id FROM source_syncs WHERE tenant_id = $1 AND source_id = $2 ORDER BY id DESC OFFSET 100 LIMIT 1)",
    )
    .bind::<Uuid, _>(tx.tenant)
    .bind::<Uuid, _>(sync.0)
    .prepared()
    .execute(&mut tx.conn)
    .await?;
    Ok(())
}
