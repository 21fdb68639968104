//! Batches whose rows were written to past the statements that count, and what follows a batch and was forgotten.
use super::{examine, named_and_mended, run, without_workers};
use serde_json::{Value, json};
use tests::TestApp;

/// A closed batch of two jobs and one that follows: its id, and that of the one that follows.
async fn submit(app: &TestApp) -> (String, String) {
    let noop = json!({"kind": "diagnostics.noop"});
    let batch = json!({"jobs": [noop, noop], "on_complete": noop});
    let made = app.client.post("/v1/batches", batch).await;
    assert_eq!(made.status.as_u16(), 202, "{}", made.text);
    let text = |name: &str| made.body[name].as_str().unwrap().to_owned();
    (text("id"), text("on_complete_job_id"))
}

async fn counts(app: &TestApp, batch: &str) -> Value {
    app.client.get(&format!("/v1/batches/{batch}")).await.body["counts"].clone()
}

/// Starts workers, who bring the batch and what follows it to their end.
async fn end(mut app: TestApp, step: &str) {
    app.start_workers(jobs::Pool::ALL.to_vec());
    assert_eq!(app.client.ended(step).await["state"], "succeeded");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_that_counts_its_jobs_wrongly_is_named_and_counted_anew() {
    let app = without_workers().await;
    let (batch, step) = submit(&app).await;
    assert_eq!(examine(&app, &[]).health("batch_counts"), "ok");
    let right = counts(&app, &batch).await;
    // One too many that ended, and one too many altogether: as many pend as should.
    run(&app, "UPDATE batches SET total = 3, dead = 1").await;
    named_and_mended(&app, "batch_counts", "problem", &batch);
    assert_eq!(counts(&app, &batch).await, right);
    // It would wait for ever for a third one.
    run(&app, "UPDATE batches SET total = 3").await;
    named_and_mended(&app, "batch_counts", "problem", &batch);
    end(app, &step).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn jobs_that_retention_has_removed_from_an_old_batch_are_not_missed_and_one_that_pends_uncounted_is() {
    let app = without_workers().await;
    let (batch, _) = submit(&app).await;
    let old = "UPDATE batches SET created_at = now() - interval '60 days', total = 5, succeeded = 3, open = true";
    run(&app, old).await;
    assert_eq!(examine(&app, &[]).health("batch_counts"), "ok");
    run(&app, "UPDATE batches SET succeeded = 4").await;
    let found = examine(&app, &["--repair"]);
    let check = found.check("batch_counts");
    assert_eq!(
        check["health"], "problem",
        "how the others ended nobody knows: {check:#}"
    );
    assert!(check["examples"][0].as_str().unwrap().contains(&batch), "{check:#}");
    app.abandon().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_that_is_over_and_was_not_ended_is_named_and_ended() {
    let app = without_workers().await;
    let (batch, step) = submit(&app).await;
    run(
        &app,
        "UPDATE jobs SET state = 'succeeded', finished_at = now() WHERE parent_id IS NOT NULL; UPDATE batches SET succeeded = 2",
    )
    .await;
    named_and_mended(&app, "batches", "problem", &batch);
    let shown = app.client.get(&format!("/v1/batches/{batch}")).await.body;
    assert!(shown["ended_at"].is_string(), "{shown}");
    end(app, &step).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_waits_for_a_batch_which_has_ended_is_named_and_made_due() {
    let app = without_workers().await;
    let (_, step) = submit(&app).await;
    run(
        &app,
        "UPDATE jobs SET state = 'succeeded', finished_at = now() WHERE parent_id IS NOT NULL;
         UPDATE batches SET succeeded = 2, ended_at = now()",
    )
    .await;
    named_and_mended(&app, "batches", "problem", &step);
    end(app, &step).await;
}
