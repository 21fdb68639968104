//! Every operation that the OpenAPI document lists: without a key, without the scope, with another tenant's ids.
use super::operation_case::{Case, PathId};
use super::operation_cases::CASES;
use super::seed::{seed, start};
use super::texts::texts;
use api::SCOPES;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use store::TenantId;
use tests::{Answered, TestApp, far_ahead};

/// `method path` of each operation, with what the document says of it.
async fn documented(app: &TestApp) -> BTreeMap<String, Value> {
    let document = app.client.with_key(None).get("/v1/openapi.json").await.body;
    let mut operations = BTreeMap::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            operations.insert(format!("{method} {path}"), operation.clone());
        }
    }
    operations
}

fn with_id() -> impl Iterator<Item = &'static Case> {
    CASES.iter().filter(|case| case.id != PathId::None)
}

#[tokio::test(flavor = "multi_thread")]
async fn every_operation_of_the_document_has_a_case_here_and_says_its_scope() {
    let app = start().await;
    let documented = documented(&app).await;
    let mut cases: Vec<&str> = CASES.iter().map(|case| case.operation).collect();
    cases.sort_unstable();
    assert_eq!(
        documented.keys().map(String::as_str).collect::<Vec<_>>(),
        cases,
        "give the new operation a case"
    );
    for case in CASES {
        let operation = &documented[case.operation];
        assert_eq!(
            operation["security"][0]["api_key"][0].as_str(),
            case.scope,
            "{}",
            case.operation
        );
        assert_eq!(
            case.operation.contains("{id}"),
            case.id != PathId::None,
            "{}",
            case.operation
        );
        // Ids in bodies are ids too.
        let schema = operation["requestBody"].to_string();
        let names_bases = schema.contains("SearchRequest") || schema.contains("AnswerRequest");
        assert_eq!(names_bases, case.names_bases, "{}", case.operation);
    }
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_working_key_every_operation_is_401() {
    let app = start().await;
    let seeded = seed(&app.client, "amber").await;
    let before = everything(&app, app.tenant).await;
    for case in CASES.iter().filter(|case| case.scope.is_some()) {
        for key in [None, Some("vk_secret_unknown"), Some("")] {
            let client = app.client.with_key(key);
            let answered = client.send(case.request(&client, &case.path(&seeded), &seeded)).await;
            answered.expect_problem(401, "unauthenticated");
            assert!(
                answered.headers["www-authenticate"].starts_with("Bearer"),
                "{}",
                case.operation
            );
        }
    }
    assert_eq!(everything(&app, app.tenant).await, before);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_with_every_scope_but_the_operations_own_is_403() {
    let app = start().await;
    let seeded = seed(&app.client, "amber").await;
    let before = everything(&app, app.tenant).await;
    for case in CASES {
        let Some(scope) = case.scope else { continue };
        let others: Vec<&str> = SCOPES.iter().copied().filter(|other| *other != scope).collect();
        let client = app.client.with_key(Some(&app.secret_key(app.tenant, &others).await));
        let answered = client.send(case.request(&client, &case.path(&seeded), &seeded)).await;
        answered.expect_problem(403, "forbidden");
        assert!(
            answered.body["detail"].as_str().unwrap().contains(scope),
            "{}",
            answered.text
        );
    }
    assert_eq!(everything(&app, app.tenant).await, before);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_with_the_operations_scope_alone_is_let_in() {
    // Without this the two tests above would pass for an API that refuses everybody.
    let app = start().await;
    let seeded = seed(&app.client, "amber").await;
    for case in CASES {
        let scopes: Vec<&str> = case.scope.into_iter().collect();
        let client = app.client.with_key(Some(&app.secret_key(app.tenant, &scopes).await));
        let answered = client.send(case.request(&client, &case.path(&seeded), &seeded)).await;
        assert!(
            answered.status.is_success(),
            "{}: {} {}",
            case.operation,
            answered.status,
            answered.text
        );
    }
    app.abandon().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_parameter_of_any_list_is_refused() {
    let app = start().await;
    let seeded = seed(&app.client, "amber").await;
    let documented = documented(&app).await;
    let is_list = |case: &&Case| {
        let answered = &documented[case.operation]["responses"]["200"];
        case.operation.starts_with("get ") && answered.to_string().contains("Page_")
    };
    let lists: Vec<&Case> = CASES.iter().filter(is_list).collect();
    assert!(lists.len() >= 27, "{}", lists.len());
    for case in lists {
        let path = case.path(&seeded);
        let answered = app.client.get(&path).await;
        assert!(answered.body["data"].is_array(), "{path}: {}", answered.text);
        let mistyped = app.client.get(&format!("{path}?limt=5")).await;
        mistyped.expect_problem(400, "invalid_query");
        assert_eq!(mistyped.body["errors"][0]["field"], "limt", "{path}: {}", mistyped.text);
    }
    app.abandon().await;
}

/// `dry_run` belongs into bodies: in an address it must not be taken for nothing said.
#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_parameter_of_any_operation_is_refused_and_nothing_is_done() {
    let app = start().await;
    let seeded = seed(&app.client, "amber").await;
    let before = everything(&app, app.tenant).await;
    for case in CASES {
        let path = format!("{}?dry_run=true", case.path(&seeded));
        let mistaken = app.client.send(case.request(&app.client, &path, &seeded)).await;
        mistaken.expect_problem(400, "invalid_query");
        assert_eq!(
            mistaken.body["errors"][0]["field"], "dry_run",
            "{}: {}",
            case.operation, mistaken.text
        );
    }
    assert_eq!(everything(&app, app.tenant).await, before);
    app.abandon().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_tenants_ids_are_not_found_and_nothing_of_it_changes() {
    let app = start().await;
    let seeded = seed(&app.client, "amber").await;
    seed(&app.client_b, "basalt").await;
    let before = everything(&app, app.tenant).await;
    let b_before = everything(&app, app.tenant_b).await;
    for case in with_id() {
        let foreign = app
            .client_b
            .send(case.request(&app.client_b, &case.path(&seeded), &seeded))
            .await;
        foreign.expect_problem(404, "not_found");
        for unknown in [uuid::Uuid::now_v7().to_string(), "nonsense".to_owned()] {
            let path = case.path_with(&unknown);
            let nobodys = app.client_b.send(case.request(&app.client_b, &path, &seeded)).await;
            assert_eq!(
                said(&foreign),
                said(&nobodys),
                "{}: that an id is another's can be told",
                case.operation
            );
        }
    }
    assert_eq!(everything(&app, app.tenant).await, before);
    assert_eq!(
        everything(&app, app.tenant_b).await,
        b_before,
        "nothing was started for B either"
    );
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_tenants_bases_in_a_body_are_not_found_even_beside_own_ones() {
    let app = start().await;
    let (a, b) = (seed(&app.client, "amber").await, seed(&app.client_b, "basalt").await);
    let b_before = everything(&app, app.tenant_b).await;
    for (path, field) in [("/v1/search", "query"), ("/v1/answers", "question")] {
        for (own, wrong) in [
            (vec![], "knowledge_base_ids.0"),
            (vec![b.base.as_str()], "knowledge_base_ids.1"),
        ] {
            let asked = async |id: &str| {
                let ids: Vec<&str> = own.iter().copied().chain([id]).collect();
                let body = json!({"knowledge_base_ids": ids, field: "amber"});
                app.client_b.post(path, body).await
            };
            let foreign = asked(&a.base).await;
            foreign.expect_problem(404, "not_found");
            assert_eq!(foreign.body["errors"][0]["field"], wrong, "{}", foreign.text);
            let nobodys = asked(&uuid::Uuid::now_v7().to_string()).await;
            assert_eq!(said(&foreign), said(&nobodys), "that an id is another's can be told");
        }
    }
    assert_eq!(everything(&app, app.tenant_b).await, b_before, "no job was started");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_cursors_and_keys_of_one_tenant_mean_nothing_to_another() {
    let app = start().await;
    let (a, b) = (seed(&app.client, "amber").await, seed(&app.client_b, "basalt").await);
    for list in ["/v1/knowledge-bases", "/v1/jobs", "/v1/schedules"].map(str::to_owned) {
        let own = app.client_b.get(&list).await;
        for id in [&a.base, &a.job, &a.waiting_job, &a.document, &a.schedule] {
            assert!(!own.text.contains(id.as_str()), "{list} shows another's: {}", own.text);
        }
        let cursor = app.client.get(&format!("{list}?limit=1")).await.body["next_cursor"].clone();
        let cursor = cursor.as_str().unwrap_or("00000000000000000000000000000000").to_owned();
        let paged = app.client_b.get(&format!("{list}?cursor={cursor}")).await;
        assert!(
            paged.status.is_success() && !paged.text.contains("amber"),
            "{}",
            paged.text
        );
    }
    // The same idempotency key and the same unique key, by both: two jobs.
    let body = json!({"kind": "diagnostics.noop", "run_at": far_ahead(), "unique_key": "shared"});
    let mut jobs = Vec::new();
    for client in [&app.client, &app.client_b] {
        let request = client
            .request(reqwest::Method::POST, "/v1/jobs")
            .header("idempotency-key", "shared");
        let answered = client.send(request.json(&body)).await;
        assert!(
            !answered.headers.contains_key("idempotent-replayed") && !answered.headers.contains_key("existing-job")
        );
        jobs.push(answered.body["id"].clone());
    }
    assert_ne!(jobs[0], jobs[1]);
    // What A stored is not found by the words it holds.
    let found = app
        .client_b
        .search(json!({"knowledge_base_ids": [b.base], "query": "amber secret"}))
        .await;
    assert!(!found.to_string().contains("amber"), "{found}");
    app.finish().await;
}

/// What a problem says, but for the id of its request.
fn said(answered: &Answered) -> Value {
    let mut body = answered.body.clone();
    body.as_object_mut().unwrap().remove("request_id");
    body
}

/// A digest of each of the tenant's tables; when its keys were used last is left out.
async fn everything(app: &TestApp, tenant: TenantId) -> Vec<String> {
    let mut conn = app.database.owner().await;
    let tables = texts(
        &mut conn,
        "SELECT c.relname::text AS text FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'tenant_id'
         WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relname <> 'api_keys'",
    )
    .await;
    let mut digests = Vec::new();
    for table in tables {
        let rows = format!(
            "SELECT '{table} ' || count(*) || ' ' || coalesce(md5(string_agg(to_jsonb(t)::text, ' ' ORDER BY to_jsonb(t)::text)), '') AS text
             FROM {table} t WHERE tenant_id = '{tenant}'"
        );
        digests.extend(texts(&mut conn, &rows).await);
    }
    digests
}
