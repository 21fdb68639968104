//! Calls of jobs that are told to stop meanwhile are settled like others.
use super::{app, budget, declare, submit};
use diesel_async::SimpleAsyncConnection;
use integrations::http::HeaderMap;
use jobs::{Dispatch, EnqueueOptions, Estimate, Kind, Pool};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::time::Duration;
use tests::Behaviour::{ActAndAnswerLate, ActAndFallSilent};
use tests::{FakeVendor, TestApp, TestOptions, eventually};
use url::Url;
use workers::{Done, Handle, Heard, JobContext, JobError};

/// The job has ended, and with it its call.
async fn is_settled(app: &TestApp, job: &str) -> Value {
    let ended = app.client.ended_within(job, Duration::from_secs(10)).await;
    assert_eq!(ended["cost"]["micros"], 4, "{ended}");
    let found = budget(&app.client, "vendor").await;
    assert_eq!(
        (&found["today"]["cost_micros"], &found["current"]["in_flight"]),
        (&json!(4), &json!(0)),
        "{found}"
    );
    ended
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_is_cancelled_during_its_call_pays_for_it() {
    let app = app(&[]).await;
    declare(&app.client, "vendor", json!({"cost_micros_per_day": 10})).await;
    let vendor = FakeVendor::start(&[ActAndAnswerLate(Duration::from_secs(1))]).await;
    let mut busy = app.database.owner().await;
    busy.batch_execute("BEGIN; LOCK TABLE provider_usage IN EXCLUSIVE MODE")
        .await
        .unwrap();
    let job = submit(&app.client, &vendor.url, json!({"cost_micros": 4})).await;
    vendor.called().await;
    app.client.post(&format!("/v1/jobs/{job}/cancel"), Value::Null).await;
    eventually(
        "what it cost is being written down",
        Duration::from_secs(10),
        || async { app.waiting_backends().await == 1 },
    )
    .await;
    // A job that does not wait for that has ended before one that comes now.
    let next = app.client.post("/v1/jobs", json!({"kind": "diagnostics.noop"})).await;
    app.client.ended(next.body["id"].as_str().unwrap()).await;
    let waits = app.client.get(&format!("/v1/jobs/{job}")).await.body;
    assert_eq!(waits["state"], "running", "{waits}");
    busy.batch_execute("COMMIT").await.unwrap();
    is_settled(&app, &job).await;
    app.finish().await;
}

/// A call that changes nothing at the vendor, and so is in no ledger.
#[derive(Clone, Serialize, Deserialize)]
struct Ask {
    url: String,
}

impl Kind for Ask {
    const NAME: &'static str = "tests.ask";
    const POOL: Pool = Pool::General;
}

impl Handle for Ask {
    async fn handle(self, job: JobContext) -> Result<Done, JobError> {
        let (url, heard) = (Url::parse(&self.url).unwrap(), Heard::default());
        let body = json!({});
        let call = async {
            let answer = heard
                .exchange(job.app.http.post_json(&url, HeaderMap::new(), &body))
                .await?;
            Ok(answer.status.as_u16())
        };
        let estimate = Estimate {
            tokens: 7,
            cost_micros: 4,
        };
        let status = job.governed("vendor", estimate, &heard, call).await?;
        Done::with(&json!({ "status": status }))
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_nobody_waits_for_any_more_is_paid_for_and_holds_nothing() {
    let app = TestApp::start_with(TestOptions {
        registry: workers::handlers::registry().with::<Ask>(),
        settings: vec![("outgoing.timeout_secs", "60".to_owned())],
        ..TestOptions::default()
    })
    .await;
    let vendor = FakeVendor::start(&[ActAndFallSilent]).await;
    let ask = Ask {
        url: format!("{}/calls", vendor.url),
    };
    let queued: Result<jobs::Enqueued, jobs::EnqueueError> = app
        .context
        .store
        .tenant(app.tenant, async move |tx| {
            jobs::enqueue(tx, &ask, EnqueueOptions::default()).await
        })
        .await;
    let queued = queued.unwrap();
    let dispatch: Vec<Dispatch> = queued.dispatch.into_iter().collect();
    app.context.queue.push(&dispatch).await;
    vendor.called().await;
    let job = queued.id.to_string();
    app.client.post(&format!("/v1/jobs/{job}/cancel"), Value::Null).await;
    let ended = is_settled(&app, &job).await;
    assert_eq!(ended["state"], "cancelled", "it was not waited for: {ended}");
    app.finish().await;
}
