use crate::collections::collection;
use diesel_async::SimpleAsyncConnection;
use serde_json::{Value, json};
use tests::{Client, FakeSite, FakeVendor, Receiver, SitePage, TestApp, TestOptions, far_ahead};

/// Something of everything that a tenant can have.
pub(super) struct Seeded {
    pub(super) base: String,
    pub(super) document: String,
    /// Has ended.
    pub(super) job: String,
    /// Scheduled for a day that no test sees.
    pub(super) waiting_job: String,
    pub(super) cancelled_job: String,
    /// Scheduled like the waiting one.
    pub(super) deferred_job: String,
    /// Of a kind that nothing here needs.
    pub(super) pause: String,
    pub(super) limit: String,
    /// Fires on days that no test sees, and has fired once by hand.
    pub(super) schedule: String,
    /// Open, without jobs.
    pub(super) batch: String,
    /// Of events that no test makes.
    pub(super) webhook: String,
    /// Of the webhook; has arrived.
    pub(super) delivery: String,
    /// Of a site of one page, which was read, and is no longer there.
    pub(super) source: String,
    /// Of the base; nothing is in it.
    pub(super) collection: String,
    /// Of six questions; the base's gate.
    pub(super) test_set: String,
    pub(super) test_question: String,
    /// Of the test set; has ended.
    pub(super) evaluation: String,
    /// Of a document beside the other one, from a base with a replica that nobody looks after: it stays as it is.
    pub(super) deletion: String,
    /// An empty base whose migration to [`SECOND_MODEL`] is ready.
    pub(super) migrating_base: String,
}

/// A model that bases can be migrated to; nobody answers for it, so nothing can be embedded.
pub(super) const SECOND_MODEL: &str = "second";

/// The system, with [`SECOND_MODEL`].
pub(super) async fn start() -> TestApp {
    TestApp::start_with(TestOptions {
        settings: vec![
            ("models.catalogue.second.provider", "openai_compatible".to_owned()),
            ("models.catalogue.second.base_url", "http://127.0.0.1:9".to_owned()),
            ("models.catalogue.second.api_key", "a-key".to_owned()),
            ("models.catalogue.second.dimensions", "8".to_owned()),
            ("models.catalogue.second.max_tokens", "512".to_owned()),
        ],
        ..TestOptions::default()
    })
    .await
}

/// Uses the API as a tenant would; `word` is in everything it stores.
pub(super) async fn seed(client: &Client, word: &str) -> Seeded {
    let base = client.knowledge_base(&format!("{word} base")).await;
    let collection = collection(client, &base, word).await;
    let document = json!({"title": format!("{word} title"), "content": format!("# {word}\n\nA secret of {word}."),
        "mime_type": "text/markdown", "external_id": format!("{word}-1"), "metadata": {"word": word}});
    let ingested = client.ingest(&base, document).await;
    assert_eq!(ingested["state"], "succeeded", "{ingested}");
    let found = client
        .search(json!({"knowledge_base_ids": [base], "query": word}))
        .await;
    assert_eq!(found["results"].as_array().map(Vec::len), Some(1), "{found}");
    let short = json!({"title": word, "content": format!("Not for long, {word}."), "mime_type": "text/plain"});
    let short = client.ingest(&base, short).await;
    let deletion = id_of(
        &client
            .delete(&format!("/v1/documents/{}", short["document_id"].as_str().unwrap()))
            .await
            .body,
    );
    assert_eq!(client.ended(&deletion).await["state"], "succeeded");
    let waiting = json!({"kind": "diagnostics.noop", "run_at": far_ahead(), "unique_key": word});
    let keyed = client
        .request(reqwest::Method::POST, "/v1/jobs")
        .header("idempotency-key", word)
        .json(&waiting);
    let waiting_job = id_of(&client.send(keyed).await.body);
    let cancelled = client
        .post("/v1/jobs", json!({"kind": "diagnostics.noop", "run_at": far_ahead()}))
        .await;
    let cancelled_job = id_of(&cancelled.body);
    client
        .post(&format!("/v1/jobs/{cancelled_job}/cancel"), json!({}))
        .await;
    let deferred = json!({"kind": "diagnostics.noop", "run_at": far_ahead()});
    let deferred_job = id_of(&client.post("/v1/jobs", deferred).await.body);
    let pause = client
        .post("/v1/pauses", json!({"kind": "diagnostics.abort", "reason": word}))
        .await;
    let limit = client
        .post("/v1/limits", json!({"kind": "diagnostics.fail", "max_running": 7}))
        .await;
    let schedule = json!({"name": word, "cron": "0 0 29 2 *", "kind": "diagnostics.noop"});
    let schedule = id_of(&client.post("/v1/schedules", schedule).await.body);
    let fired = client
        .post_waiting(&format!("/v1/schedules/{schedule}/fire"), Value::Null, 20)
        .await;
    assert_eq!(fired.body["state"], "succeeded", "{}", fired.text);
    let batch = client.post("/v1/batches", json!({"name": word, "open": true})).await;
    let budget = client.request(reqwest::Method::PUT, "/v1/budgets/vendor.example");
    let budget = client.send(budget.json(&json!({"requests_per_minute": 6000}))).await;
    assert_eq!(budget.status.as_u16(), 200, "{}", budget.text);
    let vendor = FakeVendor::start(&[]).await;
    let call = json!({"kind": "diagnostics.call", "payload": {"url": format!("{}/calls", vendor.url), "key": word, "tokens": 1, "cost_micros": 1}});
    let called = client.post_waiting("/v1/jobs", call, 20).await;
    assert_eq!(called.body["state"], "succeeded", "{}", called.text);
    let (webhook, delivery) = seed_webhook(client, word).await;
    let source = seed_source(client, &base, word).await;
    let (test_set, test_question, evaluation) = seed_evaluation(client, &base, word).await;
    Seeded {
        base,
        document: ingested["document_id"].as_str().unwrap().to_owned(),
        job: id_of(&ingested),
        waiting_job,
        cancelled_job,
        deferred_job,
        pause: id_of(&pause.body),
        limit: id_of(&limit.body),
        schedule,
        batch: id_of(&batch.body),
        webhook,
        delivery,
        source,
        collection,
        test_set,
        test_question,
        evaluation,
        migrating_base: seed_migration(client, word).await,
        deletion,
    }
}

/// A test set that is the base's gate, one of its questions, and an evaluation of it.
async fn seed_evaluation(client: &Client, base: &str, word: &str) -> (String, String, String) {
    let made = client
        .post(&format!("/v1/knowledge-bases/{base}/test-sets"), json!({"name": word}))
        .await;
    let set = id_of(&made.body);
    let relevant = json!([{"external_id": format!("{word}-1")}]);
    let questions: Vec<Value> = (0..6)
        .map(|number| json!({"query": format!("{word} {number}"), "relevant": relevant}))
        .collect();
    let path = format!("/v1/test-sets/{set}/questions");
    client.post(&path, json!({ "questions": questions })).await;
    let listed = client.get(&path).await.body;
    let path = format!("/v1/test-sets/{set}/evaluations");
    let evaluated = client.post_waiting(&path, json!({}), 20).await;
    assert_eq!(evaluated.body["state"], "succeeded", "{}", evaluated.text);
    let gate = client.request(reqwest::Method::PUT, &format!("/v1/knowledge-bases/{base}/gate"));
    let gate = client.send(gate.json(&json!({"test_set_id": set}))).await;
    assert_eq!(gate.status.as_u16(), 200, "{}", gate.text);
    (set, id_of(&listed["data"][0]), id_of(&evaluated.body))
}

/// An empty base that could be switched.
async fn seed_migration(client: &Client, word: &str) -> String {
    let base = client.knowledge_base(&format!("{word} migrating")).await;
    let path = format!("/v1/knowledge-bases/{base}/embedding-migration");
    let migrated = client
        .post_waiting(&path, json!({"embedding_model": SECOND_MODEL}), 20)
        .await;
    assert_eq!(migrated.body["state"], "succeeded", "{}", migrated.text);
    base
}

/// A source that was synced; its page is not to be indexed, so that the base has the one document.
async fn seed_source(client: &Client, base: &str, word: &str) -> String {
    let page = SitePage::html(&format!("<p>{word}</p>")).with("x-robots-tag", "noindex");
    let site = FakeSite::start(&[("/", page)]).await;
    let config = json!({"start_urls": [format!("{}/", site.url)], "mode": "links"});
    let source = json!({"kind": "web", "name": word, "config": config});
    let source = id_of(
        &client
            .post(&format!("/v1/knowledge-bases/{base}/sources"), source)
            .await
            .body,
    );
    let synced = client
        .post_waiting(&format!("/v1/sources/{source}/sync"), json!({}), 20)
        .await;
    assert_eq!(synced.body["result"]["skipped"], 1, "{}", synced.text);
    source
}

/// A webhook that was tried out, and the delivery of that.
async fn seed_webhook(client: &Client, word: &str) -> (String, String) {
    let receiver = Receiver::start(&[]).await;
    let hook =
        json!({"url": receiver.url, "events": ["job.dead"], "kinds": ["diagnostics.abort"], "description": word});
    let webhook = id_of(&client.post("/v1/webhooks", hook).await.body);
    let tried = client.post(&format!("/v1/webhooks/{webhook}/test"), json!({})).await;
    client.ended(tried.body["job_id"].as_str().unwrap()).await;
    assert_eq!(receiver.received().len(), 1);
    (webhook, id_of(&tried.body))
}

fn id_of(job: &Value) -> String {
    job["id"].as_str().unwrap_or_else(|| panic!("no job: {job}")).to_owned()
}

/// Rows for the tables that no route writes yet, or only while a large document is ingested.
pub(super) async fn seed_people(app: &TestApp) {
    let mut conn = app.database.owner().await;
    for tenant in [app.tenant, app.tenant_b] {
        conn.batch_execute(&format!(
            "WITH u AS (INSERT INTO users (id, email) VALUES (gen_random_uuid(), gen_random_uuid() || '@example.com') RETURNING id),
                  r AS (INSERT INTO roles (tenant_id, id, name) VALUES ('{tenant}', gen_random_uuid(), 'agent') RETURNING id),
                  g AS (INSERT INTO principals (tenant_id, id, kind, source, external_id)
                        VALUES ('{tenant}', gen_random_uuid(), 'group', 'wiki', 'staff') RETURNING id),
                  p AS (INSERT INTO principals (tenant_id, id, kind, source, external_id)
                        VALUES ('{tenant}', gen_random_uuid(), 'user', 'wiki', 'ann') RETURNING id),
                  m AS (INSERT INTO memberships (tenant_id, user_id, role_id) SELECT '{tenant}', u.id, r.id FROM u, r)
             , l AS (INSERT INTO tenant_limits (tenant_id, pool) VALUES ('{tenant}', 'general'))
             , h AS (INSERT INTO tenant_pauses (tenant_id, id, kind) VALUES ('{tenant}', gen_random_uuid(), 'diagnostics.abort'))
             , a AS (INSERT INTO embeddings_ahead (tenant_id, document_id, version, hashes)
                     SELECT tenant_id, id, version, '{{}}' FROM documents WHERE tenant_id = '{tenant}')
             , o AS (INSERT INTO gate_overrides (tenant_id, id, knowledge_base_id, reason, api_key_id, before, after)
                     SELECT tenant_id, gen_random_uuid(), id, 'a reason', gen_random_uuid(), '{{}}', '{{}}' FROM knowledge_bases WHERE tenant_id = '{tenant}')
             , d AS (INSERT INTO deletion_replicas (tenant_id, deletion_id, slot_id, host, outcome)
                     SELECT tenant_id, id, gen_random_uuid(), 'away', 'lost' FROM deletions WHERE tenant_id = '{tenant}')
             , w AS (INSERT INTO recognised_pages (tenant_id, blob_id, page, languages, hocr)
                     SELECT tenant_id, id, 1, 'deu', '<html/>' FROM blobs WHERE tenant_id = '{tenant}')
             , v AS (INSERT INTO unused_embeddings (tenant_id, embed_hash, noted_at) VALUES ('{tenant}', '\\x00', '2999-01-01'))
             INSERT INTO principal_members (tenant_id, group_id, member_id) SELECT '{tenant}', g.id, p.id FROM g, p"
        ))
        .await
        .unwrap();
    }
}
