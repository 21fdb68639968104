//! Pages, cursors and filters.
use serde_json::{Value, json};
use std::collections::BTreeSet;
use tests::{Client, TestApp, TestOptions, far_ahead};

async fn without_workers() -> TestApp {
    TestApp::start_with(TestOptions {
        pools: Vec::new(),
        ..TestOptions::default()
    })
    .await
}

async fn submit(client: &Client, body: Value) -> String {
    client.post("/v1/jobs", body).await.body["id"]
        .as_str()
        .unwrap()
        .to_owned()
}

/// The ids on all pages, in order.
async fn visit(client: &Client, list: &str, limit: usize) -> Vec<String> {
    let mut found = Vec::new();
    let (mut cursor, begin) = (String::new(), if list.contains('?') { '&' } else { '?' });
    loop {
        let page = client.get(&format!("{list}{begin}limit={limit}{cursor}")).await;
        assert_eq!(page.status.as_u16(), 200, "{}", page.text);
        let rows = page.body["data"].as_array().unwrap();
        found.extend(rows.iter().map(|row| row["id"].as_str().unwrap().to_owned()));
        assert!(found.len() < 1000, "{list} has no end");
        match page.body["next_cursor"].as_str() {
            Some(next) => {
                assert_eq!(rows.len(), limit, "only the last page is shorter");
                cursor = format!("&cursor={next}");
            }
            None => return found,
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_pages_of_a_list_hold_everything_exactly_once_newest_first() {
    let app = without_workers().await;
    let mut made = Vec::new();
    for _ in 0..25 {
        made.push(submit(&app.client, json!({"kind": "diagnostics.noop"})).await);
    }
    made.reverse();
    for limit in [1, 4, 5, 25, 100] {
        assert_eq!(visit(&app.client, "/v1/jobs", limit).await, made, "pages of {limit}");
    }
    app.abandon().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn limits_and_pauses_come_newest_first_too() {
    let app = without_workers().await;
    let kinds = ["diagnostics.noop", "ingest_document", "diagnostics.sleep"];
    for kind in kinds {
        let limit = json!({"kind": kind, "max_running": 2});
        assert_eq!(app.client.post("/v1/limits", limit).await.status.as_u16(), 200);
        let pause = app.client.post("/v1/pauses", json!({"kind": kind})).await;
        assert_eq!(pause.status.as_u16(), 201, "{}", pause.text);
    }
    for list in ["/v1/limits", "/v1/pauses"] {
        let listed = app.client.get(list).await;
        let rows = listed.body["data"].as_array().unwrap().iter();
        let listed: Vec<&str> = rows.map(|row| row["kind"].as_str().unwrap()).collect();
        assert_eq!(
            listed,
            kinds.into_iter().rev().collect::<Vec<_>>(),
            "{list} has another order"
        );
    }
    app.abandon().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_made_between_two_pages_moves_nothing() {
    let app = without_workers().await;
    let mut made = BTreeSet::new();
    for _ in 0..9 {
        made.insert(submit(&app.client, json!({"kind": "diagnostics.noop"})).await);
    }
    let mut seen = Vec::new();
    let mut cursor = String::new();
    for _ in 0..3 {
        let page = app.client.get(&format!("/v1/jobs?limit=3{cursor}")).await;
        seen.extend(
            page.body["data"]
                .as_array()
                .unwrap()
                .iter()
                .map(|job| job["id"].as_str().unwrap().to_owned()),
        );
        cursor = format!("&cursor={}", page.body["next_cursor"].as_str().unwrap_or(""));
        submit(&app.client, json!({"kind": "diagnostics.noop"})).await;
    }
    assert_eq!(seen.len(), 9);
    assert_eq!(seen.into_iter().collect::<BTreeSet<_>>(), made);
    app.abandon().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn bases_documents_and_chunks_are_paged_alike() {
    let app = TestApp::start().await;
    for number in 0..6 {
        app.client.knowledge_base(&format!("base {number}")).await;
    }
    let base = app.client.knowledge_base("full").await;
    let sections: String = (0..7)
        .map(|n| format!("\n\n## Part {n}\n\n{}", "word ".repeat(150)))
        .collect();
    let document = app
        .client
        .ingest(
            &base,
            json!({"title": "long", "content": format!("# Long{sections}"), "mime_type": "text/markdown"}),
        )
        .await;
    for number in 0..4 {
        app.client
            .ingest(
                &base,
                json!({"title": "short", "content": format!("Number {number}."), "mime_type": "text/plain"}),
            )
            .await;
    }
    let document = document["document_id"].as_str().unwrap();
    for (list, least) in [
        ("/v1/knowledge-bases".to_owned(), 7),
        (format!("/v1/knowledge-bases/{base}/documents"), 5),
        (format!("/v1/documents/{document}/chunks"), 7),
    ] {
        let all = visit(&app.client, &list, 100).await;
        assert!(all.len() >= least, "{list}: {}", all.len());
        for limit in [1, 2, 3] {
            assert_eq!(visit(&app.client, &list, limit).await, all, "{list} by {limit}");
        }
    }
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn chunks_come_in_the_documents_order() {
    let app = TestApp::start().await;
    let base = app.client.knowledge_base("base").await;
    let sections: String = (0..5)
        .map(|n| format!("\n\n## Part {n}\n\nText of part {n}: {}", "word ".repeat(120)))
        .collect();
    let job = app
        .client
        .ingest(
            &base,
            json!({"title": "long", "content": sections, "mime_type": "text/markdown"}),
        )
        .await;
    let chunks = app
        .client
        .get(&format!(
            "/v1/documents/{}/chunks",
            job["document_id"].as_str().unwrap()
        ))
        .await;
    let chunks = chunks.body["data"].as_array().unwrap();
    for (at, chunk) in chunks.iter().enumerate() {
        assert_eq!(chunk["ordinal"], at, "{chunk}");
    }
    let parts: Vec<_> = chunks
        .iter()
        .filter_map(|chunk| {
            chunk["text"]
                .as_str()?
                .find("of part")
                .map(|at| &chunk["text"].as_str().unwrap()[at..at + 9])
        })
        .collect();
    let mut sorted = parts.clone();
    sorted.sort_unstable();
    assert_eq!((parts.len(), &parts), (5, &sorted));
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn jobs_are_found_by_state_kind_pool_and_time() {
    let app = TestApp::start().await;
    let done = submit(&app.client, json!({"kind": "diagnostics.noop"})).await;
    app.client.ended(&done).await;
    let waiting = submit(
        &app.client,
        json!({"kind": "diagnostics.sleep", "payload": {"ms": 1}, "run_at": far_ahead()}),
    )
    .await;
    let base = app.client.knowledge_base("base").await;
    let ingest = app
        .client
        .ingest(
            &base,
            json!({"title": "t", "content": "Words.", "mime_type": "text/plain"}),
        )
        .await;
    let ingest = ingest["id"].as_str().unwrap();
    let all = vec![ingest, &*waiting, &*done];
    let ids = async |query: &str| -> Vec<String> {
        let found = app.client.get(&format!("/v1/jobs?{query}")).await;
        found.body["data"]
            .as_array()
            .unwrap_or_else(|| panic!("{query}: {}", found.text))
            .iter()
            .map(|job| job["id"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(ids("state=succeeded").await, [ingest, &*done]);
    assert_eq!(ids("state=scheduled").await, [&*waiting]);
    assert_eq!(ids("kind=diagnostics.sleep").await, [&*waiting]);
    assert_eq!(ids("kind=diagnostics.fail").await, Vec::<String>::new());
    assert_eq!(ids("pool=ingest").await, [ingest]);
    assert_eq!(ids("state=succeeded&pool=general").await, [&*done]);
    assert_eq!(ids("created_after=2000-01-01T00:00:00Z").await, all);
    assert_eq!(
        ids("created_after=2990-01-01T00:00:00%2B02:00").await,
        Vec::<String>::new()
    );
    app.finish().await;
}

async fn batch(app: &TestApp, body: Value) -> String {
    let made = app.client.post("/v1/batches", body).await;
    assert_eq!(made.status.as_u16(), 202, "{}", made.text);
    made.body["id"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn batches_are_found_by_state_page_by_page() {
    let app = TestApp::start().await;
    let act = async |path: String| app.client.post(&path, Value::Null).await;
    let noop = json!({"kind": "diagnostics.noop"});
    let fails = json!({"kind": "diagnostics.fail", "payload": {"permanent": true}});
    let far = json!({"kind": "diagnostics.noop", "run_at": far_ahead()});
    for _ in 0..3 {
        batch(&app, json!({"jobs": [noop]})).await;
    }
    batch(&app, json!({"jobs": [noop, fails]})).await;
    let again = batch(&app, json!({"jobs": [fails]})).await;
    let stopped = batch(&app, json!({"jobs": [far, noop]})).await;
    act(format!("/v1/batches/{stopped}/cancel")).await;
    let of_job = batch(&app, json!({"jobs": [far]})).await;
    let job = app.client.get(&format!("/v1/jobs?parent_id={of_job}")).await.body["data"][0]["id"].clone();
    act(format!("/v1/jobs/{}/cancel", job.as_str().unwrap())).await;
    tests::eventually("all have ended", std::time::Duration::from_secs(20), async || {
        app.count("SELECT count(*) FROM batches WHERE ended_at IS NULL").await == 0
    })
    .await;
    // One that had ended pends again; others pend, or may be added to.
    app.client.post("/v1/pauses", json!({})).await;
    let job = app.client.get(&format!("/v1/jobs?parent_id={again}")).await.body["data"][0]["id"].clone();
    act(format!("/v1/jobs/{}/retry", job.as_str().unwrap())).await;
    batch(&app, json!({"jobs": [far]})).await;
    batch(&app, json!({"open": true})).await;

    let all = app.client.get("/v1/batches?limit=100").await.body["data"].clone();
    for (state, how_many) in [("running", 3), ("succeeded", 3), ("failed", 1), ("cancelled", 2)] {
        let shown = all.as_array().unwrap().iter().filter(|batch| batch["state"] == state);
        let expected: Vec<&str> = shown.map(|batch| batch["id"].as_str().unwrap()).collect();
        assert_eq!(expected.len(), how_many, "{state}: {all:#}");
        for limit in [1, 2, 100] {
            let list = format!("/v1/batches?state={state}");
            assert_eq!(
                visit(&app.client, &list, limit).await,
                expected,
                "{state}, pages of {limit}"
            );
        }
    }
    let of_others = app.client_b.get("/v1/batches?state=running").await.body;
    assert_eq!(of_others["data"], json!([]));
    for query in [
        "state=odd",
        "state=",
        "state=failed&state=running",
        "kind=diagnostics.noop",
    ] {
        let refused = app.client.get(&format!("/v1/batches?{query}")).await;
        refused.expect_problem(400, "invalid_query");
    }
    app.abandon().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn documents_are_found_by_state() {
    let app = TestApp::start().await;
    let base = app.client.knowledge_base("base").await;
    app.client
        .ingest(
            &base,
            json!({"title": "good", "content": "Words.", "mime_type": "text/plain"}),
        )
        .await;
    app.client
        .ingest(
            &base,
            json!({"title": "bad", "content": "<p>…</p>", "mime_type": "text/html"}),
        )
        .await;
    for (state, titles) in [
        ("ready", vec!["good"]),
        ("failed", vec!["bad"]),
        ("pending", vec![]),
        ("deleting", vec![]),
    ] {
        let found = app
            .client
            .get(&format!("/v1/knowledge-bases/{base}/documents?state={state}"))
            .await;
        let found: Vec<_> = found.body["data"]
            .as_array()
            .unwrap()
            .iter()
            .map(|document| document["title"].as_str().unwrap())
            .collect();
        assert_eq!(found, titles, "{state}");
    }
    app.abandon().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_query_lists_every_parameter_that_is_wrong() {
    let app = without_workers().await;
    let answered = app
        .client
        .get("/v1/jobs?limit=0&state=odd&pool=odd&created_after=soon&surplus=1&kind=%00")
        .await;
    answered.expect_problem(400, "invalid_query");
    let mut fields: Vec<_> = answered.body["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|error| error["field"].as_str().unwrap())
        .collect();
    fields.sort_unstable();
    assert_eq!(fields, ["created_after", "kind", "limit", "pool", "state", "surplus"]);
    for query in [
        "limit=101",
        "limit=-1",
        "limit=ten",
        "limit=",
        "limit=1&limit=2",
        "state=",
        "kind=",
        "x",
    ] {
        app.client
            .get(&format!("/v1/jobs?{query}"))
            .await
            .expect_problem(400, "invalid_query");
    }
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cursor_that_no_list_returned_is_refused() {
    let app = TestApp::start().await;
    let base = app.client.knowledge_base("base").await;
    let job = app
        .client
        .ingest(
            &base,
            json!({"title": "t", "content": "Words.", "mime_type": "text/plain"}),
        )
        .await;
    let document = job["document_id"].as_str().unwrap();
    for list in [
        "/v1/jobs".to_owned(),
        "/v1/knowledge-bases".to_owned(),
        format!("/v1/knowledge-bases/{base}/documents"),
        format!("/v1/documents/{document}/chunks"),
    ] {
        for cursor in [
            "",
            "x",
            "-1",
            "0000",
            "g0000000",
            "%00",
            "%F0%9F%98%80",
            "../../etc/passwd",
            "00000000-0000-0000-0000-000000000000",
        ] {
            app.client
                .get(&format!("{list}?cursor={cursor}"))
                .await
                .expect_problem(400, "invalid_cursor");
        }
    }
    app.finish().await;
}
