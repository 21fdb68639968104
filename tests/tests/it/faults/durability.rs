//! Which ends of jobs wait for the disk: asked of a server whose durable commits wait for a standby that never comes.
use super::deployment::Deployment;
use super::rows::Rows;
use serde_json::json;
use std::time::Duration;
use store::JobId;
use store::jobs::{ClaimedJob, Finish, Outcome, claim, finish};
use tests::eventually;
use tokio::time::timeout;

const SOON: Duration = Duration::from_secs(2);

/// Whether attempts of the jobs, claimed for it, can end together while nothing durable can.
async fn end(system: &Deployment, jobs: &[JobId]) -> bool {
    let role = system.system().await;
    let claimed = claim(&role, jobs, "by-hand", uuid::Uuid::new_v4(), 60_000)
        .await
        .unwrap();
    assert_eq!(claimed.len(), jobs.len());
    let end = |claimed: &ClaimedJob| Finish {
        id: claimed.id,
        lease_token: claimed.lease_token,
        interactive: claimed.interactive,
        batch: None,
        steps: None,
        outcome: Outcome::Succeeded { result: json!({}) },
    };
    let ends: Vec<Finish> = claimed.iter().map(end).collect();
    let finished = timeout(SOON, finish(&role, &ends)).await;
    finished.is_ok_and(|ended| ended.unwrap().len() == jobs.len())
}

/// From when this returns on durable commits wait, or wait no more.
async fn let_durable_commits(system: &Deployment, wait: bool) {
    let setting = match wait {
        true => "ALTER SYSTEM SET synchronous_standby_names = 'nobody'",
        false => "ALTER SYSTEM RESET synchronous_standby_names",
    };
    let mut superuser = Rows::at(&system.superuser_url());
    superuser.execute(setting).await;
    superuser.execute("SELECT pg_reload_conf()").await;
    eventually("the setting holds", Duration::from_secs(20), async || {
        let mut owner = Rows::at(system.servers.get("DATABASE_OWNER_URL"));
        let durable = owner.execute("UPDATE tenants SET name = name");
        timeout(Duration::from_millis(300), durable).await.is_err() == wait
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_end_of_a_search_does_not_wait_for_the_disk_and_every_other_does() {
    let system = Deployment::start(&[]).await;
    let _api = system.serve().await;
    let base = system.client.knowledge_base("base").await;
    let search = async || {
        let query = json!({"knowledge_base_ids": [&base], "query": "lantern"});
        let accepted = system.client.post_waiting("/v1/search", query, 0).await;
        assert_eq!(accepted.status.as_u16(), 202, "{}", accepted.text);
        JobId(accepted.body["id"].as_str().unwrap().parse().unwrap())
    };
    let (first, second) = (search().await, search().await);
    let durable = system.submit("diagnostics.noop", json!({}), 1).await.remove(0);
    let durable = JobId(durable.parse().unwrap());

    let_durable_commits(&system, true).await;
    assert!(end(&system, &[first]).await, "somebody waits for it");
    assert!(
        !end(&system, &[second, durable]).await,
        "one of them was accepted for good"
    );
    let_durable_commits(&system, false).await;
}
