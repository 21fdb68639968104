//! What is paused: by a tenant for itself, or by an operator for everybody.
use crate::prepared::Prepare;
use crate::{Owner, PauseId, StoreError, System, TenantId, TenantTx};
use chrono::{DateTime, Utc};
use diesel::sql_types::{Nullable, Text, Timestamptz, Uuid};
use diesel::{QueryableByName, sql_query};
use diesel_async::RunQueryDsl;
use serde::Serialize;

/// Whether the job `j` is held back by a pause. There are few pauses, and mostly none. Who may have a job run at once is its tenant: that does not lead past what an
/// operator has paused of this tenant.
pub(crate) const IS_PAUSED: &str = "(EXISTS (SELECT FROM tenant_pauses p WHERE p.tenant_id = j.tenant_id AND coalesce(p.kind = j.kind, true))
        OR NOT j.forced AND (
            EXISTS (SELECT FROM operator_pauses p WHERE coalesce(p.pool = j.pool, true) AND coalesce(p.kind = j.kind, true))
            OR EXISTS (SELECT FROM pauses p WHERE p.tenant_id = j.tenant_id AND coalesce(p.kind = j.kind, true))))";

/// A pause of one tenant's jobs, as that tenant sees it.
#[derive(Clone, Debug, QueryableByName)]
pub struct Pause {
    /// `None`: an operator's.
    #[diesel(sql_type = Nullable<Uuid>)]
    pub id: Option<PauseId>,
    /// Every kind when `None`.
    #[diesel(sql_type = Nullable<Text>)]
    pub kind: Option<String>,
    #[diesel(sql_type = Text)]
    pub reason: String,
    #[diesel(sql_type = Timestamptz)]
    pub created_at: DateTime<Utc>,
}

/// Holds back the tenant's jobs, or those of one kind. Running ones go on.
///
/// # Errors
/// [`StoreError::Conflict`] when that is paused already.
pub async fn create(tx: &mut TenantTx, kind: Option<&str>, reason: &str) -> Result<Pause, StoreError> {
    sql_query("INSERT INTO pauses (tenant_id, id, kind, reason) VALUES ($1, $2, $3, $4) RETURNING id, kind, reason, created_at")
        .bind::<Uuid, _>(tx.tenant)
        .bind::<Uuid, _>(PauseId::generate())
        .bind::<Nullable<Text>, _>(kind)
        .bind::<Text, _>(reason)
        .prepared()
        .get_result(&mut tx.conn)
        .await
        .map_err(|error| StoreError::or_conflict(error, "that is paused already"))
}

/// The tenant's pauses, and what an operator has paused of it, newest first.
///
/// # Errors
/// [`StoreError::Query`].
pub async fn list(tx: &mut TenantTx) -> Result<Vec<Pause>, StoreError> {
    Ok(sql_query(
        "SELECT id, kind, reason, created_at FROM pauses WHERE tenant_id = $1
             UNION ALL SELECT NULL, kind, reason, created_at FROM tenant_pauses WHERE tenant_id = $1
             ORDER BY created_at DESC, id DESC",
    )
    .bind::<Uuid, _>(tx.tenant)
    .prepared()
    .load(&mut tx.conn)
    .await?)
}

/// Lets go what a pause of the tenant's own held back.
///
/// # Errors
/// [`StoreError::NotFound`].
pub async fn delete(tx: &mut TenantTx, id: PauseId) -> Result<(), StoreError> {
    let deleted = sql_query("DELETE FROM pauses WHERE tenant_id = $1 AND id = $2")
        .bind::<Uuid, _>(tx.tenant)
        .bind::<Uuid, _>(id)
        .prepared()
        .execute(&mut tx.conn)
        .await?;
    if deleted == 0 {
        return Err(StoreError::NotFound { what: "pause" });
    }
    Ok(())
}

/// What an operator pauses.
#[derive(Clone, Debug)]
pub enum Target<'a> {
    /// A pool, a kind, or a kind in a pool, for every tenant.
    Everybody {
        pool: Option<&'a str>,
        kind: Option<&'a str>,
    },
    /// A tenant, or one kind of its jobs.
    Tenant { tenant: TenantId, kind: Option<&'a str> },
}

/// # Errors
/// [`StoreError::Conflict`] when an operator has paused that already; what a tenant has paused itself is beside it.
pub async fn pause(owner: &mut Owner, target: &Target<'_>, reason: &str) -> Result<(), StoreError> {
    let inserted = match target {
        Target::Everybody { pool, kind } => {
            sql_query("INSERT INTO operator_pauses (id, pool, kind, reason) VALUES ($1, $2, $3, $4)")
                .bind::<Uuid, _>(PauseId::generate())
                .bind::<Nullable<Text>, _>(pool)
                .bind::<Nullable<Text>, _>(kind)
                .bind::<Text, _>(reason)
                .execute(&mut owner.conn)
                .await
        }
        Target::Tenant { tenant, kind } => {
            sql_query("INSERT INTO tenant_pauses (id, tenant_id, kind, reason) VALUES ($1, $2, $3, $4)")
                .bind::<Uuid, _>(PauseId::generate())
                .bind::<Uuid, _>(tenant)
                .bind::<Nullable<Text>, _>(kind)
                .bind::<Text, _>(reason)
                .execute(&mut owner.conn)
                .await
        }
    };
    inserted
        .map(drop)
        .map_err(|error| StoreError::or_conflict(error, "that is paused already"))
}

/// # Errors
/// [`StoreError::NotFound`] when no operator has paused that.
pub async fn resume(owner: &mut Owner, target: &Target<'_>) -> Result<(), StoreError> {
    let deleted = match target {
        Target::Everybody { pool, kind } => {
            sql_query("DELETE FROM operator_pauses WHERE pool IS NOT DISTINCT FROM $1 AND kind IS NOT DISTINCT FROM $2")
                .bind::<Nullable<Text>, _>(pool)
                .bind::<Nullable<Text>, _>(kind)
                .execute(&mut owner.conn)
                .await?
        }
        Target::Tenant { tenant, kind } => {
            sql_query("DELETE FROM tenant_pauses WHERE tenant_id = $1 AND kind IS NOT DISTINCT FROM $2")
                .bind::<Uuid, _>(tenant)
                .bind::<Nullable<Text>, _>(kind)
                .execute(&mut owner.conn)
                .await?
        }
    };
    if deleted == 0 {
        return Err(StoreError::NotFound { what: "pause" });
    }
    Ok(())
}

/// One pause, as an operator sees it.
#[derive(Clone, Debug, Serialize, QueryableByName)]
pub struct AnyPause {
    #[diesel(sql_type = Nullable<Text>)]
    pub tenant: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    pub pool: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    pub kind: Option<String>,
    #[diesel(sql_type = Text)]
    pub reason: String,
    /// `tenant` or `operator`.
    #[diesel(sql_type = Text)]
    pub set_by: String,
    #[diesel(sql_type = Timestamptz)]
    pub created_at: DateTime<Utc>,
}

/// Every pause there is, oldest first.
///
/// # Errors
/// [`StoreError::Query`].
pub async fn list_all(owner: &mut Owner) -> Result<Vec<AnyPause>, StoreError> {
    Ok(sql_query(
        "SELECT NULL AS tenant, pool, kind, reason, 'operator' AS set_by, created_at FROM operator_pauses
         UNION ALL SELECT t.name, NULL, p.kind, p.reason, 'operator', p.created_at FROM tenant_pauses p JOIN tenants t ON t.id = p.tenant_id
         UNION ALL SELECT t.name, NULL, p.kind, p.reason, 'tenant', p.created_at FROM pauses p JOIN tenants t ON t.id = p.tenant_id
         ORDER BY created_at",
    )
    .load(&mut owner.conn)
    .await?)
}

#[derive(QueryableByName)]
struct Fingerprint {
    #[diesel(sql_type = Text)]
    value: String,
}

/// Changes when what is paused does.
///
/// # Errors
/// [`StoreError`].
pub async fn fingerprint(system: &System) -> Result<String, StoreError> {
    let mut tx = system.begin(crate::Durability::Relaxed).await?;
    let found: Fingerprint = sql_query(
        "SELECT coalesce(md5(string_agg(id::text, ',' ORDER BY id)), '') AS value
         FROM (SELECT id FROM pauses UNION ALL SELECT id FROM operator_pauses UNION ALL SELECT id FROM tenant_pauses) AS every",
    )
    .prepared()
    .get_result(&mut tx.conn)
    .await?;
    tx.commit().await?;
    Ok(found.value)
}
