use jobs::{Dispatch, Pool};
use store::webhooks::{DELIVERY_KIND, DELIVERY_PRIORITY};
use store::{JobId, TenantId};

/// What Redis is told of a delivery's job, after the commit.
pub(super) fn dispatch(id: JobId, tenant: TenantId) -> Dispatch {
    Dispatch {
        id,
        tenant,
        pool: Pool::Delivery,
        priority: DELIVERY_PRIORITY,
        kind: DELIVERY_KIND.to_owned(),
        knowledge_bases: Vec::new(),
    }
}
