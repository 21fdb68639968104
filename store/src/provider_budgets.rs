//! What a tenant lets calls to its credentials take, and what they took.
use crate::prepared::Prepare;
use crate::{StoreError, TenantTx};
use chrono::{DateTime, Utc};
use diesel::sql_types::{BigInt, Integer, Nullable, Text, Timestamptz, Uuid};
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
    let put = sql_query(format!(
        "INSERT INTO provider_budgets (tenant_id, credential, requests_per_minute, burst, concurrency, tokens_per_minute, cost_micros_per_day)
         SELECT $1, $2, $3, $4, $5, $6, $7
         WHERE (SELECT count(*) FROM provider_budgets WHERE tenant_id = $1 AND credential <> $2) < {MOST}
         ON CONFLICT (tenant_id, credential) DO UPDATE SET requests_per_minute = excluded.requests_per_minute, burst = excluded.burst,
             concurrency = excluded.concurrency, tokens_per_minute = excluded.tokens_per_minute,
             cost_micros_per_day = excluded.cost_micros_per_day, updated_at = now()
         RETURNING {COLUMNS}"
    ))
    .bind::<Uuid, _>(tx.tenant)
    .bind::<Text, _>(&budget.credential)
    .bind::<Nullable<Integer>, _>(budget.requests_per_minute)
    .bind::<Nullable<Integer>, _>(budget.burst)
    .bind::<Nullable<Integer>, _>(budget.concurrency)
    .bind::<Nullable<BigInt>, _>(budget.tokens_per_minute)
    .bind::<Nullable<BigInt>, _>(budget.cost_micros_per_day)
    .prepared()
    .get_result(&mut tx.conn)
    .await
    .optional()?;
    put.ok_or(StoreError::Conflict {
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
