//! `visualkit doctor`: each thing is broken on purpose, named, mended, and found in order again.
mod batches;
mod deletions;
mod files;
mod healthy;
mod index;
mod job;
mod rows;
mod schema;
mod settings;
mod vector_server;
mod webhooks;

use diesel_async::SimpleAsyncConnection;
use serde_json::{Value, json};
use tests::{Process, TestApp, TestOptions};

/// A system without workers: nothing mends itself.
async fn without_workers() -> TestApp {
    TestApp::start_with(TestOptions {
        pools: Vec::new(),
        ..TestOptions::default()
    })
    .await
}

/// What the doctor printed as JSON, and its exit code.
struct Examined {
    report: Value,
    code: Option<i32>,
}

impl Examined {
    /// One check's verdict.
    fn check(&self, name: &str) -> &Value {
        let checks = self.report["checks"].as_array().unwrap();
        let found = checks.iter().find(|check| check["name"] == name);
        found.unwrap_or_else(|| panic!("no check {name} in {:#}", self.report))
    }

    fn health(&self, name: &str) -> &str {
        self.check(name)["health"].as_str().unwrap()
    }
}

fn examine(app: &TestApp, arguments: &[&str]) -> Examined {
    examine_with(app, arguments, &[])
}

fn examine_with(app: &TestApp, arguments: &[&str], more: &[(&str, &str)]) -> Examined {
    let own = app.environment();
    let mut environment: Vec<(&str, &str)> = own.iter().map(|(name, value)| (*name, value.as_str())).collect();
    environment.extend(more);
    let arguments = [&["doctor", "--json"], arguments].concat();
    let (code, out, complained) = Process::outcome(&arguments, &environment);
    let report = serde_json::from_str(&out).unwrap_or_else(|error| panic!("{error}: {out}{complained}"));
    Examined { report, code }
}

/// Finds `name` in this state with `example` among what it names, repairs it, and finds it in order.
fn named_and_mended(app: &TestApp, name: &str, health: &str, example: &str) {
    let found = examine(app, &[]);
    let check = found.check(name);
    assert_eq!(check["health"], health, "{check:#}");
    let examples = check["examples"].as_array().unwrap();
    assert!(
        examples.iter().any(|one| one.as_str().unwrap().contains(example)),
        "{example} is not named: {check:#}"
    );
    assert!(check["advice"].is_string(), "{check:#}");
    let again = examine(app, &[]);
    assert_eq!(
        again.health(name),
        health,
        "looking changes nothing: {:#}",
        again.check(name)
    );
    let mended = examine(app, &["--repair"]);
    assert_eq!(mended.health(name), "repaired", "{:#}", mended.check(name));
    let clean = examine(app, &[]);
    assert_eq!(clean.health(name), "ok", "{:#}", clean.check(name));
}

async fn run(app: &TestApp, sql: &str) {
    app.database.owner().await.batch_execute(sql).await.unwrap();
}

/// Submits a job that does nothing, and returns its id.
async fn submit(app: &TestApp) -> String {
    let submitted = app.client.post("/v1/jobs", json!({"kind": "diagnostics.noop"})).await;
    assert_eq!(submitted.status.as_u16(), 202, "{}", submitted.text);
    submitted.body["id"].as_str().unwrap().to_owned()
}
