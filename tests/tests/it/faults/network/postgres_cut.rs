use super::super::enqueue::{claim_by_hand, enqueue_one};
use super::super::rows::Rows;
use super::{behind_postgres_proxy, cut, post_until_accepted, write_and_finish};
use config::DispatchBackend;
use jobs::kinds::diagnostics::Noop;
use jobs::{EnqueueOptions, Pool};
use serde_json::json;
use std::cell::Cell;
use std::time::Duration;
use store::StoreError;
use tests::{TestApp, TestOptions, eventually};

#[tokio::test(flavor = "multi_thread")]
async fn cutting_postgres_again_and_again_loses_nothing_that_was_accepted_and_writes_nothing_twice() {
    let mut app = TestApp::start_with(TestOptions {
        pools: Vec::new(),
        ..behind_postgres_proxy(&[])
    })
    .await;
    let base = app.client.knowledge_base("base").await;
    let mut accepted = 0;
    for _ in 0..20 {
        submit(&app, &base, &mut accepted).await;
    }
    app.start_workers(Pool::ALL.to_vec());
    let over = Cell::new(false);
    tokio::join!(
        async {
            cut(app.postgres(), 16).await;
            over.set(true);
        },
        async {
            while !over.get() {
                submit(&app, &base, &mut accepted).await;
            }
        }
    );
    let connections = app.postgres().accepted();
    eprintln!("{accepted} documents accepted, {connections} connections");
    assert!(connections > 20, "they were not cut in the middle of the work");
    let mut rows = Rows::of(&app);
    rows.until_succeeded(2 * accepted, Duration::from_secs(60)).await;
    rows.assert_each_succeeded_once(2 * accepted).await;
    let whole = "SELECT count(*) FROM documents d WHERE chunk_count >= 2
                 AND (SELECT count(*) FROM chunks c WHERE c.document_id = d.id) = chunk_count";
    let chunks = rows.number("SELECT sum(chunk_count) FROM documents").await;
    for (select, expected) in [
        ("SELECT count(*) FROM documents", accepted),
        (whole, accepted),
        ("SELECT count(*) FROM chunks", chunks),
        // A document that was put in place twice would have been recorded twice.
        ("SELECT count(*) FROM index_changes", accepted),
        ("SELECT max(seq) FROM index_changes", accepted),
    ] {
        assert_eq!(rows.number(select).await, expected, "{select}; {}", rows.states().await);
    }
    app.finish().await;
}

/// Submits a document of several chunks, and another job, until both are accepted.
async fn submit(app: &TestApp, base: &str, accepted: &mut i64) {
    let section = |word: &str| format!("## {word}\n\n{}\n\n", format!("{word} ").repeat(130));
    let content = format!("{}{}", section("copper"), section(&format!("tin{accepted}")));
    let document = json!({
        "title": "Metal", "content": content, "mime_type": "text/markdown", "external_id": accepted.to_string()
    });
    post_until_accepted(app, &format!("/v1/knowledge-bases/{base}/documents"), &document).await;
    post_until_accepted(app, "/v1/jobs", &json!({"kind": "diagnostics.noop"})).await;
    *accepted += 1;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_whose_answer_is_lost_is_not_repeated() {
    let app = TestApp::start_with(TestOptions {
        pools: Vec::new(),
        ..behind_postgres_proxy(&[])
    })
    .await;
    let job = enqueue_one(&app, &Noop {}, &EnqueueOptions::default()).await;
    let claimed = claim_by_hand(&app, job.id, 60_000).await;
    // COMMIT arrives, its answer does not.
    let lost = write_and_finish(&app, &claimed, || app.postgres().cut_in_answer_to("COMMIT", 0))
        .await
        .unwrap_err();
    assert!(lost.is_transient(), "{lost:?}");
    let mut rows = Rows::of(&app);
    rows.until_succeeded(1, Duration::from_secs(10)).await;
    let refused = write_and_finish(&app, &claimed, || {}).await;
    assert!(matches!(refused, Err(StoreError::LeaseLost)), "{refused:?}");
    assert_eq!(rows.number("SELECT count(*) FROM knowledge_bases").await, 1);
    rows.assert_each_succeeded_once(1).await;
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_is_cut_off_from_postgres_gives_back_what_it_took() {
    let more = [
        ("dispatch.redispatch_after_secs", "3600"),
        ("database.connect_timeout_secs", "1"),
    ];
    let app = TestApp::start_with(behind_postgres_proxy(&more)).await;
    let beside = app.beside_proxies().await;
    app.postgres().refuse();
    app.postgres().cut();
    let made = beside
        .store
        .tenant(app.tenant, async |tx| {
            let mut made = Vec::new();
            for _ in 0..20 {
                made.extend(jobs::enqueue(tx, &Noop {}, EnqueueOptions::default()).await?.dispatch);
            }
            Ok::<_, jobs::EnqueueError>(made)
        })
        .await
        .unwrap();
    beside.queue.try_push(&made).await.unwrap();
    let depth = async || beside.queue.depth(Pool::General).await.unwrap();
    eventually("it takes them", Duration::from_secs(10), || async {
        depth().await.popped > 0
    })
    .await;
    // What apalis-redis has of them, and nobody has fetched, stays in its window, from which the others fetch it.
    if beside.settings.dispatch.backend == DispatchBackend::Own {
        eventually("it gives them back", Duration::from_secs(10), || async {
            let depth = depth().await;
            (depth.popped, depth.queued) == (0, 20)
        })
        .await;
    }
    let options = workers::WorkerOptions::new(&beside.settings, vec![Pool::General]);
    let others = workers::start(&beside, &app.registry, options);
    let mut rows = Rows::of(&app);
    rows.until_succeeded(20, Duration::from_secs(20)).await;
    rows.assert_each_succeeded_once(20).await;
    others.shut_down().await;
    app.postgres().accept();
    app.finish().await;
}
