use super::{make, page, start};
use reqwest::Method;
use serde_json::{Value, json};
use tests::FakeSite;

fn fields(problem: &Value) -> Vec<(String, String)> {
    let text = |error: &Value, name: &str| error[name].as_str().unwrap().to_owned();
    let errors = problem["errors"].as_array().unwrap();
    errors
        .iter()
        .map(|error| (text(error, "field"), text(error, "code")))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_that_is_wrong_with_a_source_is_said_at_once() {
    let app = start().await;
    let base = app.client.knowledge_base("base").await;
    let path = format!("/v1/knowledge-bases/{base}/sources");
    let wrong = json!({"kind": "gopher", "config": {"start_urls": ["http://169.254.169.254/", "ftp://example.com/"], "sitemaps": ["https://u:p@example.com/s.xml"],
        "mode": "all", "max_pages": 0, "include": ["docs"], "user_agent_suffix": "ü", "colour": 1}, "acl": {"public": 1}});
    let refused = app.client.post(&path, wrong).await;
    refused.expect_problem(422, "invalid");
    let found = fields(&refused.body);
    for (field, code) in [
        ("kind", "invalid"),
        ("name", "required"),
        ("config.start_urls.0", "not_public"),
        ("config.start_urls.1", "scheme"),
        ("config.sitemaps.0", "credentials"),
        ("config.mode", "invalid"),
        ("config.max_pages", "out_of_range"),
        ("config.include.0", "invalid"),
        ("config.user_agent_suffix", "invalid"),
        ("config.colour", "unknown"),
        ("acl.public", "type"),
    ] {
        assert!(
            found.contains(&(field.to_owned(), code.to_owned())),
            "{field} {code} is not in {found:?}"
        );
    }
    app.client
        .post(&path, json!({"kind": "web", "name": "x"}))
        .await
        .expect_problem(422, "invalid");
    let none = json!({"kind": "web", "name": "x", "config": {"start_urls": []}});
    app.client.post(&path, none).await.expect_problem(422, "invalid");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_is_shown_listed_and_changed() {
    let app = start().await;
    let site = FakeSite::start(&[("/", page("welcome", &[]))]).await;
    let (base, source) = make(&app.client, &site, json!({})).await;
    let shown = app.client.get(&format!("/v1/sources/{source}")).await.body;
    assert_eq!(
        (
            &shown["config"]["max_pages"],
            &shown["config"]["query"],
            &shown["sync_id"]
        ),
        (&json!(1000), &json!("drop_tracking"), &Value::Null),
        "{shown}"
    );
    let listed = app
        .client
        .get(&format!("/v1/knowledge-bases/{base}/sources"))
        .await
        .body;
    assert_eq!(listed, json!({"data": [shown], "next_cursor": null}));

    let again = json!({"kind": "web", "name": "site", "config": {"start_urls": ["https://example.com/"]}});
    app.client
        .post(&format!("/v1/knowledge-bases/{base}/sources"), again)
        .await
        .expect_problem(409, "conflict");
    let patch = async |body: Value| {
        let request = app.client.request(Method::PATCH, &format!("/v1/sources/{source}"));
        app.client.send(request.json(&body)).await
    };
    let changed = patch(
        json!({"name": "docs", "config": {"start_urls": ["https://example.com/docs/"], "max_pages": 5}, "acl": null}),
    )
    .await;
    assert_eq!(
        (
            &changed.body["name"],
            &changed.body["config"]["max_pages"],
            &changed.body["acl"]
        ),
        (&json!("docs"), &json!(5), &json!({})),
        "{}",
        changed.text
    );
    patch(json!({"name": null})).await.expect_problem(422, "invalid");
    patch(json!({"kind": "web"})).await.expect_problem(422, "invalid");
    patch(json!({"config": {"start_urls": ["http://10.0.0.1/"]}}))
        .await
        .expect_problem(422, "invalid");
    for wrong in ["items?status=lost", "items?cursor=zz", "syncs?limit=0"] {
        let refused = app.client.get(&format!("/v1/sources/{source}/{wrong}")).await;
        assert_eq!(refused.status.as_u16(), 400, "{wrong}: {}", refused.text);
    }
    app.finish().await;
}
