//! Customers of the platform; made and listed by the owner, from the command line.
use crate::schema::tenants;
use crate::{Owner, StoreError, TenantId};
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde::Serialize;

#[derive(Clone, Debug, Serialize, HasQuery)]
pub struct Tenant {
    pub id: TenantId,
    pub name: String,
    pub created_at: DateTime<Utc>,
}

/// Makes a tenant. `name` is 1 to 63 lower-case letters, digits and hyphens.
///
/// # Errors
/// [`StoreError::Conflict`] when the name is taken.
pub async fn create(owner: &mut Owner, name: &str) -> Result<Tenant, StoreError> {
    diesel::insert_into(tenants::table)
        .values((tenants::id.eq(TenantId::generate()), tenants::name.eq(name)))
        .returning(Tenant::as_returning())
        .get_result(&mut owner.conn)
        .await
        .map_err(|error| StoreError::or_conflict(error, "a tenant of this name exists"))
}

/// # Errors
/// [`StoreError::NotFound`].
pub async fn find_by_name(owner: &mut Owner, name: &str) -> Result<Tenant, StoreError> {
    Tenant::query()
        .filter(tenants::name.eq(name))
        .get_result(&mut owner.conn)
        .await
        .map_err(|error| StoreError::or_not_found(error, "tenant"))
}

/// All tenants by name.
///
/// # Errors
/// [`StoreError::Query`].
pub async fn list(owner: &mut Owner) -> Result<Vec<Tenant>, StoreError> {
    Ok(Tenant::query().order(tenants::name).load(&mut owner.conn).await?)
}
