use super::{examine, examine_with};
use serde_json::json;
use tests::{QdrantDouble, QdrantMischief, TestApp, TestOptions};

#[tokio::test(flavor = "multi_thread")]
async fn a_vector_server_that_is_needed_and_does_not_answer_is_a_problem() {
    let server = QdrantDouble::start().await;
    let app = TestApp::start_with(TestOptions {
        settings: server.settings(),
        ..TestOptions::default()
    })
    .await;
    let set = [
        ("QDRANT_URL", server.url.as_str()),
        ("QDRANT_API_KEY", tests::QDRANT_KEY),
    ];
    let found = examine(&app, &[]);
    assert_eq!(
        found.health("vector_server"),
        "ok",
        "{:#}",
        found.check("vector_server")
    );
    let body = json!({"name": "base", "vector_store": "qdrant"});
    let made = app.client.post("/v1/knowledge-bases", body).await;
    assert_eq!(made.status.as_u16(), 201, "{}", made.text);
    let found = examine_with(&app, &[], &set);
    let said = found.check("vector_server")["found"].to_string();
    assert!(said.contains("1.15.0") && said.contains("indexes on it: 1"), "{said}");
    server.behave(QdrantMischief::Unavailable);
    let found = examine_with(&app, &[], &set);
    assert_eq!(found.health("vector_server"), "problem");
    // Nobody told this machine of it.
    let found = examine(&app, &[]);
    assert_eq!((found.code, found.health("vector_server")), (Some(1), "problem"));
    app.finish().await;
}
