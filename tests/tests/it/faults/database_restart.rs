use super::deployment::Deployment;
use super::rows::Rows;
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;
use store::jobs::{JobFilter, mark_for_dispatch};
use store::{Store, StoreError, TenantId};
use tokio::sync::Barrier;
use tokio::task::JoinSet;

#[tokio::test(flavor = "multi_thread")]
async fn restarting_postgres_loses_no_job_and_runs_none_twice() {
    let system = Deployment::start(&[("VISUALKIT__WORKERS__GENERAL", "16")]).await;
    let mut rows = Rows::at(system.servers.get("DATABASE_OWNER_URL"));
    let _process = system.up().await;
    system.submit("diagnostics.sleep", json!({"ms": 200}), 400).await;
    rows.until_succeeded(50, Duration::from_secs(30)).await;
    system.servers.restart("postgres");
    rows.until_succeeded(200, Duration::from_secs(30)).await;
    system.servers.kill("postgres");
    system.servers.start_again("postgres");
    system.submit("diagnostics.noop", json!({}), 5).await;
    rows.until_succeeded(405, Duration::from_secs(60)).await;
    rows.assert_each_succeeded_once(405).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_to_ask_after_a_restart_of_postgres_is_given_a_live_connection() {
    let system = Deployment::start(&[]).await;
    let _api = system.serve().await;
    system.submit("diagnostics.noop", json!({}), 1).await;
    let store = system.store().await;
    // Open at the same time, so that each has a connection of its own; every one of them is dead after the restart.
    let (mut open, all_open) = (JoinSet::new(), Arc::new(Barrier::new(8)));
    for _ in 0..8 {
        let (store, tenant, all_open) = (store.clone(), system.tenant, all_open.clone());
        open.spawn(async move { transaction(&store, tenant, &all_open).await.unwrap() });
    }
    open.join_all().await;
    assert!(store.connections().0 >= 8, "each transaction has a connection");
    system.servers.restart("postgres");
    transaction(&store, system.tenant, &Barrier::new(1)).await.unwrap();
    system.submit("diagnostics.noop", json!({}), 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_dispatched_before_postgres_was_started_is_offered_again() {
    let system = Deployment::start(&[]).await;
    let mut rows = Rows::at(system.servers.get("DATABASE_OWNER_URL"));
    let _api = system.serve().await;
    system.submit("diagnostics.noop", json!({}), 1).await;
    rows.execute("UPDATE jobs SET dispatched_at = now() - interval '3 seconds'")
        .await;
    let role = system.system().await;
    let marked = async || {
        let marked = mark_for_dispatch(&role, "epoch", &["general"], 10)
            .await
            .unwrap()
            .unwrap();
        marked.jobs.len()
    };
    assert_eq!(marked().await, 1);
    assert_eq!(marked().await, 0, "Redis has it");
    // Whoever had taken it out of Redis may have claimed it, and the crash may have forgotten that.
    system.servers.kill("postgres");
    system.servers.start_again("postgres");
    assert_eq!(marked().await, 1);
}

async fn transaction(store: &Store, tenant: TenantId, all_open: &Barrier) -> Result<usize, StoreError> {
    store
        .tenant(tenant, async |tx| {
            all_open.wait().await;
            Ok(store::jobs::list(
                tx,
                &JobFilter {
                    limit: 10,
                    ..JobFilter::default()
                },
            )
            .await?
            .len())
        })
        .await
}
