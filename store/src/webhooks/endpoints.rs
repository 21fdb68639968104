use super::WebhookSecret;
use super::older_secrets::{EarlierSecret, MAX_EARLIER, earlier_secrets};
use crate::prepared::Prepare;
use crate::secrets::MasterKeys;
use crate::{StoreError, TenantTx, WebhookId};
use chrono::{DateTime, Utc};
use diesel::sql_types::{Array, BigInt, Binary, Bool, Nullable, Text, Timestamptz, Uuid};
use diesel::{QueryableByName, sql_query};
use diesel_async::RunQueryDsl;

/// A webhook, without its secrets.
#[derive(Clone, Debug, QueryableByName)]
pub struct Endpoint {
    #[diesel(sql_type = Uuid)]
    pub id: WebhookId,
    #[diesel(sql_type = Text)]
    pub url: String,
    #[diesel(sql_type = Text)]
    pub description: String,
    /// Of `EVENT_TYPES` and `EVENT_PATTERNS`.
    #[diesel(sql_type = Array<Text>)]
    pub events: Vec<String>,
    /// Only of jobs of these kinds; `None`: of any.
    #[diesel(sql_type = Nullable<Array<Text>>)]
    pub kinds: Option<Vec<String>>,
    #[diesel(sql_type = Bool)]
    pub enabled: bool,
    /// `failing` or `gone`, when we disabled it.
    #[diesel(sql_type = Nullable<Text>)]
    pub disabled_reason: Option<String>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    pub disabled_at: Option<DateTime<Utc>>,
    /// The first failed attempt since the last that succeeded.
    #[diesel(sql_type = Nullable<Timestamptz>)]
    pub failing_since: Option<DateTime<Utc>>,
    /// Until when the secret before the present one signs too. Those before it end sooner, each at its own time.
    #[diesel(sql_type = Nullable<Timestamptz>)]
    pub previous_secret_until: Option<DateTime<Utc>>,
    #[diesel(sql_type = Timestamptz)]
    pub created_at: DateTime<Utc>,
    #[diesel(sql_type = Timestamptz)]
    pub updated_at: DateTime<Utc>,
}

const COLUMNS: &str = "id, url, description, events, kinds, enabled, disabled_reason, disabled_at, failing_since,
    CASE WHEN previous_secret_until > now() THEN previous_secret_until END AS previous_secret_until, created_at, updated_at";

/// A webhook to be made.
#[derive(Clone, Debug)]
pub struct NewEndpoint {
    pub url: String,
    pub description: String,
    pub events: Vec<String>,
    pub kinds: Option<Vec<String>>,
    pub enabled: bool,
}

/// Makes a webhook, with a secret that nobody is shown again.
///
/// # Errors
/// [`StoreError::Conflict`] when the tenant has `limit` webhooks; [`StoreError::Seal`].
pub async fn create(
    tx: &mut TenantTx,
    key: &MasterKeys,
    new: &NewEndpoint,
    limit: i64,
) -> Result<(Endpoint, WebhookSecret), StoreError> {
    // One at a time, or two requests would each find room for one more.
    sql_query("SELECT pg_advisory_xact_lock(hashtextextended('webhooks of ' || $1::text, 0))")
        .bind::<Uuid, _>(tx.tenant)
        .prepared()
        .execute(&mut tx.conn)
        .await?;
    let (id, secret) = (WebhookId::generate(), WebhookSecret::generate()?);
    let sealed = secret.seal(key, tx.tenant, id)?;
    let made = sql_query(format!(
        "INSERT INTO webhook_endpoints (tenant_id, id, url, description, events, kinds, enabled, secret)
         SELECT $1, $2, $3, $4, $5, $6, $7, $8 WHERE (SELECT count(*) FROM webhook_endpoints WHERE tenant_id = $1) < $9
         RETURNING {COLUMNS}"
    ))
    .bind::<Uuid, _>(tx.tenant)
    .bind::<Uuid, _>(id)
    .bind::<Text, _>(&new.url)
    .bind::<Text, _>(&new.description)
    .bind::<Array<Text>, _>(&new.events)
    .bind::<Nullable<Array<Text>>, _>(new.kinds.as_ref())
    .bind::<Bool, _>(new.enabled)
    .bind::<Binary, _>(sealed)
    .bind::<BigInt, _>(limit)
    .prepared()
    .get_result(&mut tx.conn)
    .await;
    match made {
        Err(diesel::result::Error::NotFound) => Err(StoreError::Conflict {
            what: "the tenant has as many webhooks as it may have",
        }),
        made => Ok((made?, secret)),
    }
}

/// The tenant's webhooks, newest first.
///
/// # Errors
/// [`StoreError::Query`].
pub async fn list(tx: &mut TenantTx) -> Result<Vec<Endpoint>, StoreError> {
    Ok(sql_query(format!(
        "SELECT {COLUMNS} FROM webhook_endpoints WHERE tenant_id = $1 ORDER BY id DESC"
    ))
    .bind::<Uuid, _>(tx.tenant)
    .prepared()
    .load(&mut tx.conn)
    .await?)
}

/// # Errors
/// [`StoreError::NotFound`].
pub async fn find(tx: &mut TenantTx, id: WebhookId) -> Result<Endpoint, StoreError> {
    sql_query(format!(
        "SELECT {COLUMNS} FROM webhook_endpoints WHERE tenant_id = $1 AND id = $2"
    ))
    .bind::<Uuid, _>(tx.tenant)
    .bind::<Uuid, _>(id)
    .prepared()
    .get_result(&mut tx.conn)
    .await
    .map_err(|error| StoreError::or_not_found(error, "webhook"))
}

/// The same, held until the transaction ends: others that want to change it wait.
///
/// # Errors
/// [`StoreError::NotFound`].
pub async fn lock(tx: &mut TenantTx, id: WebhookId) -> Result<Endpoint, StoreError> {
    sql_query(format!(
        "SELECT {COLUMNS} FROM webhook_endpoints WHERE tenant_id = $1 AND id = $2 FOR NO KEY UPDATE"
    ))
    .bind::<Uuid, _>(tx.tenant)
    .bind::<Uuid, _>(id)
    .prepared()
    .get_result(&mut tx.conn)
    .await
    .map_err(|error| StoreError::or_not_found(error, "webhook"))
}

/// What is to be different; `None` stays as it is.
#[derive(Clone, Debug, Default)]
pub struct Changes {
    pub url: Option<String>,
    pub description: Option<String>,
    pub events: Option<Vec<String>>,
    /// `Some(None)`: of any kind.
    pub kinds: Option<Option<Vec<String>>>,
    pub enabled: Option<bool>,
}

/// Changes the webhook. One that is enabled again, or sent to another address, starts anew: it is failing no longer.
///
/// # Errors
/// [`StoreError::NotFound`].
pub async fn change(tx: &mut TenantTx, id: WebhookId, changes: &Changes) -> Result<Endpoint, StoreError> {
    sql_query(format!(
        "UPDATE webhook_endpoints SET
             url = coalesce($3, url), description = coalesce($4, description), events = coalesce($5, events),
             kinds = CASE WHEN $6 THEN $7 ELSE kinds END, enabled = coalesce($8, enabled),
             disabled_reason = CASE WHEN $8 THEN NULL ELSE disabled_reason END,
             disabled_at = CASE WHEN $8 THEN NULL ELSE disabled_at END,
             failing_since = CASE WHEN $8 OR $3 <> url THEN NULL ELSE failing_since END, updated_at = now()
         WHERE tenant_id = $1 AND id = $2 RETURNING {COLUMNS}"
    ))
    .bind::<Uuid, _>(tx.tenant)
    .bind::<Uuid, _>(id)
    .bind::<Nullable<Text>, _>(changes.url.as_deref())
    .bind::<Nullable<Text>, _>(changes.description.as_deref())
    .bind::<Nullable<Array<Text>>, _>(changes.events.as_ref())
    .bind::<Bool, _>(changes.kinds.is_some())
    .bind::<Nullable<Array<Text>>, _>(changes.kinds.as_ref().and_then(Option::as_ref))
    .bind::<Nullable<Bool>, _>(changes.enabled)
    .prepared()
    .get_result(&mut tx.conn)
    .await
    .map_err(|error| StoreError::or_not_found(error, "webhook"))
}

/// Gives the webhook a new secret; the one it has signs too for `grace_secs`, and so do those before it until their times are over, but for those that none of
/// the keys opens: nothing could be signed with them, and they would hold up every delivery.
///
/// # Errors
/// [`StoreError::NotFound`], [`StoreError::Seal`]; [`StoreError::Conflict`] when five sign still: a receiver that has one of them is promised its time.
pub async fn rotate_secret(
    tx: &mut TenantTx,
    key: &MasterKeys,
    id: WebhookId,
    grace_secs: i64,
) -> Result<(Endpoint, WebhookSecret), StoreError> {
    let EarlierSecret { secret: old, until } = sealed_secret(tx, id, grace_secs).await?;
    let keeps_old = WebhookSecret::open(key, tx.tenant, id, &old).is_ok();
    let mut earlier = earlier_secrets(tx, id).await?;
    earlier.retain(|one| WebhookSecret::open(key, tx.tenant, id, &one.secret).is_ok());
    if keeps_old {
        if earlier.len() >= MAX_EARLIER {
            return Err(StoreError::Conflict {
                what: "five earlier secrets of the webhook sign still; rotate again once the oldest of them has expired",
            });
        }
        earlier.insert(0, EarlierSecret { secret: old, until });
    }
    let mut earlier = earlier.into_iter();
    let previous = earlier.next();
    let (older, older_until): (Vec<Vec<u8>>, Vec<DateTime<Utc>>) = earlier.map(|one| (one.secret, one.until)).unzip();
    let secret = WebhookSecret::generate()?;
    let rotated = sql_query(format!(
        "UPDATE webhook_endpoints SET secret = $3, previous_secret = $4, previous_secret_until = $5, older_secrets = $6, older_secrets_until = $7,
                updated_at = now()
         WHERE tenant_id = $1 AND id = $2 RETURNING {COLUMNS}"
    ))
    .bind::<Uuid, _>(tx.tenant)
    .bind::<Uuid, _>(id)
    .bind::<Binary, _>(secret.seal(key, tx.tenant, id)?)
    .bind::<Nullable<Binary>, _>(previous.as_ref().map(|one| &one.secret))
    .bind::<Nullable<Timestamptz>, _>(previous.as_ref().map(|one| one.until))
    .bind::<Array<Binary>, _>(older)
    .bind::<Array<Timestamptz>, _>(older_until)
    .prepared()
    .get_result(&mut tx.conn)
    .await
    .map_err(|error| StoreError::or_not_found(error, "webhook"))?;
    Ok((rotated, secret))
}

/// The present one, and until when it would sign beside another. Held until the transaction ends.
async fn sealed_secret(tx: &mut TenantTx, id: WebhookId, grace_secs: i64) -> Result<EarlierSecret, StoreError> {
    sql_query(
        "SELECT secret, now() + $3 * interval '1 second' AS until FROM webhook_endpoints WHERE tenant_id = $1 AND id = $2 FOR NO KEY UPDATE",
    )
    .bind::<Uuid, _>(tx.tenant)
    .bind::<Uuid, _>(id)
    .bind::<BigInt, _>(grace_secs)
    .prepared()
    .get_result(&mut tx.conn)
    .await
    .map_err(|error| StoreError::or_not_found(error, "webhook"))
}

/// Deletes the webhook and the log of its deliveries; those under way end without being sent.
///
/// # Errors
/// [`StoreError::NotFound`].
pub async fn delete(tx: &mut TenantTx, id: WebhookId) -> Result<(), StoreError> {
    // Deliveries first: whoever ends one locks it before the webhook.
    delete_deliveries(tx, id).await?;
    let deleted = sql_query("DELETE FROM webhook_endpoints WHERE tenant_id = $1 AND id = $2")
        .bind::<Uuid, _>(tx.tenant)
        .bind::<Uuid, _>(id)
        .prepared()
        .execute(&mut tx.conn)
        .await?;
    if deleted == 0 {
        return Err(StoreError::NotFound { what: "webhook" });
    }
    // Those that were made meanwhile.
    delete_deliveries(tx, id).await
}

async fn delete_deliveries(tx: &mut TenantTx, id: WebhookId) -> Result<(), StoreError> {
    sql_query("DELETE FROM webhook_deliveries WHERE tenant_id = $1 AND endpoint_id = $2")
        .bind::<Uuid, _>(tx.tenant)
        .bind::<Uuid, _>(id)
        .prepared()
        .execute(&mut tx.conn)
        .await?;
    Ok(())
}
