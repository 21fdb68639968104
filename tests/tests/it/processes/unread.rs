//! Commands whose output goes into a pipe that nobody reads any more: `… | head`.
use super::{ends, log, without_workers};
use serde_json::json;
use tests::Process;

#[tokio::test(flavor = "multi_thread")]
async fn a_command_ends_with_its_reader_and_without_a_panic() {
    let app = without_workers().await;
    let body = json!({"kind": "diagnostics.noop", "payload": {}});
    let waiting = app.client.post("/v1/jobs", body).await.body["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let mut environment = app.environment();
    environment.push(("VISUALKIT_URL", app.client.url.clone()));
    environment.push(("VISUALKIT_API_KEY", app.client.key.clone().unwrap()));
    let environment: Vec<(&str, &str)> = environment
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect();
    for (arguments, is_done) in [
        (["top", "--interval=1"].as_slice(), true),
        (&["top", "--interval=1", "--json"], true),
        (&["jobs", "watch", &waiting], true),
        (&["tenants", "list"], true),
        (&["keys", "list", "--tenant=dev"], true),
        (&["migrate"], true),
        // What nobody has read cannot be shown again.
        (&["keys", "create", "--tenant=dev"], false),
    ] {
        let said = app.data.path().join("unread.log");
        let mut process = Process::start_unread(arguments, &environment, &said);
        ends(&mut process).await;
        assert_eq!(process.wait(), is_done, "{arguments:?}: {}", log(&process));
        assert!(!log(&process).contains("panicked"), "{arguments:?}: {}", log(&process));
    }
    app.abandon().await;
}
