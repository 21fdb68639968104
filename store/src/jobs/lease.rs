use super::places::batches;
use crate::prepared::Prepare;
use crate::store::Durability;
use crate::system::SystemTx;
use crate::{JobId, StoreError, System, TenantTx};
use diesel::sql_types::{Array, BigInt, Bool, Jsonb, Nullable, Text, Uuid};
use diesel::{OptionalExtension, QueryableByName, sql_query};
use diesel_async::RunQueryDsl;
use serde_json::Value;

/// A lease that this process believes to hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Held {
    pub id: JobId,
    pub lease_token: uuid::Uuid,
}

/// A lease that this process holds indeed, for another term.
#[derive(Clone, Debug, QueryableByName)]
pub struct RenewedLease {
    #[diesel(sql_type = Uuid)]
    pub id: JobId,
    #[diesel(sql_type = Uuid)]
    pub lease_token: uuid::Uuid,
    #[diesel(sql_type = Bool)]
    pub cancel_requested: bool,
}

impl RenewedLease {
    #[must_use]
    pub fn held(&self) -> Held {
        Held {
            id: self.id,
            lease_token: self.lease_token,
        }
    }
}

/// Renews the leases; those that do not come back are lost, or locked by a transaction that ends them or writes under them: see [`renew_locked`].
///
/// # Errors
/// [`StoreError`].
pub async fn renew(system: &System, held: &[Held], lease_ms: i64) -> Result<Vec<RenewedLease>, StoreError> {
    let mut renewed = Vec::with_capacity(held.len());
    for batch in batches(held, |held| held.id) {
        renewed.append(&mut renew_batch(system, &batch, lease_ms).await?);
    }
    Ok(renewed)
}

async fn renew_batch(system: &System, held: &[&Held], lease_ms: i64) -> Result<Vec<RenewedLease>, StoreError> {
    let (Some(first), Some(last)) = (held.first(), held.last()) else {
        return Ok(Vec::new());
    };
    // A renewal that a crash forgets only lets the lease end sooner.
    let mut tx = system.begin(Durability::Relaxed).await?;
    let renewed = sql_query(
        "WITH held AS (
             SELECT id FROM jobs
             WHERE id = ANY($1) AND id BETWEEN $3 AND $4 AND state = 'running' AND lease_token = $2[width_bucket(id, $1)]
             ORDER BY id FOR UPDATE SKIP LOCKED
         )
         UPDATE jobs SET lease_until = now() + $5 * interval '1 millisecond'
         WHERE id = ANY(ARRAY(SELECT id FROM held)) AND id BETWEEN $3 AND $4
         RETURNING id, lease_token, cancel_requested",
    )
    .bind::<Array<Uuid>, _>(held.iter().map(|held| held.id).collect::<Vec<_>>())
    .bind::<Array<Uuid>, _>(held.iter().map(|held| held.lease_token).collect::<Vec<_>>())
    .bind::<Uuid, _>(first.id)
    .bind::<Uuid, _>(last.id)
    .bind::<BigInt, _>(lease_ms)
    .prepared()
    .load(&mut tx.conn)
    .await?;
    tx.commit().await?;
    Ok(renewed)
}

/// Renews a lease that [`renew`] passed over, once whoever has its row locked is done; at most so many milliseconds later. `None`: it is lost.
///
/// # Errors
/// [`StoreError`], also when the row stays locked.
pub async fn renew_locked(
    system: &System,
    held: Held,
    lease_ms: i64,
    patience_ms: i64,
) -> Result<Option<RenewedLease>, StoreError> {
    let mut tx = system.begin(Durability::Relaxed).await?;
    sql_query("SELECT set_config('lock_timeout', $1, true)")
        .bind::<Text, _>(patience_ms.max(1).to_string())
        .prepared()
        .execute(&mut tx.conn)
        .await?;
    let renewed = sql_query(
        "UPDATE jobs SET lease_until = now() + $3 * interval '1 millisecond'
         WHERE id = $1 AND state = 'running' AND lease_token = $2 RETURNING id, lease_token, cancel_requested",
    )
    .bind::<Uuid, _>(held.id)
    .bind::<Uuid, _>(held.lease_token)
    .bind::<BigInt, _>(lease_ms)
    .prepared()
    .get_result(&mut tx.conn)
    .await
    .optional()?;
    tx.commit().await?;
    Ok(renewed)
}

/// The job has got on, in the transaction that keeps what it has done: whatever puts it off after this does so anew, and what it waited before does not count.
///
/// # Errors
/// [`StoreError::Query`].
pub(crate) async fn got_on(tx: &mut TenantTx, held: Held) -> Result<(), StoreError> {
    sql_query(
        "UPDATE jobs SET snooze = NULL WHERE tenant_id = $1 AND id = $2 AND lease_token = $3 AND snooze IS NOT NULL",
    )
    .bind::<Uuid, _>(tx.tenant)
    .bind::<Uuid, _>(held.id)
    .bind::<Uuid, _>(held.lease_token)
    .prepared()
    .execute(&mut tx.conn)
    .await?;
    Ok(())
}

/// What a running job says of how far it is.
#[derive(Clone, Debug)]
pub struct Progress {
    pub held: Held,
    /// `None` leaves what was written.
    pub progress: Option<Value>,
    /// Its steps, likewise.
    pub steps: Option<Value>,
    /// What it waits for without giving its slot away, from now on, as [`Outcome::Snoozed`](super::Outcome::Snoozed) says it; likewise. Nothing need say that it is over.
    pub waits: Option<Value>,
}

/// Writes progress and steps down, for those jobs whose lease still holds; returns those whose row is locked, and of which nothing was written. None is waited for: the others' rows would be
/// locked for as long.
///
/// # Errors
/// [`StoreError`].
pub async fn save_progress(system: &System, progress: &[Progress]) -> Result<Vec<JobId>, StoreError> {
    let mut locked = Vec::new();
    for batch in batches(progress, |progress| progress.held.id) {
        let mut retries = system.retries();
        loop {
            match save_batch(system, &batch).await {
                Err(StoreError::Query(error)) if retries.after_change(&error) => {}
                saved => break locked.append(&mut saved?),
            }
        }
    }
    Ok(locked)
}

#[derive(QueryableByName)]
struct Id {
    #[diesel(sql_type = Uuid)]
    id: JobId,
}

async fn save_batch(system: &System, progress: &[&Progress]) -> Result<Vec<JobId>, StoreError> {
    let (Some(first), Some(last)) = (progress.first(), progress.last()) else {
        return Ok(Vec::new());
    };
    let mut tx = system.begin_in_one_snapshot(Durability::Relaxed).await?;
    let written: Vec<Id> = sql_query(
        "WITH held AS (
             SELECT id FROM jobs
             WHERE id = ANY($1) AND id BETWEEN $4 AND $5 AND state = 'running' AND lease_token = $2[width_bucket(id, $1)]
             ORDER BY id FOR NO KEY UPDATE SKIP LOCKED
         ), written AS (
             UPDATE jobs SET progress = coalesce($3[width_bucket(id, $1)], progress), revision = revision + 1,
                    snooze = CASE WHEN $7[width_bucket(id, $1)] IS NULL THEN snooze ELSE coalesce(snooze, '{}') || jsonb_build_object('in_slot', $7[width_bucket(id, $1)] || jsonb_build_object(
                        'since', clock_timestamp(), 'until', clock_timestamp() + ($7[width_bucket(id, $1)] ->> 'limited_secs')::float8 * interval '1 second')) END
             WHERE id = ANY(ARRAY(SELECT id FROM held)) AND id BETWEEN $4 AND $5
             RETURNING tenant_id, id, $6[width_bucket(id, $1)] AS steps
         ), bodies AS (
             UPDATE job_bodies b SET steps = w.steps
             FROM written w WHERE b.tenant_id = w.tenant_id AND b.job_id = w.id AND b.job_id = ANY($1) AND b.job_id BETWEEN $4 AND $5 AND jsonb_typeof(w.steps) = 'array'
         )
         SELECT id FROM written",
    )
    .bind::<Array<Uuid>, _>(progress.iter().map(|p| p.held.id).collect::<Vec<_>>())
    .bind::<Array<Uuid>, _>(progress.iter().map(|p| p.held.lease_token).collect::<Vec<_>>())
    .bind::<Array<Nullable<Jsonb>>, _>(progress.iter().map(|p| p.progress.as_ref()).collect::<Vec<_>>())
    .bind::<Uuid, _>(first.held.id)
    .bind::<Uuid, _>(last.held.id)
    .bind::<Array<Nullable<Jsonb>>, _>(progress.iter().map(|p| p.steps.as_ref()).collect::<Vec<_>>())
    .bind::<Array<Nullable<Jsonb>>, _>(progress.iter().map(|p| p.waits.as_ref()).collect::<Vec<_>>())
    .prepared()
    .load(&mut tx.conn)
    .await?;
    let left: Vec<&&Progress> = progress
        .iter()
        .filter(|progress| !written.iter().any(|job| job.id == progress.held.id))
        .collect();
    let locked = still_held(&mut tx, &left).await?;
    tx.commit().await?;
    Ok(locked)
}

/// Those of them whose lease still holds.
async fn still_held(tx: &mut SystemTx, progress: &[&&Progress]) -> Result<Vec<JobId>, StoreError> {
    let (Some(first), Some(last)) = (progress.first(), progress.last()) else {
        return Ok(Vec::new());
    };
    let held: Vec<Id> = sql_query(
        "SELECT id FROM jobs
         WHERE id = ANY($1) AND id BETWEEN $3 AND $4 AND state = 'running' AND lease_token = $2[width_bucket(id, $1)]",
    )
    .bind::<Array<Uuid>, _>(progress.iter().map(|p| p.held.id).collect::<Vec<_>>())
    .bind::<Array<Uuid>, _>(progress.iter().map(|p| p.held.lease_token).collect::<Vec<_>>())
    .bind::<Uuid, _>(first.held.id)
    .bind::<Uuid, _>(last.held.id)
    .prepared()
    .load(&mut tx.conn)
    .await?;
    Ok(held.into_iter().map(|job| job.id).collect())
}
