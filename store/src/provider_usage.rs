//! What calls to the outside cost: a row for each credential and day, and the sum of each job.
use crate::jobs::Held;
use crate::prepared::Prepare;
use crate::store::Durability;
use crate::{StoreError, System, TenantTx};
use diesel::sql_types::{Array, BigInt, Integer, Nullable, Text, Uuid};
use diesel::{OptionalExtension, QueryableByName, sql_query};
use diesel_async::RunQueryDsl;

/// What one day's calls to a credential took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    pub tokens: i64,
    /// Millionths of a US dollar.
    pub cost_micros: i64,
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Text)]
    credential: String,
    #[diesel(sql_type = BigInt)]
    tokens: i64,
    #[diesel(sql_type = BigInt)]
    cost_micros: i64,
}

impl Row {
    fn usage(&self) -> Usage {
        Usage {
            tokens: self.tokens,
            cost_micros: self.cost_micros,
        }
    }
}

/// SQL: the day that `$2` says, so many after 1970-01-01; without one, today by Postgres' clock.
const DAY: &str = "coalesce(DATE '1970-01-01' + $2, (now() AT TIME ZONE 'UTC')::date)";

/// What the credential took today (UTC).
///
/// # Errors
/// [`StoreError::Query`].
pub async fn today(tx: &mut TenantTx, credential: &str) -> Result<Usage, StoreError> {
    on(tx, credential, None).await
}

/// What the credential took on a day (UTC), so many after 1970-01-01: for whoever goes by another clock than Postgres'.
///
/// # Errors
/// [`StoreError::Query`].
pub async fn on_day(tx: &mut TenantTx, credential: &str, day: i32) -> Result<Usage, StoreError> {
    on(tx, credential, Some(day)).await
}

async fn on(tx: &mut TenantTx, credential: &str, day: Option<i32>) -> Result<Usage, StoreError> {
    let row: Option<Row> = sql_query(format!(
        "SELECT credential, tokens, cost_micros FROM provider_usage WHERE tenant_id = $1 AND credential = $3 AND day = {DAY}"
    ))
    .bind::<Uuid, _>(tx.tenant)
    .bind::<Nullable<Integer>, _>(day)
    .bind::<Text, _>(credential)
    .prepared()
    .get_result(&mut tx.conn)
    .await
    .optional()?;
    Ok(row.map(|row| row.usage()).unwrap_or_default())
}

/// What each credential took today (UTC), up to 500 of them; those that took nothing are missing.
///
/// # Errors
/// [`StoreError::Query`].
pub async fn all_today(tx: &mut TenantTx) -> Result<Vec<(String, Usage)>, StoreError> {
    let rows: Vec<Row> = sql_query(
        "SELECT credential, tokens, cost_micros FROM provider_usage
         WHERE tenant_id = $1 AND day = (now() AT TIME ZONE 'UTC')::date ORDER BY credential LIMIT 500",
    )
    .bind::<Uuid, _>(tx.tenant)
    .prepared()
    .load(&mut tx.conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| (row.credential.clone(), row.usage()))
        .collect())
}

/// What each of the credentials took today (UTC) of all tenants together; those that took nothing are missing.
///
/// # Errors
/// [`StoreError::Query`].
pub async fn today_of_all(system: &System, credentials: &[&str]) -> Result<Vec<(String, Usage)>, StoreError> {
    on_of_all(system, credentials, None).await
}

/// The same of a day (UTC), so many after 1970-01-01.
///
/// # Errors
/// [`StoreError::Query`].
pub async fn on_day_of_all(
    system: &System,
    credentials: &[&str],
    day: i32,
) -> Result<Vec<(String, Usage)>, StoreError> {
    on_of_all(system, credentials, Some(day)).await
}

async fn on_of_all(
    system: &System,
    credentials: &[&str],
    day: Option<i32>,
) -> Result<Vec<(String, Usage)>, StoreError> {
    let mut tx = system.begin(Durability::Relaxed).await?;
    let rows: Vec<Row> = sql_query(format!(
        "SELECT credential, sum(tokens)::bigint AS tokens, sum(cost_micros)::bigint AS cost_micros FROM provider_usage
         WHERE credential = ANY($1) AND day = {DAY} GROUP BY credential"
    ))
    .bind::<Array<Text>, _>(credentials)
    .bind::<Nullable<Integer>, _>(day)
    .prepared()
    .load(&mut tx.conn)
    .await?;
    tx.commit().await?;
    Ok(rows
        .into_iter()
        .map(|row| (row.credential.clone(), row.usage()))
        .collect())
}

/// Writes down what a call took, and forgets days that are more than a year old: for its credential and, while this worker holds it, for its job. The money is spent whoever holds the job.
///
/// # Errors
/// [`StoreError::Query`].
pub async fn add(tx: &mut TenantTx, held: Held, credential: &str, usage: Usage) -> Result<(), StoreError> {
    sql_query(
        "WITH of_job AS (
             UPDATE jobs SET cost_microusd = cost_microusd + $5 WHERE tenant_id = $1 AND id = $2 AND lease_token = $3 AND $5 > 0
         ), old AS (
             DELETE FROM provider_usage WHERE tenant_id = $1 AND credential = $4 AND day < (now() AT TIME ZONE 'UTC')::date - 400
         )
         INSERT INTO provider_usage AS u (tenant_id, credential, day, calls, tokens, cost_micros)
         VALUES ($1, $4, (now() AT TIME ZONE 'UTC')::date, 1, $6, $5)
         ON CONFLICT (tenant_id, credential, day) DO UPDATE
             SET calls = u.calls + 1, tokens = u.tokens + $6, cost_micros = u.cost_micros + $5",
    )
    .bind::<Uuid, _>(tx.tenant)
    .bind::<Uuid, _>(held.id)
    .bind::<Uuid, _>(held.lease_token)
    .bind::<Text, _>(credential)
    .bind::<BigInt, _>(usage.cost_micros)
    .bind::<BigInt, _>(usage.tokens)
    .prepared()
    .execute(&mut tx.conn)
    .await?;
    Ok(())
}
