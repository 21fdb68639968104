use super::support::{count, document, submit};
use serde_json::json;
use std::collections::HashMap;
use std::time::{Duration, Instant};
use store::documents::{RecognisedPage, keep_recognised_page};
use store::jobs::{ClaimedJob, Held, Progress, claim, expire_leases, save_progress};
use store::{DocumentId, JobId, StoreError, embeddings};
use tests::{TestApp, TestOptions};

async fn claimed(app: &TestApp, job: JobId, lease_ms: i64) -> ClaimedJob {
    let mut claimed = claim(&app.context.system, &[job], "by hand", uuid::Uuid::new_v4(), lease_ms)
        .await
        .unwrap();
    claimed.pop().unwrap()
}

fn held(job: &ClaimedJob) -> Held {
    Held {
        id: job.id,
        lease_token: job.lease_token,
    }
}

async fn keep(app: &TestApp, job: &ClaimedJob) -> Result<(), StoreError> {
    let (held, document) = (held(job), job.document_id.unwrap());
    let vectors = HashMap::from([(vec![7; 32], vec![1.0_f32; 384])]);
    app.context
        .store
        .tenant(app.tenant, async |tx| {
            embeddings::insert_ahead(tx, held, (document, 1), "all-MiniLM-L6-v2", &vectors).await
        })
        .await
}

async fn keep_page(app: &TestApp, job: &ClaimedJob) -> Result<(), StoreError> {
    let (held, document) = (held(job), job.document_id.unwrap());
    let page = RecognisedPage {
        page: 1,
        hocr: "<html/>".to_owned(),
    };
    app.context
        .store
        .tenant(app.tenant, async |tx| {
            keep_recognised_page(tx, held, (document, 1), "deu", &page).await
        })
        .await
}

async fn write_steps(app: &TestApp, job: &ClaimedJob) -> i64 {
    let progress = Progress {
        held: held(job),
        progress: None,
        steps: Some(json!([{"name": "fetch"}])),
        waits: None,
    };
    save_progress(&app.context.system, &[progress]).await.unwrap();
    app.count("SELECT count(*) FROM job_bodies WHERE steps IS NOT NULL")
        .await
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_lost_the_lease_keeps_no_vectors_and_no_pages_and_writes_no_steps() {
    let app = TestApp::start_with(TestOptions {
        pools: Vec::new(),
        ..TestOptions::default()
    })
    .await;
    let base = app.client.knowledge_base("base").await;
    let submitted = submit(&app, &base, document(1)).await;
    let job = JobId(submitted["id"].as_str().unwrap().parse().unwrap());
    let first = claimed(&app, job, 1).await;
    let start = Instant::now();
    while expire_leases(&app.context.system, 10, Duration::ZERO)
        .await
        .unwrap()
        .is_empty()
    {
        assert!(start.elapsed() < Duration::from_secs(10), "the lease does not expire");
    }
    let second = claimed(&app, job, 60_000).await;
    assert_eq!(
        second.document_id,
        Some(DocumentId(submitted["document_id"].as_str().unwrap().parse().unwrap()))
    );

    let refused = keep(&app, &first).await;
    assert!(matches!(refused, Err(StoreError::LeaseLost)), "{refused:?}");
    assert_eq!(
        (count(&app, "embeddings").await, count(&app, "embeddings_ahead").await),
        (0, 0)
    );
    let refused = keep_page(&app, &first).await;
    assert!(matches!(refused, Err(StoreError::LeaseLost)), "{refused:?}");
    assert_eq!(count(&app, "recognised_pages").await, 0);
    assert_eq!(write_steps(&app, &first).await, 0);
    keep(&app, &second).await.unwrap();
    assert_eq!(
        (count(&app, "embeddings").await, count(&app, "embeddings_ahead").await),
        (1, 1)
    );
    keep_page(&app, &second).await.unwrap();
    assert_eq!(count(&app, "recognised_pages").await, 1);
    assert_eq!(write_steps(&app, &second).await, 1);

    // Once its deletion has begun nothing more is kept for it.
    app.client
        .delete(&format!("/v1/documents/{}", submitted["document_id"].as_str().unwrap()))
        .await;
    for refused in [keep(&app, &second).await, keep_page(&app, &second).await] {
        assert!(matches!(refused, Err(StoreError::NotFound { .. })), "{refused:?}");
    }
    app.abandon().await;
}
