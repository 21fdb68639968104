//! What an operator is told of one job, without a key of its tenant.
use super::{run, submit, without_workers};
use jobs::Pool;
use serde_json::{Value, json};
use tests::{Process, TestApp};

/// The exit code, what was printed and what was complained of.
fn asked(app: &TestApp, arguments: &[&str]) -> (Option<i32>, String, String) {
    let own = app.environment();
    let environment: Vec<(&str, &str)> = own.iter().map(|(name, value)| (*name, value.as_str())).collect();
    Process::outcome(&[&["doctor", "job"], arguments].concat(), &environment)
}

fn told(app: &TestApp, job: &str) -> Value {
    let (code, out, complained) = asked(app, &[job, "--json"]);
    assert_eq!(code, Some(0), "{complained}");
    serde_json::from_str(&out).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn any_tenants_job_is_told_with_what_it_waits_for_and_without_its_content() {
    let app = without_workers().await;
    submit(&app).await;
    let base = app.client_b.knowledge_base("b").await;
    let search = app.client_b.request(reqwest::Method::POST, "/v1/search");
    let search = search.json(&json!({"knowledge_base_ids": [base], "query": "the password of the lantern"}));
    let asking = app.client_b.send(search.header("prefer", "respond-async")).await;
    let job = asking.body["id"].as_str().unwrap();
    run(
        &app,
        &format!(
            "UPDATE jobs SET progress = '{{\"done\": 1, \"total\": 2, \"message\": \"lantern.pdf\"}}' WHERE id = '{job}';
             UPDATE job_bodies SET result = '{{\"said\": \"lantern\"}}' WHERE job_id = '{job}'"
        ),
    )
    .await;
    let found = told(&app, job);
    assert_eq!(
        (&found["id"], &found["tenant_id"], &found["tenant"], &found["kind"]),
        (
            &json!(job),
            &json!(app.tenant_b),
            &json!("dev-b"),
            &json!("search_knowledge")
        )
    );
    assert_eq!(
        (&found["state"], &found["attempt"], &found["progress"]),
        (&json!("queued"), &json!(0), &json!({"done": 1, "total": 2}))
    );
    let theirs = app.client_b.get(&format!("/v1/jobs/{job}/why")).await.body;
    assert_eq!(found["why"], theirs, "as its tenant is told");
    assert_eq!(theirs["blocked_by"][0]["reason"], "no_worker");
    let (_, text, _) = asked(&app, &[job]);
    assert!(
        text.starts_with(&format!("tenant {} (dev-b)\n{job}  queued", app.tenant_b))
            && text.contains("no_worker (stuck) since 20"),
        "{text}"
    );
    assert!(!format!("{found}{text}").contains("lantern"), "{found:#}{text}");
    app.abandon().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_failed_is_told_with_its_errors_and_one_that_is_not_there_is_said_to_be_missing() {
    let mut app = without_workers().await;
    let failing = json!({"kind": "diagnostics.fail", "payload": {"times": 1, "permanent": true}});
    let failing = app.client.post("/v1/jobs", failing).await;
    let job = failing.body["id"].as_str().unwrap();
    app.start_workers(Pool::ALL.to_vec());
    let ended = app.client.ended(job).await;
    let found = told(&app, job);
    assert_eq!(
        (&found["state"], &found["error"], &found["attempts"]),
        (&json!("dead"), &ended["error"], &ended["attempts"]),
        "{found:#}"
    );
    let (_, text, _) = asked(&app, &[job]);
    assert!(text.contains("diagnostic") && !text.contains("holds it back"), "{text}");

    let (code, out, complained) = asked(&app, &[&app.tenant.to_string()]);
    assert_eq!((code, out.as_str()), (Some(1), ""));
    assert!(complained.contains("there is no such job"), "{complained}");
    app.abandon().await;
}
