//! Shares and limits: what operators grant tenants and kinds, and what a tenant sets for itself. Redis keeps them; see `workers`.
use crate::prepared::Prepare;
use crate::{LimitId, Owner, StoreError, System, TenantId, TenantTx};
use chrono::{DateTime, Utc};
use diesel::sql_types::{Integer, Nullable, Text, Timestamptz, Uuid};
use diesel::{QueryableByName, sql_query};
use diesel_async::RunQueryDsl;
use serde::Serialize;

/// A limit as its tenant sees it.
#[derive(Clone, Debug, QueryableByName)]
pub struct Limit {
    /// `None`: an operator's.
    #[diesel(sql_type = Nullable<Uuid>)]
    pub id: Option<LimitId>,
    #[diesel(sql_type = Nullable<Text>)]
    pub kind: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    pub pool: Option<String>,
    #[diesel(sql_type = Nullable<Integer>)]
    pub max_running: Option<i32>,
    #[diesel(sql_type = Nullable<Integer>)]
    pub weight: Option<i32>,
    #[diesel(sql_type = Timestamptz)]
    pub created_at: DateTime<Utc>,
}

/// Lets at most `max_running` of the tenant's jobs of this kind run at once. Said again for a kind, it takes the place of what was said before.
///
/// # Errors
/// [`StoreError::Query`].
pub async fn set(tx: &mut TenantTx, kind: &str, max_running: i32) -> Result<Limit, StoreError> {
    Ok(sql_query(
        "INSERT INTO limits (tenant_id, id, kind, max_running) VALUES ($1, $2, $3, $4)
         ON CONFLICT (tenant_id, kind) DO UPDATE SET max_running = excluded.max_running
         RETURNING id, kind, NULL AS pool, max_running, NULL::int AS weight, created_at",
    )
    .bind::<Uuid, _>(tx.tenant)
    .bind::<Uuid, _>(LimitId::generate())
    .bind::<Text, _>(kind)
    .bind::<Integer, _>(max_running)
    .prepared()
    .get_result(&mut tx.conn)
    .await?)
}

/// What limits the tenant: its own limits, and what an operator has set for it or for everybody, newest first.
///
/// # Errors
/// [`StoreError::Query`].
pub async fn list(tx: &mut TenantTx) -> Result<Vec<Limit>, StoreError> {
    Ok(sql_query(
        "SELECT * FROM (
             SELECT id, kind, NULL AS pool, max_running, NULL::int AS weight, created_at FROM limits WHERE tenant_id = $1
             UNION ALL SELECT NULL, NULL, pool, max_running, weight, created_at FROM tenant_limits WHERE tenant_id = $1
             UNION ALL SELECT NULL, kind, NULL, max_running, NULL, created_at FROM kind_limits) every
         ORDER BY created_at DESC, kind, pool",
    )
    .bind::<Uuid, _>(tx.tenant)
    .prepared()
    .load(&mut tx.conn)
    .await?)
}

/// # Errors
/// [`StoreError::NotFound`].
pub async fn delete(tx: &mut TenantTx, id: LimitId) -> Result<(), StoreError> {
    let deleted = sql_query("DELETE FROM limits WHERE tenant_id = $1 AND id = $2")
        .bind::<Uuid, _>(tx.tenant)
        .bind::<Uuid, _>(id)
        .prepared()
        .execute(&mut tx.conn)
        .await?;
    found(deleted)
}

/// What an operator limits.
#[derive(Clone, Copy, Debug)]
pub enum Target<'a> {
    /// A kind, of all tenants together.
    Kind(&'a str),
    /// A tenant, in one pool.
    Tenant { tenant: TenantId, pool: &'a str },
}

/// `weight`: the tenant's turns, from 1 to 100. What is `None` stays as it was granted before, or is 1 turn and no limit.
///
/// # Errors
/// [`StoreError::Query`].
pub async fn grant(
    owner: &mut Owner,
    target: Target<'_>,
    weight: Option<i32>,
    max_running: Option<i32>,
) -> Result<(), StoreError> {
    match target {
        Target::Kind(kind) => {
            sql_query(
                "INSERT INTO kind_limits (kind, max_running) VALUES ($1, $2)
                 ON CONFLICT (kind) DO UPDATE SET max_running = excluded.max_running",
            )
            .bind::<Text, _>(kind)
            .bind::<Nullable<Integer>, _>(max_running)
            .execute(&mut owner.conn)
            .await?
        }
        Target::Tenant { tenant, pool } => {
            sql_query(
                "INSERT INTO tenant_limits (tenant_id, pool, weight, max_running) VALUES ($1, $2, coalesce($3, 1), $4)
                 ON CONFLICT (tenant_id, pool) DO UPDATE
                 SET weight = coalesce($3, tenant_limits.weight), max_running = coalesce($4, tenant_limits.max_running)",
            )
            .bind::<Uuid, _>(tenant)
            .bind::<Text, _>(pool)
            .bind::<Nullable<Integer>, _>(weight)
            .bind::<Nullable<Integer>, _>(max_running)
            .execute(&mut owner.conn)
            .await?
        }
    };
    Ok(())
}

/// # Errors
/// [`StoreError::NotFound`] when nothing was granted.
pub async fn withdraw(owner: &mut Owner, target: Target<'_>) -> Result<(), StoreError> {
    let deleted = match target {
        Target::Kind(kind) => {
            sql_query("DELETE FROM kind_limits WHERE kind = $1")
                .bind::<Text, _>(kind)
                .execute(&mut owner.conn)
                .await?
        }
        Target::Tenant { tenant, pool } => {
            sql_query("DELETE FROM tenant_limits WHERE tenant_id = $1 AND pool = $2")
                .bind::<Uuid, _>(tenant)
                .bind::<Text, _>(pool)
                .execute(&mut owner.conn)
                .await?
        }
    };
    found(deleted)
}

/// One limit, as an operator sees it.
#[derive(Clone, Debug, Serialize, QueryableByName)]
pub struct AnyLimit {
    #[diesel(sql_type = Nullable<Text>)]
    pub tenant: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    pub pool: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    pub kind: Option<String>,
    #[diesel(sql_type = Nullable<Integer>)]
    pub weight: Option<i32>,
    #[diesel(sql_type = Nullable<Integer>)]
    pub max_running: Option<i32>,
    /// `tenant` or `operator`.
    #[diesel(sql_type = Text)]
    pub set_by: String,
    #[diesel(sql_type = Timestamptz)]
    pub created_at: DateTime<Utc>,
}

/// Every limit there is, oldest first.
///
/// # Errors
/// [`StoreError::Query`].
pub async fn list_all(owner: &mut Owner) -> Result<Vec<AnyLimit>, StoreError> {
    Ok(sql_query(
        "SELECT NULL AS tenant, NULL AS pool, kind, NULL::int AS weight, max_running, 'operator' AS set_by, created_at FROM kind_limits
         UNION ALL SELECT t.name, l.pool, NULL, l.weight, l.max_running, 'operator', l.created_at
                   FROM tenant_limits l JOIN tenants t ON t.id = l.tenant_id
         UNION ALL SELECT t.name, NULL, l.kind, NULL, l.max_running, 'tenant', l.created_at FROM limits l JOIN tenants t ON t.id = l.tenant_id
         ORDER BY created_at",
    )
    .load(&mut owner.conn)
    .await?)
}

/// One limit, as it is to be kept.
#[derive(Clone, Debug, QueryableByName)]
pub struct InForce {
    #[diesel(sql_type = Nullable<Uuid>)]
    pub tenant_id: Option<TenantId>,
    /// `None`: the pool that its kind belongs to.
    #[diesel(sql_type = Nullable<Text>)]
    pub pool: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    pub kind: Option<String>,
    #[diesel(sql_type = Nullable<Integer>)]
    pub weight: Option<i32>,
    #[diesel(sql_type = Nullable<Integer>)]
    pub max_running: Option<i32>,
}

/// Every limit there is.
///
/// # Errors
/// [`StoreError`].
pub async fn in_force(system: &System) -> Result<Vec<InForce>, StoreError> {
    let mut conn = system.checkout().await?;
    Ok(sql_query(
        "SELECT NULL::uuid AS tenant_id, NULL AS pool, kind, NULL::int AS weight, max_running FROM kind_limits
         UNION ALL SELECT tenant_id, pool, NULL, weight, max_running FROM tenant_limits
         UNION ALL SELECT tenant_id, NULL, kind, NULL, max_running FROM limits",
    )
    .prepared()
    .load(&mut conn)
    .await?)
}

fn found(deleted: usize) -> Result<(), StoreError> {
    match deleted {
        0 => Err(StoreError::NotFound { what: "limit" }),
        _ => Ok(()),
    }
}
