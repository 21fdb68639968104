use crate::prepared::Prepare;
use crate::store::Durability;
use crate::{JobId, StoreError, System};
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
    #[diesel(sql_type = Bool)]
    pub cancel_requested: bool,
}

/// Renews the leases; those that do not come back are lost, or locked by a transaction that ends them or writes under them: see [`renew_locked`].
///
/// # Errors
/// [`StoreError`].
pub async fn renew(system: &System, held: &[Held], lease_ms: i64) -> Result<Vec<RenewedLease>, StoreError> {
    let (ids, tokens) = columns(held);
    let (Some(smallest), Some(largest)) = (ids.iter().min(), ids.iter().max()) else {
        return Ok(Vec::new());
    };
    // A renewal that a crash forgets only lets the lease end sooner.
    let mut tx = system.begin(Durability::Relaxed).await?;
    let renewed = sql_query(
        "WITH held AS (
             SELECT j.id FROM jobs j JOIN unnest($1::uuid[], $2::uuid[]) AS h (id, token) ON h.id = j.id
             WHERE j.id = ANY($1) AND j.id BETWEEN $3 AND $4 AND j.state = 'running' AND j.lease_token = h.token
             ORDER BY j.id FOR UPDATE OF j SKIP LOCKED
         )
         UPDATE jobs j SET lease_until = now() + $5 * interval '1 millisecond'
         FROM held WHERE j.id = held.id
         RETURNING j.id, j.cancel_requested",
    )
    .bind::<Array<Uuid>, _>(&ids)
    .bind::<Array<Uuid>, _>(&tokens)
    .bind::<Uuid, _>(*smallest)
    .bind::<Uuid, _>(*largest)
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
         WHERE id = $1 AND state = 'running' AND lease_token = $2 RETURNING id, cancel_requested",
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

/// What a running job says of how far it is.
#[derive(Clone, Debug)]
pub struct Progress {
    pub held: Held,
    /// `None` leaves what was written.
    pub progress: Option<Value>,
    /// Its steps, likewise.
    pub steps: Option<Value>,
}

/// Writes progress and steps down, for those jobs whose lease still holds.
///
/// # Errors
/// [`StoreError`].
pub async fn save_progress(system: &System, progress: &[Progress]) -> Result<(), StoreError> {
    let held: Vec<Held> = progress.iter().map(|p| p.held).collect();
    let (ids, tokens) = columns(&held);
    let (Some(smallest), Some(largest)) = (ids.iter().min(), ids.iter().max()) else {
        return Ok(());
    };
    let mut tx = system.begin(Durability::Relaxed).await?;
    sql_query(
        "WITH held AS (
             UPDATE jobs j SET progress = coalesce(p.progress, j.progress), revision = revision + 1
             FROM unnest($1::uuid[], $2::uuid[], $3::jsonb[], $6::jsonb[]) AS p (id, token, progress, steps)
             WHERE j.id = p.id AND j.id = ANY($1) AND j.id BETWEEN $4 AND $5 AND j.state = 'running' AND j.lease_token = p.token
             RETURNING j.tenant_id, j.id, p.steps
         )
         UPDATE job_bodies b SET steps = h.steps
         FROM held h WHERE b.tenant_id = h.tenant_id AND b.job_id = h.id AND b.job_id = ANY($1) AND b.job_id BETWEEN $4 AND $5 AND h.steps IS NOT NULL",
    )
    .bind::<Array<Uuid>, _>(&ids)
    .bind::<Array<Uuid>, _>(&tokens)
    .bind::<Array<Nullable<Jsonb>>, _>(progress.iter().map(|p| p.progress.as_ref()).collect::<Vec<_>>())
    .bind::<Uuid, _>(*smallest)
    .bind::<Uuid, _>(*largest)
    .bind::<Array<Nullable<Jsonb>>, _>(progress.iter().map(|p| p.steps.as_ref()).collect::<Vec<_>>())
    .prepared()
    .execute(&mut tx.conn)
    .await?;
    tx.commit().await
}

fn columns(held: &[Held]) -> (Vec<JobId>, Vec<uuid::Uuid>) {
    held.iter().map(|h| (h.id, h.lease_token)).unzip()
}
