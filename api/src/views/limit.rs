use chrono::{DateTime, Utc};
use serde::Serialize;
use store::limits::Limit;
use utoipa::ToSchema;
use uuid::Uuid;

/// How many jobs run at once, or a tenant's share of a pool.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Limit)]
pub(crate) struct LimitObject {
    /// Null when the operator has set it.
    #[schema(required = true)]
    pub(crate) id: Option<Uuid>,
    /// Jobs of this kind; null: all of the tenant's in the pool.
    #[schema(required = true, example = "ingest_document")]
    pub(crate) kind: Option<String>,
    /// Null: the pool that the kind belongs to.
    #[schema(required = true)]
    pub(crate) pool: Option<String>,
    /// At most so many at once: the tenant's, or, where the operator has limited a kind, all tenants' together. Null: as many as there are slots.
    #[schema(required = true)]
    pub(crate) max_running: Option<i32>,
    /// How many turns the tenant has in the pool before the next tenant's.
    #[schema(required = true)]
    pub(crate) weight: Option<i32>,
    pub(crate) set_by: SetBy,
    pub(crate) created_at: DateTime<Utc>,
}

#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum SetBy {
    Tenant,
    Operator,
}

impl From<Limit> for LimitObject {
    fn from(limit: Limit) -> Self {
        Self {
            id: limit.id.map(|id| id.0),
            kind: limit.kind,
            pool: limit.pool,
            max_running: limit.max_running,
            weight: limit.weight,
            set_by: if limit.id.is_some() {
                SetBy::Tenant
            } else {
                SetBy::Operator
            },
            created_at: limit.created_at,
        }
    }
}
