use super::{all_succeed_at_once, declare, submit};
use integrations::http::HeaderMap;
use jobs::{Dispatch, EnqueueOptions, Estimate, Kind, Pool};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::time::Duration;
use tests::{FakeVendor, TestApp, TestOptions, eventually};
use url::Url;
use workers::{Done, Handle, Heard, JobContext, JobError};

/// Calls a while after it has begun, so that Redis can go away in between.
#[derive(Clone, Serialize, Deserialize)]
struct LateCall {
    url: String,
}

impl Kind for LateCall {
    const NAME: &'static str = "tests.late_call";
    const POOL: Pool = Pool::General;
}

impl Handle for LateCall {
    async fn handle(self, job: JobContext) -> Result<Done, JobError> {
        tokio::time::sleep(Duration::from_secs(1)).await;
        let (url, heard) = (Url::parse(&self.url).unwrap(), Heard::default());
        let call = async {
            let answer = heard.exchange(job.app.http.get(&url, HeaderMap::new())).await?;
            Ok(answer.status.as_u16())
        };
        let status = job.governed("vendor", Estimate::default(), &heard, call).await?;
        Done::with(&json!({ "status": status }))
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_called_while_nobody_can_count() {
    let app = TestApp::start_with(TestOptions {
        registry: workers::handlers::registry().with::<LateCall>(),
        redis_proxy: true,
        settings: vec![("redis.response_timeout_ms", "300".to_owned())],
        ..TestOptions::default()
    })
    .await;
    let vendor = FakeVendor::start(&[]).await;
    let call = LateCall {
        url: format!("{}/calls/x", vendor.url),
    };
    let queued: Result<jobs::Enqueued, jobs::EnqueueError> = app
        .context
        .store
        .tenant(app.tenant, async move |tx| {
            jobs::enqueue(tx, &call, EnqueueOptions::default()).await
        })
        .await;
    let queued = queued.unwrap();
    let dispatch: Vec<Dispatch> = queued.dispatch.into_iter().collect();
    app.context.queue.push(&dispatch).await;
    eventually("it runs", Duration::from_secs(10), || async {
        app.count("SELECT count(*) FROM jobs WHERE state = 'running'").await == 1
    })
    .await;
    app.redis().stall();
    eventually("it is put off", Duration::from_secs(10), || async {
        app.count("SELECT count(*) FROM jobs WHERE snooze ->> 'limit' = 'governor' AND attempt = 0")
            .await
            == 1
    })
    .await;
    app.redis().resume();
    let ended = app.client.ended(&queued.id.to_string()).await;
    assert_eq!(
        (&ended["state"], &ended["attempt"], &ended["result"]),
        (&json!("succeeded"), &json!(1), &json!({"status": 404})),
        "{ended}"
    );
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_whose_grant_does_not_arrive_takes_nothing_of_the_days_money() {
    let app = TestApp::start_with(TestOptions {
        redis_proxy: true,
        settings: vec![("redis.response_timeout_ms", "1000".to_owned())],
        ..TestOptions::default()
    })
    .await;
    // Two calls may be made.
    declare(&app.client, "lost-answer", json!({"cost_micros_per_day": 8})).await;
    let vendor = FakeVendor::start(&[]).await;
    let dear = json!({"credential": "lost-answer", "cost_micros": 4});
    // From here on Redis knows the scripts, and what was spent: the next that names the credential is granted.
    let first = submit(&app.client, &vendor.url, dear.clone()).await;
    all_succeed_at_once(&app.client, &[first], Duration::from_secs(10)).await;
    app.redis().strand_in_answer_to("lost-answer");
    let second = submit(&app.client, &vendor.url, dear).await;
    eventually("it is put off", Duration::from_secs(10), || async {
        app.count("SELECT count(*) FROM jobs WHERE snooze ->> 'limit' = 'governor' AND attempt = 0")
            .await
            == 1
    })
    .await;
    all_succeed_at_once(&app.client, &[second], Duration::from_secs(20)).await;
    assert_eq!(vendor.calls().len(), 2);
    app.finish().await;
}
