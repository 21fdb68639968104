use super::{make, page, settled, start, sync};
use serde_json::{Value, json};
use std::time::Duration;
use tests::{FakeSite, eventually};

#[tokio::test(flavor = "multi_thread")]
async fn one_sync_has_the_source_at_a_time_and_a_cancelled_one_lets_it_go() {
    let app = start().await;
    let links: Vec<String> = (0..40).map(|number| format!("/{number}")).collect();
    let links: Vec<&str> = links.iter().map(String::as_str).collect();
    let site = FakeSite::start(&[("/", page("welcome", &links))]).await;
    for link in &links {
        site.put(
            link,
            page(&format!("number{}", &link[1..]), &[]).slow(Duration::from_millis(200)),
        );
    }
    let (_, source) = make(&app.client, &site, json!({})).await;
    let first = app.client.post(&format!("/v1/sources/{source}/sync"), json!({})).await;
    let first = first.body["id"].as_str().unwrap().to_owned();
    eventually("pages are read", Duration::from_secs(10), async || {
        site.request_count() > 3
    })
    .await;

    let again = app.client.post(&format!("/v1/sources/{source}/sync"), json!({})).await;
    assert_eq!(again.body["id"], first, "the same that has not ended");
    let beside = json!({"kind": "sync_source", "payload": {"source_id": source}});
    let beside = app.client.post_waiting("/v1/jobs", beside, 20).await;
    assert_eq!(
        (&beside.body["state"], &beside.body["result"]["superseded_by"]),
        (&json!("succeeded"), &json!(first)),
        "{}",
        beside.text
    );

    let running = app.client.get(&format!("/v1/jobs/{first}")).await.body;
    assert!(running["progress"]["total"].as_i64() == Some(41), "{running}");
    app.client.post(&format!("/v1/jobs/{first}/cancel"), Value::Null).await;
    assert_eq!(app.client.ended(&first).await["state"], "cancelled");
    let result = sync(&app, &source, json!({"dry_run": true})).await;
    assert_eq!(
        (&result["found"], &result["complete"]),
        (&json!(41), &json!(true)),
        "{result}"
    );
    let syncs = app.client.get(&format!("/v1/sources/{source}/syncs")).await.body;
    let ended: Vec<bool> = syncs["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|sync| !sync["ended_at"].is_null())
        .collect();
    assert_eq!(ended, [true, false], "{syncs}");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_schedule_syncs_a_source() {
    let app = start().await;
    let site = FakeSite::start(&[("/", page("welcome", &[]))]).await;
    let (_, source) = make(&app.client, &site, json!({})).await;
    let schedule =
        json!({"name": "nightly", "cron": "0 0 29 2 *", "kind": "sync_source", "payload": {"source_id": source}});
    let made = app.client.post("/v1/schedules", schedule).await;
    assert_eq!(made.status.as_u16(), 201, "{}", made.text);
    let fire = format!("/v1/schedules/{}/fire", made.body["id"].as_str().unwrap());
    let fired = app.client.post_waiting(&fire, Value::Null, 20).await;
    assert_eq!(fired.body["result"]["ingested"], 1, "{}", fired.text);
    settled(&app).await;
    let wrong = json!({"kind": "sync_source", "payload": {"source": source}});
    app.client.post("/v1/jobs", wrong).await.expect_problem(422, "invalid");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_tenants_source_is_synced_by_nobody_else() {
    let app = start().await;
    let site = FakeSite::start(&[("/", page("welcome", &[]))]).await;
    let (_, source) = make(&app.client, &site, json!({})).await;
    let foreign = json!({"kind": "sync_source", "payload": {"source_id": source}});
    let foreign = app.client_b.post_waiting("/v1/jobs", foreign, 20).await;
    assert_eq!(
        (&foreign.body["state"], &foreign.body["error"]["code"]),
        (&json!("dead"), &json!("not_found")),
        "{}",
        foreign.text
    );
    assert_eq!(site.request_count(), 0);
    app.abandon().await;
}
