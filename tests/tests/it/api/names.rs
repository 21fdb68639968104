//! What people call things.
use reqwest::Method;
use serde_json::{Value, json};
use tests::{Answered, TestApp, TestOptions};

async fn rename(app: &TestApp, path: &str, name: &str) -> Answered {
    let request = app.client.request(Method::PATCH, path);
    app.client.send(request.json(&json!({"name": name}))).await
}

fn refuses_lines(answered: &Answered) {
    answered.expect_problem(422, "invalid");
    assert_eq!(
        answered.body["errors"][0]["code"], "control_character",
        "{}",
        answered.text
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn names_are_kept_and_compared_without_the_white_space_around_them() {
    let app = TestApp::start_with(TestOptions {
        pools: Vec::new(),
        ..TestOptions::default()
    })
    .await;
    let base = app.client.knowledge_base("base").await;
    let of_base = |area: &str| format!("/v1/knowledge-bases/{base}/{area}");
    let site = json!({"start_urls": ["https://docs.example.com/"]});
    for (path, one, others) in [
        ("/v1/knowledge-bases".to_owned(), Some("/v1/knowledge-bases"), json!({})),
        (of_base("collections"), Some("/v1/collections"), json!({})),
        (
            of_base("sources"),
            Some("/v1/sources"),
            json!({"kind": "web", "config": site}),
        ),
        (of_base("test-sets"), None, json!({})),
        (
            "/v1/schedules".to_owned(),
            Some("/v1/schedules"),
            json!({"cron": "@daily", "kind": "diagnostics.noop"}),
        ),
    ] {
        let called = |name: &str| {
            let mut body = others.clone();
            body["name"] = name.into();
            body
        };
        let made = app.client.post(&path, called(" \tField guide\n ")).await;
        assert_eq!(made.status.as_u16(), 201, "{path}: {}", made.text);
        assert_eq!(made.body["name"], "Field guide", "{path}");
        for same in ["Field guide", " Field guide"] {
            app.client
                .post(&path, called(same))
                .await
                .expect_problem(409, "conflict");
        }
        app.client
            .post(&path, called(" \n "))
            .await
            .expect_problem(422, "invalid");
        refuses_lines(&app.client.post(&path, called("Field\nguide")).await);
        let Some(one) = one else { continue };
        let other = app.client.post(&path, called("Other")).await;
        let other = format!("{one}/{}", other.body["id"].as_str().unwrap());
        rename(&app, &other, "Field guide ")
            .await
            .expect_problem(409, "conflict");
        let renamed = rename(&app, &other, " Atlas\u{3000}").await;
        assert_eq!(renamed.body["name"], "Atlas", "{path}: {}", renamed.text);
        refuses_lines(&rename(&app, &other, "Two\nlines").await);
    }
    let batch = app
        .client
        .post("/v1/batches", json!({"name": " nightly ", "open": true}))
        .await;
    assert_eq!(batch.body["name"], "nightly", "{}", batch.text);
    let lines = json!({"name": "night\nly", "open": true});
    refuses_lines(&app.client.post("/v1/batches", lines).await);
    assert_eq!(
        app.client.get(&of_base("collections")).await.body["data"][0]["name"],
        Value::from("Atlas")
    );
    app.finish().await;
}
