//! What a tenant lets calls to its credentials take, and what they took.
use crate::prepared::Prepare;
use crate::{StoreError, TenantTx};
use chrono::{DateTime, Utc};
use diesel::sql_types::{BigInt, Bool, Integer, Nullable, Text, Timestamptz, Uuid};
use diesel::{OptionalExtension, QueryableByName, sql_query};
use diesel_async::RunQueryDsl;

/// The declared budget of one credential. In each field `None` is the installation's default, and 0 no limit.
#[derive(Clone, Debug, PartialEq, Eq, QueryableByName)]
pub struct Budget {
    #[diesel(sql_type = Text)]
    pub credential: String,
    #[diesel(sql_type = Nullable<Integer>)]
    pub requests_per_minute: Option<i32>,
    /// Requests at once; by default what the rate allows in a second.
    #[diesel(sql_type = Nullable<Integer>)]
    pub burst: Option<i32>,
    #[diesel(sql_type = Nullable<Integer>)]
    pub concurrency: Option<i32>,
    #[diesel(sql_type = Nullable<BigInt>)]
    pub tokens_per_minute: Option<i64>,
    /// Millionths of a US dollar, a day in UTC.
    #[diesel(sql_type = Nullable<BigInt>)]
    pub cost_micros_per_day: Option<i64>,
    #[diesel(sql_type = Timestamptz)]
    pub updated_at: DateTime<Utc>,
}

impl Budget {
    /// One that declares nothing.
    #[must_use]
    pub fn named(credential: impl Into<String>) -> Self {
        Self {
            credential: credential.into(),
            requests_per_minute: None,
            burst: None,
            concurrency: None,
            tokens_per_minute: None,
            cost_micros_per_day: None,
            updated_at: DateTime::UNIX_EPOCH,
        }
    }
}

/// What is to be different of a budget: in each field `None` stays as it was declared, and `Some(None)` is the installation's default.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    pub requests_per_minute: Option<Option<i32>>,
    pub burst: Option<Option<i32>>,
    pub concurrency: Option<Option<i32>>,
    pub tokens_per_minute: Option<Option<i64>>,
    pub cost_micros_per_day: Option<Option<i64>>,
}

impl From<&Budget> for Changes {
    /// All that it declares, and the installation's defaults for the rest.
    fn from(budget: &Budget) -> Self {
        Self {
            requests_per_minute: Some(budget.requests_per_minute),
            burst: Some(budget.burst),
            concurrency: Some(budget.concurrency),
            tokens_per_minute: Some(budget.tokens_per_minute),
            cost_micros_per_day: Some(budget.cost_micros_per_day),
        }
    }
}

/// Budgets a tenant may have: they are listed whole.
const MOST: i64 = 500;

const COLUMNS: &str =
    "credential, requests_per_minute, burst, concurrency, tokens_per_minute, cost_micros_per_day, updated_at";

/// # Errors
/// [`StoreError::Query`].
pub async fn find(tx: &mut TenantTx, credential: &str) -> Result<Option<Budget>, StoreError> {
    Ok(sql_query(format!(
        "SELECT {COLUMNS} FROM provider_budgets WHERE tenant_id = $1 AND credential = $2"
    ))
    .bind::<Uuid, _>(tx.tenant)
    .bind::<Text, _>(credential)
    .prepared()
    .get_result(&mut tx.conn)
    .await
    .optional()?)
}

/// The tenant's budgets, by credential.
///
/// # Errors
/// [`StoreError::Query`].
pub async fn list(tx: &mut TenantTx) -> Result<Vec<Budget>, StoreError> {
    Ok(sql_query(format!(
        "SELECT {COLUMNS} FROM provider_budgets WHERE tenant_id = $1 ORDER BY credential"
    ))
    .bind::<Uuid, _>(tx.tenant)
    .prepared()
    .load(&mut tx.conn)
    .await?)
}

/// Declares the budget of a credential, in place of an earlier one; `updated_at` is set.
///
/// # Errors
/// [`StoreError::Conflict`] when the tenant has too many.
pub async fn put(tx: &mut TenantTx, budget: &Budget) -> Result<Budget, StoreError> {
    change(tx, &budget.credential, &Changes::from(budget)).await
}

/// Changes the budget of a credential; where there was none, one that declares these numbers is. In one statement: of two changes at once neither is lost.
///
/// # Errors
/// [`StoreError::Conflict`] when the tenant has too many.
pub async fn change(tx: &mut TenantTx, credential: &str, changes: &Changes) -> Result<Budget, StoreError> {
    let changed = sql_query(format!(
        "INSERT INTO provider_budgets AS b (tenant_id, credential, requests_per_minute, burst, concurrency, tokens_per_minute, cost_micros_per_day)
         SELECT $1, $2, $3, $4, $5, $6, $7
         WHERE (SELECT count(*) FROM provider_budgets WHERE tenant_id = $1 AND credential <> $2) < {MOST}
         ON CONFLICT (tenant_id, credential) DO UPDATE SET
             requests_per_minute = CASE WHEN $8 THEN excluded.requests_per_minute ELSE b.requests_per_minute END,
             burst = CASE WHEN $9 THEN excluded.burst ELSE b.burst END,
             concurrency = CASE WHEN $10 THEN excluded.concurrency ELSE b.concurrency END,
             tokens_per_minute = CASE WHEN $11 THEN excluded.tokens_per_minute ELSE b.tokens_per_minute END,
             cost_micros_per_day = CASE WHEN $12 THEN excluded.cost_micros_per_day ELSE b.cost_micros_per_day END,
             updated_at = now()
         RETURNING {COLUMNS}"
    ))
    .bind::<Uuid, _>(tx.tenant)
    .bind::<Text, _>(credential)
    .bind::<Nullable<Integer>, _>(changes.requests_per_minute.flatten())
    .bind::<Nullable<Integer>, _>(changes.burst.flatten())
    .bind::<Nullable<Integer>, _>(changes.concurrency.flatten())
    .bind::<Nullable<BigInt>, _>(changes.tokens_per_minute.flatten())
    .bind::<Nullable<BigInt>, _>(changes.cost_micros_per_day.flatten())
    .bind::<Bool, _>(changes.requests_per_minute.is_some())
    .bind::<Bool, _>(changes.burst.is_some())
    .bind::<Bool, _>(changes.concurrency.is_some())
    .bind::<Bool, _>(changes.tokens_per_minute.is_some())
    .bind::<Bool, _>(changes.cost_micros_per_day.is_some())
    .prepared()
    .get_result(&mut tx.conn)
    .await
    .optional()?;
    changed.ok_or(StoreError::Conflict {
        what: "there are 500 budgets, and no more are kept",
    })
}

/// # Errors
/// [`StoreError::NotFound`].
pub async fn delete(tx: &mut TenantTx, credential: &str) -> Result<(), StoreError> {
    let deleted = sql_query("DELETE FROM provider_budgets WHERE tenant_id = $1 AND credential = $2")
        .bind::<Uuid, _>(tx.tenant)
        .bind::<Text, _>(credential)
        .prepared()
        .execute(&mut tx.conn)
        .await?;
    if deleted == 0 {
        return Err(StoreError::NotFound { what: "budget" });
    }
    Ok(())
}
