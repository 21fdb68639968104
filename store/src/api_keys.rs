//! API keys. The secret is shown once, when the key is made; only its SHA-256 is stored.
use crate::prepared::Prepare;
use crate::schema::api_keys;
use crate::{ApiKeyId, Owner, Store, StoreError, TenantId, TenantTx};
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Array, Bool, Bytea, Nullable, Text, Uuid};
use diesel_async::RunQueryDsl;
use serde::Serialize;
use sha2::{Digest, Sha256};

/// A key as its owner sees it: everything but the secret.
#[derive(Clone, Debug, Serialize, HasQuery)]
pub struct ApiKey {
    pub id: ApiKeyId,
    pub name: String,
    /// `secret` or `publishable`.
    pub kind: String,
    /// The first characters of the key, to tell it from others.
    pub hint: String,
    pub scopes: Vec<String>,
    pub allowed_origins: Vec<String>,
    pub allow_no_origin: bool,
    /// Its tier of request limits; `None`: the default one.
    pub rate_tier: Option<String>,
    pub created_at: DateTime<Utc>,
    pub expires_at: Option<DateTime<Utc>>,
    pub revoked_at: Option<DateTime<Utc>>,
    pub last_used_at: Option<DateTime<Utc>>,
}

/// What a new key may do.
#[derive(Clone, Debug)]
pub struct NewApiKey<'a> {
    pub name: &'a str,
    pub kind: &'a str,
    pub secret: &'a str,
    pub scopes: &'a [String],
    pub allowed_origins: &'a [String],
    pub allow_no_origin: bool,
    pub rate_tier: Option<&'a str>,
    pub expires_at: Option<DateTime<Utc>>,
}

/// What is known of a caller once the key has been found: enough to authorise, nothing to leak.
#[derive(Clone, Debug, QueryableByName)]
pub struct FoundKey {
    #[diesel(sql_type = Uuid)]
    pub tenant_id: TenantId,
    #[diesel(sql_type = Uuid)]
    pub id: ApiKeyId,
    #[diesel(sql_type = Text)]
    pub kind: String,
    #[diesel(sql_type = Array<Text>)]
    pub scopes: Vec<String>,
    #[diesel(sql_type = Array<Text>)]
    pub allowed_origins: Vec<String>,
    #[diesel(sql_type = Bool)]
    pub allow_no_origin: bool,
    /// Whether `last_used_at` is more than a minute old.
    #[diesel(sql_type = Bool)]
    pub stale: bool,
    /// Its tier of request limits; `None`: the default one.
    #[diesel(sql_type = Nullable<Text>)]
    pub rate_tier: Option<String>,
}

/// SHA-256 of a key as sent. 256 random bits need neither salt nor stretching.
#[must_use]
pub fn hash(secret: &str) -> [u8; 32] {
    Sha256::digest(secret.as_bytes()).into()
}

/// Whose key is this? Expired and revoked keys are not found.
///
/// # Errors
/// [`StoreError::NotFound`] for any key that may not be used.
pub async fn find(store: &Store, secret: &str) -> Result<FoundKey, StoreError> {
    let mut tries = store.connections().0 + 1;
    loop {
        let mut conn = store.before_tenant().await?;
        let found = diesel::sql_query(
            "SELECT tenant_id, id, kind, scopes, allowed_origins, allow_no_origin, stale, rate_tier FROM look_up_api_key($1)",
        )
            .bind::<Bytea, _>(hash(secret).as_slice())
            .prepared()
            .get_result(&mut *conn)
            .await
            .map_err(|error| StoreError::or_not_found(error, "API key"));
        match found {
            // An idle connection that a restart of Postgres closed; reading again is safe.
            Err(error) if error.is_transient() && tries > 0 && !conn.is_given_up() => tries -= 1,
            found => return found,
        }
    }
}

/// Notes that the key was used now.
///
/// # Errors
/// [`StoreError::Query`].
pub async fn touch(tx: &mut TenantTx, id: ApiKeyId) -> Result<(), StoreError> {
    diesel::update(
        api_keys::table
            .filter(api_keys::tenant_id.eq(tx.tenant))
            .filter(api_keys::id.eq(id)),
    )
    .set(api_keys::last_used_at.eq(diesel::dsl::now))
    .execute(&mut tx.conn)
    .await?;
    Ok(())
}

/// Stores a key made by the caller.
///
/// # Errors
/// [`StoreError::Query`].
pub async fn create(owner: &mut Owner, tenant: TenantId, new: &NewApiKey<'_>) -> Result<ApiKey, StoreError> {
    let hint: String = new.secret.chars().take(10).collect();
    Ok(diesel::insert_into(api_keys::table)
        .values((
            api_keys::tenant_id.eq(tenant),
            api_keys::id.eq(ApiKeyId::generate()),
            api_keys::name.eq(new.name),
            api_keys::kind.eq(new.kind),
            api_keys::secret_hash.eq(hash(new.secret).as_slice()),
            api_keys::hint.eq(hint),
            api_keys::scopes.eq(new.scopes),
            api_keys::allowed_origins.eq(new.allowed_origins),
            api_keys::allow_no_origin.eq(new.allow_no_origin),
            api_keys::rate_tier.eq(new.rate_tier),
            api_keys::expires_at.eq(new.expires_at),
        ))
        .returning(ApiKey::as_returning())
        .get_result(&mut owner.conn)
        .await?)
}

/// The tenant's keys, newest first, revoked ones too.
///
/// # Errors
/// [`StoreError::Query`].
pub async fn list(owner: &mut Owner, tenant: TenantId) -> Result<Vec<ApiKey>, StoreError> {
    Ok(ApiKey::query()
        .filter(api_keys::tenant_id.eq(tenant))
        .order(api_keys::id.desc())
        .load(&mut owner.conn)
        .await?)
}

/// Ends a key at once: it is looked up on every request.
///
/// # Errors
/// [`StoreError::NotFound`] when there is no such key that still works.
pub async fn revoke(owner: &mut Owner, tenant: TenantId, id: ApiKeyId) -> Result<ApiKey, StoreError> {
    let live = api_keys::table
        .filter(api_keys::tenant_id.eq(tenant))
        .filter(api_keys::id.eq(id))
        .filter(api_keys::revoked_at.is_null());
    diesel::update(live)
        .set(api_keys::revoked_at.eq(diesel::dsl::now))
        .returning(ApiKey::as_returning())
        .get_result(&mut owner.conn)
        .await
        .map_err(|error| StoreError::or_not_found(error, "live API key"))
}
