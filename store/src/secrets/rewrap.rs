use super::{MasterKeys, SealError};
use crate::webhooks::{OLDER_SECRETS, OLDER_SECRETS_UNTIL, binding};
use crate::{Owner, StoreError, TenantId, WebhookId};
use chrono::{DateTime, Utc};
use diesel::sql_types::{Array, BigInt, Binary, Nullable, Timestamptz, Uuid};
use diesel::{QueryableByName, sql_query};
use diesel_async::{AnsiTransactionManager, RunQueryDsl, TransactionManager};

/// What one step through the sealed secrets found, and did.
#[derive(Debug, Default)]
pub struct Rewrapped {
    /// Under the present master key before.
    pub present: usize,
    /// Brought under it; on a dry run, to be brought.
    pub rewrapped: usize,
    /// Those that no key opens stay as they are.
    pub unopened: Vec<Unopened>,
    /// Where the next step begins; `None`: there is nothing more.
    pub next: Option<(TenantId, WebhookId)>,
}

/// A webhook of whose secrets that sign none of the keys opens one.
#[derive(Debug)]
pub struct Unopened {
    pub tenant: TenantId,
    pub webhook: WebhookId,
    pub error: SealError,
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Uuid)]
    tenant_id: TenantId,
    #[diesel(sql_type = Uuid)]
    id: WebhookId,
    #[diesel(sql_type = Binary)]
    secret: Vec<u8>,
    #[diesel(sql_type = Nullable<Binary>)]
    previous_secret: Option<Vec<u8>>,
    #[diesel(sql_type = Array<Binary>)]
    older_secrets: Vec<Vec<u8>>,
    #[diesel(sql_type = Array<Timestamptz>)]
    older_secrets_until: Vec<DateTime<Utc>>,
}

/// Brings the secrets of the `limit` webhooks behind `after` under the present master key, in one transaction; in a `dry` run only says what
/// it would do. What is done stays done: stopped half-way, it is begun again from the start.
///
/// # Errors
/// [`StoreError`]; then nothing of this step was written.
pub async fn rewrap_some(
    owner: &mut Owner,
    keys: &MasterKeys,
    after: Option<(TenantId, WebhookId)>,
    limit: i64,
    dry: bool,
) -> Result<Rewrapped, StoreError> {
    AnsiTransactionManager::begin_transaction(&mut owner.conn).await?;
    let done = step(owner, keys, after, limit, dry).await;
    match &done {
        Ok(_) => AnsiTransactionManager::commit_transaction(&mut owner.conn).await?,
        Err(_) => AnsiTransactionManager::rollback_transaction(&mut owner.conn).await?,
    }
    done
}

async fn step(
    owner: &mut Owner,
    keys: &MasterKeys,
    after: Option<(TenantId, WebhookId)>,
    limit: i64,
    dry: bool,
) -> Result<Rewrapped, StoreError> {
    // A former secret that signs no more is read by nobody, under whatever key it is.
    // Locked: a tenant that gives its webhook a new secret meanwhile waits, and its new secret stays.
    let rows: Vec<Row> = sql_query(format!(
        "SELECT tenant_id, id, secret, CASE WHEN previous_secret_until > now() THEN previous_secret END AS previous_secret,
                {OLDER_SECRETS}, {OLDER_SECRETS_UNTIL} FROM webhook_endpoints
         WHERE $1 IS NULL OR (tenant_id, id) > ($1, $2) ORDER BY tenant_id, id LIMIT $3 FOR NO KEY UPDATE"
    ))
    .bind::<Nullable<Uuid>, _>(after.map(|(tenant, _)| tenant))
    .bind::<Nullable<Uuid>, _>(after.map(|(_, webhook)| webhook))
    .bind::<BigInt, _>(limit)
    .load(&mut owner.conn)
    .await?;
    let full = i64::try_from(rows.len()).is_ok_and(|count| count == limit);
    let mut found = Rewrapped {
        next: rows.last().filter(|_| full).map(|row| (row.tenant_id, row.id)),
        ..Rewrapped::default()
    };
    for row in rows {
        match rewrap(keys, &row) {
            Ok(New {
                secret: None,
                previous: None,
                older: None,
            }) => found.present += 1,
            Ok(new) => {
                found.rewrapped += 1;
                if !dry {
                    write(owner, &row, new).await?;
                }
            }
            Err(error) => found.unopened.push(Unopened {
                tenant: row.tenant_id,
                webhook: row.id,
                error,
            }),
        }
    }
    Ok(found)
}

/// What is to be written; `None` where it is under the present key already.
struct New {
    secret: Option<Vec<u8>>,
    previous: Option<Vec<u8>>,
    older: Option<Vec<Vec<u8>>>,
}

fn rewrap(keys: &MasterKeys, row: &Row) -> Result<New, SealError> {
    let binding = binding(row.tenant_id, row.id);
    let previous = row.previous_secret.as_deref();
    let previous = previous.map(|sealed| keys.rewrap(binding, sealed)).transpose()?;
    let older = row.older_secrets.iter().map(|sealed| keys.rewrap(binding, sealed));
    let older: Vec<Option<Vec<u8>>> = older.collect::<Result<_, _>>()?;
    let any_older = older.iter().any(Option::is_some);
    let as_it_is = older.into_iter().zip(&row.older_secrets);
    Ok(New {
        secret: keys.rewrap(binding, &row.secret)?,
        previous: previous.flatten(),
        older: any_older.then(|| as_it_is.map(|(new, old)| new.unwrap_or_else(|| old.clone())).collect()),
    })
}

async fn write(owner: &mut Owner, row: &Row, new: New) -> Result<(), StoreError> {
    let older_until = new.older.is_some().then_some(&row.older_secrets_until);
    sql_query(
        "UPDATE webhook_endpoints SET secret = coalesce($3, secret), previous_secret = coalesce($4, previous_secret),
                older_secrets = coalesce($5, older_secrets), older_secrets_until = coalesce($6, older_secrets_until)
         WHERE tenant_id = $1 AND id = $2",
    )
    .bind::<Uuid, _>(row.tenant_id)
    .bind::<Uuid, _>(row.id)
    .bind::<Nullable<Binary>, _>(new.secret)
    .bind::<Nullable<Binary>, _>(new.previous)
    .bind::<Nullable<Array<Binary>>, _>(new.older)
    .bind::<Nullable<Array<Timestamptz>>, _>(older_until)
    .execute(&mut owner.conn)
    .await?;
    Ok(())
}
