//! The budget that all tenants share of a key that is the installation's.
use super::{DIMENSIONS, app_with, sections, spent};
use crate::governor::{put_off, wipe_redis};
use jobs::Pool;
use reqwest::Method;
use serde_json::{Value, json};
use std::time::Duration;
use tests::{Client, EmbeddingMischief, EmbeddingVendor, Process, TestApp, eventually};
use workers::WorkerOptions;

const A_MINUTE: &str = "governor.installation.mine.requests_per_minute";

/// A new base of the tenant, with the model behind the shared key.
async fn base_of(client: &Client) -> String {
    let body = json!({"name": "shared", "embedding_model": "mine"});
    let made = client.post("/v1/knowledge-bases", body).await;
    assert_eq!(made.status.as_u16(), 201, "{}", made.text);
    made.body["id"].as_str().unwrap().to_owned()
}

/// Submits a text that no other has, and returns its job's id.
async fn submit(client: &Client, base: &str, text: &str) -> String {
    let document = json!({"title": text, "content": text, "mime_type": "text/plain"});
    let path = format!("/v1/knowledge-bases/{base}/documents");
    let submitted = client.post(&path, document).await;
    assert_eq!(submitted.status.as_u16(), 202, "{}", submitted.text);
    submitted.body["id"].as_str().unwrap().to_owned()
}

async fn succeeds(client: &Client, job: &str) {
    let ended = client.ended_within(job, Duration::from_secs(30)).await;
    assert_eq!(ended["state"], "succeeded", "{ended}");
}

/// What tenants are told of the other side.
async fn current(client: &Client) -> Value {
    let listed = client.get("/v1/budgets").await;
    listed.body["data"][0]["current"].clone()
}

fn says(why: &Value, reason: &str, words: &str) {
    assert_eq!(
        (&why["reason"], &why["class"]),
        (&json!(reason), &json!("waiting")),
        "{why}"
    );
    assert!(why["detail"].as_str().unwrap().contains(words), "{why}");
}

#[tokio::test(flavor = "multi_thread")]
async fn another_tenants_ingest_waits_for_the_installations_limit_and_why_says_so() {
    let vendor = EmbeddingVendor::start(DIMENSIONS, 64).await;
    let app = app_with(&vendor, &[(A_MINUTE, "1")]).await;
    let (base, base_b) = (base_of(&app.client).await, base_of(&app.client_b).await);
    succeeds(
        &app.client,
        &submit(&app.client, &base, "The lamp burns whale oil.").await,
    )
    .await;

    let held = submit(&app.client_b, &base_b, "The stairs are of iron.").await;
    let why = put_off(&app.client_b, &held).await;
    says(
        &why,
        "rate_limit",
        "The requests a minute that this installation allows all its tenants together for the credential mine are used up",
    );
    says(&why, "rate_limit", "(limit: requests of the installation)");
    assert_eq!(vendor.calls().len(), 1);
    // Its own budget has no limit and nothing used; what the installation's allows is not shown.
    let listed = app.client_b.get("/v1/budgets").await;
    let budget = &listed.body["data"][0];
    assert_eq!(
        [
            &budget["credential"],
            &budget["requests_per_minute"],
            &budget["current"]["requests_today"],
            &budget["current"]["waiting"]
        ],
        [&json!("mine"), &Value::Null, &json!(0), &json!(1)],
        "{budget}"
    );
    // Who waits for an answer is told at once.
    let query = json!({"knowledge_base_ids": [base_b], "query": "iron", "mode": "vector"});
    let refused = app.client_b.post_waiting("/v1/search", query, 20).await;
    assert_eq!(refused.body["error"]["code"], "rate_limit", "{}", refused.text);
    let message = refused.body["error"]["message"].as_str().unwrap();
    assert!(message.contains("This installation is at its own limit"), "{message}");
    app.abandon().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pause_that_one_tenant_was_asked_for_is_every_tenants() {
    let vendor = EmbeddingVendor::start(DIMENSIONS, 64).await;
    let app = app_with(&vendor, &[]).await;
    let (base, base_b) = (base_of(&app.client).await, base_of(&app.client_b).await);
    let slow_down = json!({"error": {"message": "slow down"}});
    vendor.expect([EmbeddingMischief::Refusal(429, Some(("retry-after", "600")), slow_down)]);
    let refused = submit(&app.client, &base, "The lamp burns whale oil.").await;
    says(&put_off(&app.client, &refused).await, "rate_limit", "limit: vendor");
    let held = submit(&app.client_b, &base_b, "The stairs are of iron.").await;
    says(
        &put_off(&app.client_b, &held).await,
        "rate_limit",
        "The other side of the credential mine has asked for a pause",
    );
    assert_eq!(vendor.calls().len(), 1, "the second was not sent");
    let told = current(&app.client_b).await;
    assert!(told["blocked_until"].is_string(), "{told}");
    app.abandon().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_circuit_that_one_tenants_calls_opened_is_open_for_every_tenant() {
    let vendor = EmbeddingVendor::start(DIMENSIONS, 64).await;
    let more = [("governor.failures_to_open", "2"), ("governor.open_secs", "600")];
    let app = app_with(&vendor, &more).await;
    let (base, base_b) = (base_of(&app.client).await, base_of(&app.client_b).await);
    let down = || EmbeddingMischief::Refusal(500, None, json!({"error": "internal"}));
    vendor.expect([down(), down()]);
    for text in ["The lamp burns whale oil.", "The door is green."] {
        submit(&app.client, &base, text).await;
    }
    eventually("both have failed", Duration::from_secs(10), || async {
        current(&app.client).await["circuit"] == "open"
    })
    .await;
    let held = submit(&app.client_b, &base_b, "The stairs are of iron.").await;
    says(
        &put_off(&app.client_b, &held).await,
        "rate_limit",
        "Calls with the credential mine failed too often in a row",
    );
    assert_eq!(vendor.calls().len(), 2);
    assert_eq!(current(&app.client_b).await["circuit"], "open");
    app.abandon().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenants_own_budget_holds_by_itself() {
    let vendor = EmbeddingVendor::start(DIMENSIONS, 64).await;
    let app = app_with(&vendor, &[(A_MINUTE, "6000")]).await;
    let put = app.client.request(Method::PUT, "/v1/budgets/mine");
    let declared = app.client.send(put.json(&json!({"requests_per_minute": 1}))).await;
    assert_eq!(declared.status.as_u16(), 200, "{}", declared.text);
    let (base, base_b) = (base_of(&app.client).await, base_of(&app.client_b).await);
    succeeds(
        &app.client,
        &submit(&app.client, &base, "The lamp burns whale oil.").await,
    )
    .await;
    let held = submit(&app.client, &base, "The stairs are of iron.").await;
    says(&put_off(&app.client, &held).await, "rate_limit", "(limit: requests)");
    for text in ["The door is green.", "The tower is white."] {
        succeeds(&app.client_b, &submit(&app.client_b, &base_b, text).await).await;
    }
    assert_eq!(vendor.calls().len(), 3);
    app.abandon().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn several_processes_keep_the_installations_budget_together() {
    let vendor = EmbeddingVendor::start(DIMENSIONS, 64).await;
    let app = app_with(&vendor, &[(A_MINUTE, "1")]).await;
    let beside = app.beside_proxies().await;
    let options = WorkerOptions::new(&beside.settings, vec![Pool::Ingest]);
    let others = workers::start(&beside, &workers::handlers::registry(), options);
    let (base, base_b) = (base_of(&app.client).await, base_of(&app.client_b).await);
    for number in 0..5 {
        submit(&app.client, &base, &format!("Lamp {number}.")).await;
        submit(&app.client_b, &base_b, &format!("Stair {number}.")).await;
    }
    eventually("one is done and nine are put off", Duration::from_secs(20), || async {
        let put_off = "SELECT count(*) FROM jobs WHERE snooze IS NOT NULL";
        let done = "SELECT count(*) FROM jobs WHERE state = 'succeeded' AND kind = 'ingest_document'";
        app.count(put_off).await == 9 && app.count(done).await == 1
    })
    .await;
    assert_eq!(vendor.calls().len(), 1);
    others.shut_down().await;
    beside.replicas.close().await;
    app.abandon().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wiped_redis_forgets_the_rate_and_not_the_money() {
    let vendor = EmbeddingVendor::start(DIMENSIONS, 64).await;
    let more = [
        (A_MINUTE, "1"),
        ("governor.installation.mine.cost_micros_per_day", "1000000"),
    ];
    let app = app_with(&vendor, &more).await;
    let (base, base_b) = (base_of(&app.client).await, base_of(&app.client_b).await);
    succeeds(
        &app.client,
        &submit(&app.client, &base, "The lamp burns whale oil.").await,
    )
    .await;
    let held = submit(&app.client_b, &base_b, "The stairs are of iron.").await;
    put_off(&app.client_b, &held).await;
    wipe_redis(&app).await;
    succeeds(&app.client_b, &held).await;

    // One tenant has spent it all: the other is told so, once nobody knows it but the database.
    app.execute(&format!(
        "UPDATE provider_usage SET cost_micros = 999999 WHERE tenant_id = '{}'",
        app.tenant
    ))
    .await;
    wipe_redis(&app).await;
    let held = submit(&app.client_b, &base_b, "The door is green.").await;
    let why = put_off(&app.client_b, &held).await;
    says(
        &why,
        "budget",
        "The money a day that this installation allows all its tenants together for the credential mine is spent",
    );
    assert_eq!(vendor.calls().len(), 2);
    assert!(spent(&app, "mine").await["cost_micros_remaining"].is_null());
    app.abandon().await;
}

/// A call a second. A tenant with a long line does not have it for itself.
#[tokio::test(flavor = "multi_thread")]
async fn tenants_take_turns_whoever_came_first() {
    let vendor = EmbeddingVendor::start(DIMENSIONS, 64).await;
    let app = app_with(&vendor, &[(A_MINUTE, "60")]).await;
    let (base, base_b) = (base_of(&app.client).await, base_of(&app.client_b).await);
    let mut line = Vec::new();
    for number in 0..20 {
        line.push(submit(&app.client, &base, &format!("Lamp {number}.")).await);
    }
    put_off(&app.client, &line[19]).await;
    let late = [
        submit(&app.client_b, &base_b, "The stairs are of iron.").await,
        submit(&app.client_b, &base_b, "The door is green.").await,
        submit(&app.client_b, &base_b, "The tower is white.").await,
    ];
    for job in &late {
        succeeds(&app.client_b, job).await;
    }
    let done = format!(
        "SELECT count(*) FROM jobs WHERE tenant_id = '{}' AND kind = 'ingest_document' AND state = 'succeeded'",
        app.tenant
    );
    let before = app.count(&done).await;
    assert!(before < 14, "{before} of the 20 that came before went before");
    for job in &line {
        succeeds(&app.client, job).await;
    }
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn operators_see_what_all_tenants_use() {
    let vendor = EmbeddingVendor::start(DIMENSIONS, 64).await;
    let app = app_with(&vendor, &[(A_MINUTE, "2"), ("governor.installation.mine.burst", "2")]).await;
    let (base, base_b) = (base_of(&app.client).await, base_of(&app.client_b).await);
    succeeds(
        &app.client,
        &submit(&app.client, &base, "The lamp burns whale oil.").await,
    )
    .await;
    succeeds(
        &app.client_b,
        &submit(&app.client_b, &base_b, "The stairs are of iron.").await,
    )
    .await;
    let held = submit(&app.client_b, &base_b, &sections(1)).await;
    put_off(&app.client_b, &held).await;
    let mut environment = app.environment();
    environment.extend([
        (
            "VISUALKIT__MODELS__CATALOGUE__MINE__PROVIDER",
            "openai_compatible".to_owned(),
        ),
        ("VISUALKIT__MODELS__CATALOGUE__MINE__BASE_URL", vendor.url.clone()),
        ("VISUALKIT__MODELS__CATALOGUE__MINE__DIMENSIONS", DIMENSIONS.to_string()),
        ("VISUALKIT__MODELS__CATALOGUE__MINE__MAX_TOKENS", "512".to_owned()),
        (
            "VISUALKIT__GOVERNOR__INSTALLATION__MINE__REQUESTS_PER_MINUTE",
            "2".to_owned(),
        ),
        ("VISUALKIT__GOVERNOR__INSTALLATION__MINE__BURST", "2".to_owned()),
    ]);
    let environment: Vec<(&str, &str)> = environment
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect();
    let said = tokio::task::block_in_place(|| Process::run(&["budgets", "installation", "--json"], &environment));
    let listed: Value = serde_json::from_str(&said).unwrap();
    let texts = vendor
        .calls()
        .iter()
        .flat_map(tests::VendorCall::texts)
        .collect::<Vec<_>>();
    let words: usize = texts.iter().map(|text| text.split_whitespace().count()).sum();
    let mine = listed
        .as_array()
        .unwrap()
        .iter()
        .find(|budget| budget["credential"] == "mine")
        .unwrap();
    assert_eq!(
        [
            &mine["requests_per_minute"],
            &mine["today"]["cost_micros"],
            &mine["current"]["requests_today"],
            &mine["current"]["requests_available"],
            &mine["current"]["waiting"]
        ],
        [&json!(2), &json!(words), &json!(2), &json!(0), &json!(1)],
        "{mine}"
    );
    let table = tokio::task::block_in_place(|| Process::run(&["budgets", "installation"], &environment));
    assert!(table.lines().any(|line| line.starts_with("mine ")), "{table}");
    app.abandon().await;
}

/// What a tenant says that its own calls cost is no cost of the installation's key.
#[tokio::test(flavor = "multi_thread")]
async fn a_tenants_own_credential_cannot_have_the_name_of_the_installations() {
    let vendor = EmbeddingVendor::start(DIMENSIONS, 64).await;
    let app: TestApp = app_with(&vendor, &[]).await;
    for name in ["mine", "openai"] {
        let payload = json!({"url": format!("{}/calls", vendor.url), "key": "k", "credential": name, "cost_micros": 1});
        let call = json!({"kind": "diagnostics.call", "payload": payload});
        let submitted = app.client.post("/v1/jobs", call).await;
        assert_eq!(submitted.status.as_u16(), 202, "{}", submitted.text);
        let ended = app.client.ended(submitted.body["id"].as_str().unwrap()).await;
        assert_eq!(
            (&ended["state"], &ended["error"]["code"]),
            (&json!("dead"), &json!("invalid_payload")),
            "{ended}"
        );
    }
    assert_eq!(vendor.calls().len(), 0);
    app.abandon().await;
}
