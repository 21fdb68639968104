//! What is left of log and traces where most of the log is filtered away.
use super::{log, start, until_it_says, without_workers};
use axum::Router;
use axum::http::Uri;
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tests::{eventually, free_port};

#[tokio::test(flavor = "multi_thread")]
async fn a_filtered_log_names_the_job_of_a_line_and_takes_nothing_from_the_trace() {
    let app = without_workers().await;
    let asked: Arc<Mutex<Vec<String>>> = Arc::default();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let collector = format!("http://{}", listener.local_addr().unwrap());
    let paths = asked.clone();
    let router = Router::new().fallback(async move |uri: Uri| paths.lock().unwrap().push(uri.path().to_owned()));
    let serving = tokio::spawn(async move { axum::serve(listener, router).await });

    let body = json!({"kind": "diagnostics.noop", "payload": {}});
    let id = app.client.post("/v1/jobs", body).await.body["id"].clone();
    app.execute("UPDATE jobs SET kind = 'diagnostics.unheard_of'").await;
    let address = format!("127.0.0.1:{}", free_port());
    let mut process = start(
        &app,
        &["up"],
        &[
            ("VISUALKIT__SERVER__LISTEN", &address),
            ("VISUALKIT__LOG__FILTER", "warn"),
            ("VISUALKIT__LOG__FORMAT", "json"),
            ("VISUALKIT__TELEMETRY__OTLP_ENDPOINT", &collector),
        ],
    );
    until_it_says(&process, "this process does not know the kind").await;
    let said = log(&process);
    let lines = said.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let line = lines.into_iter().find(|line| {
        line["message"]
            .as_str()
            .is_some_and(|said| said.contains("know the kind"))
    });
    assert_eq!(line.unwrap()["span"]["job.id"], id, "{said}");
    assert!(!said.contains("INFO"), "{said}");
    let answered = reqwest::get(format!("http://{address}/v1/openapi.json")).await;
    assert_eq!(answered.unwrap().status(), 200);
    process.signal("TERM");
    assert!(process.wait(), "{}", log(&process));
    eventually("spans were exported", Duration::from_secs(10), async || {
        asked.lock().unwrap().contains(&"/v1/traces".to_owned())
    })
    .await;
    serving.abort();
    app.abandon().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_that_nobody_sees_on_a_terminal_has_no_colours() {
    let app = without_workers().await;
    let process = start(&app, &["serve"], &[("VISUALKIT__LOG__FORMAT", "human")]);
    until_it_says(&process, "API listening").await;
    assert!(!log(&process).contains('\u{1b}'), "{}", log(&process));
    app.abandon().await;
}
