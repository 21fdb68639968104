use super::deployment::Deployment;
use super::rows::Rows;
use crate::deletions::support::{
    SENTINEL, columns_with_sentinel, complete, delete, files_with_sentinel, ingest, receipt,
};
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use tests::eventually;

const QUERY: &str = "meters from wing to wing";

async fn search(system: &Deployment, base: &str) -> Value {
    let body = json!({"knowledge_base_ids": [base], "query": QUERY, "explain": true});
    let found = system.client.post_waiting("/v1/search", body, 30).await;
    assert_eq!(found.body["state"], "succeeded", "{}", found.text);
    found.body["result"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn replicas_that_are_frozen_or_killed_meanwhile_never_show_what_was_deleted_and_confirm_when_they_are_back() {
    let system = Deployment::start(&[("VISUALKIT__RETRIEVAL__REFRESH_INTERVAL_SECS", "1")]).await;
    let mut rows = Rows::at(system.servers.get("DATABASE_OWNER_URL"));
    let _api = system.serve().await;
    let _others = system.launch(&["worker", "--pools", "ingest,general"], &[]).await;
    let retrieval = ["worker", "--pools", "retrieval"];
    let frozen = system.launch(&retrieval, &[]).await;
    let mut killed = system.launch(&retrieval, &[]).await;
    let base = system.client.knowledge_base("base").await;
    let gone = ingest(&system.client, &base, "amber").await;
    let kept = json!({"title": "Bat", "content": "A bat measures thirty centimeters from wing to wing.", "mime_type": "text/plain"});
    system.client.ingest(&base, kept).await;
    let start = Instant::now();
    while rows.number("SELECT count(*) FROM replica_cursors WHERE seq >= 2").await < 2 {
        assert!(start.elapsed() < Duration::from_secs(60), "both have a replica");
        for found in futures::future::join_all((0..8).map(|_| search(&system, &base))).await {
            assert_eq!(found["results"].as_array().unwrap().len(), 2, "{found}");
        }
    }
    let disks = system.servers.directory().join("visualkit");
    assert!(files_with_sentinel(&disks).len() >= 2);

    killed.signal("KILL");
    killed.wait();
    frozen.signal("STOP");
    let id = delete(&system.client, &format!("/v1/documents/{gone}")).await;
    // The dispatch index is lost as well.
    system.servers.kill("redis");
    system.servers.start_again("redis");
    let ended = system.client.ended_within(&id, Duration::from_secs(60)).await;
    assert_eq!(ended["state"], "succeeded", "{ended}");
    assert_eq!(
        columns_with_sentinel(system.servers.get("DATABASE_OWNER_URL")).await,
        Vec::<String>::new()
    );

    // Whoever takes the slot of the killed one confirms for it; the frozen one is waited for.
    let _back = system.launch(&retrieval, &[]).await;
    let states = async || -> Vec<String> {
        let receipt = receipt(&system.client, &id).await;
        let replicas = receipt["replicas"].as_array().unwrap().iter();
        let mut states: Vec<String> = replicas
            .map(|replica| replica["state"].as_str().unwrap().to_owned())
            .collect();
        states.sort_unstable();
        states
    };
    eventually("one confirms", Duration::from_secs(60), async || {
        let mut states = states().await;
        let waited_for = states.pop();
        states == ["confirmed"] && waited_for.is_some_and(|state| state != "confirmed")
    })
    .await;
    assert_eq!(receipt(&system.client, &id).await["state"], "erasing");

    frozen.signal("CONT");
    for _ in 0..5 {
        for found in futures::future::join_all((0..8).map(|_| search(&system, &base))).await {
            assert!(
                !found.to_string().contains(SENTINEL) && !found.to_string().contains(&gone),
                "{found}"
            );
            assert_eq!(found["results"].as_array().unwrap().len(), 1, "{found}");
        }
    }
    complete(&system.client, &id).await;
    assert_eq!(states().await, ["confirmed", "confirmed"]);
    assert_eq!(files_with_sentinel(&disks), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_only_evaluates_lets_go_of_what_was_deleted_too() {
    let system = Deployment::start(&[("VISUALKIT__RETRIEVAL__REFRESH_INTERVAL_SECS", "1")]).await;
    let mut rows = Rows::at(system.servers.get("DATABASE_OWNER_URL"));
    let _api = system.serve().await;
    let _others = system.launch(&["worker", "--pools", "ingest,general"], &[]).await;
    let client = &system.client;
    let base = client.knowledge_base("base").await;
    let gone = ingest(client, &base, "amber").await;
    let made = client
        .post(&format!("/v1/knowledge-bases/{base}/test-sets"), json!({"name": "set"}))
        .await;
    let set = format!("/v1/test-sets/{}", made.body["id"].as_str().unwrap());
    let question = json!({"questions": [{"query": QUERY, "relevant": [{"external_id": "amber"}]}]});
    client.post(&format!("{set}/questions"), question).await;
    let body = json!({"configurations": [{"mode": "keyword"}]});
    let evaluated = client.post(&format!("{set}/evaluations"), body).await;
    let evaluated = client
        .ended_within(evaluated.body["id"].as_str().unwrap(), Duration::from_secs(60))
        .await;
    assert_eq!(evaluated["state"], "succeeded", "{evaluated}");
    assert_eq!(rows.number("SELECT count(*) FROM replica_cursors").await, 1);
    let id = delete(client, &format!("/v1/documents/{gone}")).await;
    assert_eq!(complete(client, &id).await["replicas"][0]["state"], "confirmed");
}
