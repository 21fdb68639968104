//! A move to the server that breaks off between two pages goes on where it was.
use super::moving::{shown, start, store_of, switch};
use super::{base_in, titles};
use serde_json::json;
use std::time::Duration;
use tests::{QdrantDouble, QdrantMischief, TestApp, eventually};
use workers::Replicas;

/// What is copied together (`workers/src/replicas/catch_up.rs`), and more than that.
const PAGE: usize = 200;
const DOCUMENTS: usize = PAGE + 50;
/// Room for the first page and the mark of where it ends, and not for the second.
const ROOM: QdrantMischief = QdrantMischief::FullAt(PAGE + 20);

/// A system with a base whose vectors are in the replicas: so many documents of one chunk each.
async fn filled(server: &QdrantDouble, timeout_ms: &str) -> (TestApp, String) {
    let mut settings = server.settings();
    settings.push(("retrieval.refresh_interval_secs", "1".to_owned()));
    settings.push(("qdrant.timeout_ms", timeout_ms.to_owned()));
    let app = super::start(settings).await;
    let base = base_in(&app, "base", "embedded").await;
    let numbers: Vec<usize> = (0..DOCUMENTS).collect();
    for some in numbers.chunks(25) {
        let ingested = some.iter().map(|number| {
            let (title, content) = (format!("marker{number}"), format!("The marker{number} stands."));
            app.client.ingest(
                &base,
                json!({"title": title, "content": content, "mime_type": "text/plain"}),
            )
        });
        for job in futures::future::join_all(ingested).await {
            assert_eq!(job["state"], "succeeded", "{job}");
        }
    }
    (app, base)
}

/// What is on the first page and what is on the second are found, wherever the vectors are.
async fn finds_all(app: &TestApp, base: &str) {
    for number in [3, DOCUMENTS - 3] {
        let wanted = format!("marker{number}");
        assert_eq!(titles(app, base, &wanted).await[0], wanted);
    }
}

/// Starts the move, and has it break off behind the first page; returns when that is on the server.
async fn broken_off(server: &QdrantDouble, app: &TestApp, base: &str) {
    server.behave(ROOM);
    app.context.replicas.keep_fresh(&app.context.system);
    start(app, base, "qdrant").await;
    eventually("the first page is there", Duration::from_secs(30), async || {
        server.chunks().len() == PAGE
    })
    .await;
    let first_page = "SELECT count(*) FROM replica_cursors WHERE host = 'qdrant' AND seq > 0";
    eventually("and written down", Duration::from_secs(30), async || {
        app.count(first_page).await == 1
    })
    .await;
}

async fn is_whole(app: &TestApp, base: &str) {
    eventually("all of it is there", Duration::from_secs(60), async || {
        let shown = shown(app, base).await;
        shown["replicas"] == shown["replicas_ready"]
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_move_that_breaks_off_between_two_pages_goes_on_behind_the_first_and_searches_are_right_throughout() {
    let server = QdrantDouble::start().await;
    let (app, base) = filled(&server, "2000").await;
    finds_all(&app, &base).await;
    broken_off(&server, &app, &base).await;
    let stopped = shown(&app, &base).await;
    assert_ne!(stopped["replicas"], stopped["replicas_ready"], "{stopped}");
    let path = format!("/v1/knowledge-bases/{base}/embedding-migration/switch");
    let refused = app.client.post(&path, json!({})).await;
    refused.expect_problem(409, "conflict");
    finds_all(&app, &base).await;
    assert_eq!(server.chunks().len(), PAGE, "what was copied stays");

    server.behave(QdrantMischief::None);
    is_whole(&app, &base).await;
    finds_all(&app, &base).await;
    assert_eq!(server.chunks().len(), DOCUMENTS);
    // A change may span two pages, so the last of a page is not behind the mark.
    assert!(server.put_again() <= 1, "{} were sent again", server.put_again());
    switch(&app, &base, "switch").await;
    assert_eq!(store_of(&app, &base).await, "qdrant");
    server.take_filters();
    finds_all(&app, &base).await;
    assert!(!server.take_filters().is_empty(), "the server was asked");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_stops_in_the_middle_of_a_move_is_followed_by_another_that_goes_on() {
    let server = QdrantDouble::start().await;
    let (app, base) = filled(&server, "60000").await;
    broken_off(&server, &app, &base).await;
    // What the process sends next is not answered, and its lease runs out.
    server.behave(QdrantMischief::Late);
    server.holds_one().await;
    app.execute("UPDATE replica_cursors SET writer = uuidv7(), writer_until = now() WHERE host = 'qdrant'")
        .await;
    finds_all(&app, &base).await;

    let context = &app.context;
    let another = Replicas::new(context.store.clone(), &context.settings, context.models.clone());
    another.keep_fresh(&context.system);
    is_whole(&app, &base).await;
    assert_eq!(server.chunks().len(), DOCUMENTS);
    assert!(server.put_again() <= 1, "{} were sent again", server.put_again());
    switch(&app, &base, "switch").await;
    finds_all(&app, &base).await;

    // The first one lives after all: what it had sent is what is there, and it sends no more of it than that again.
    server.deliver().await;
    let released = "SELECT count(*) FROM replica_cursors WHERE host = 'qdrant' AND writer IS NULL";
    eventually("nobody writes any more", Duration::from_secs(30), async || {
        app.count(released).await == 1
    })
    .await;
    finds_all(&app, &base).await;
    assert_eq!(server.chunks().len(), DOCUMENTS);
    assert!(
        server.put_again() <= DOCUMENTS - PAGE + 1,
        "{} were sent again",
        server.put_again()
    );
    another.close().await;
    app.finish().await;
}
