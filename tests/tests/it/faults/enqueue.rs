use jobs::{Dispatch, EnqueueError, EnqueueOptions, Kind, Pool};
use store::jobs::{ClaimedJob, NewJob, create};
use store::{JobId, StoreError, TenantId};
use tests::TestApp;
use uuid::Uuid;

/// Inserts `count` jobs through the store, a thousand a transaction. Nobody is told of them yet: push what is returned, or leave
/// them to the reconciler.
pub(super) async fn enqueue<K: Kind + Clone>(
    app: &TestApp,
    tenant: TenantId,
    kind: &K,
    count: usize,
    options: &EnqueueOptions,
) -> Vec<Dispatch> {
    let mut dispatches = Vec::with_capacity(count);
    while dispatches.len() < count {
        let chunk = (count - dispatches.len()).min(1000);
        let (kind, options) = (kind.clone(), options.clone());
        let made: Result<Vec<Dispatch>, EnqueueError> = app
            .context
            .store
            .tenant(tenant, async move |tx| {
                let mut made = Vec::with_capacity(chunk);
                for _ in 0..chunk {
                    made.extend(jobs::enqueue(tx, &kind, options.clone()).await?.dispatch);
                }
                Ok(made)
            })
            .await;
        dispatches.extend(made.unwrap());
    }
    dispatches
}

/// One job of tenant A, of which nobody is told.
pub(super) async fn enqueue_one<K: Kind + Clone>(app: &TestApp, kind: &K, options: &EnqueueOptions) -> Dispatch {
    enqueue(app, app.tenant, kind, 1, options).await.remove(0)
}

/// A job of the general pool whose kind and payload version are as given, whether or not anybody knows them.
pub(super) async fn insert_raw(app: &TestApp, kind: &'static str, payload_version: i16) -> Dispatch {
    let id = JobId::generate();
    let new = NewJob {
        id,
        pool: Pool::General.as_str(),
        kind,
        payload_version,
        interactive: false,
        priority: 1,
        run_at: None,
        max_attempts: 3,
        parent_id: None,
        awaits_batch: false,
        document_id: None,
        knowledge_base_ids: Vec::new(),
        created_by: None,
        trace_context: None,
        unique_key: None,
        schedule: None,
        payload: serde_json::json!({}),
    };
    let created: Result<bool, StoreError> = app
        .context
        .store
        .tenant(app.tenant, async move |tx| create(tx, new).await)
        .await;
    assert!(created.unwrap(), "the job is due");
    Dispatch {
        id,
        tenant: app.tenant,
        pool: Pool::General,
        priority: 1,
        kind: kind.to_owned(),
        knowledge_bases: Vec::new(),
    }
}

/// Takes the job's lease as a worker would; nothing renews it.
pub(super) async fn claim_by_hand(app: &TestApp, job: JobId, lease_ms: i64) -> ClaimedJob {
    let claimed = store::jobs::claim(&app.context.system, &[job], "by-hand", Uuid::new_v4(), lease_ms)
        .await
        .unwrap();
    claimed.into_iter().next().expect("the job can be claimed")
}
