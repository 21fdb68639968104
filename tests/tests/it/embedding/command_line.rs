use serde_json::Value;
use tests::{EmbeddingVendor, Process, TestApp, TestOptions};

#[tokio::test(flavor = "multi_thread")]
async fn models_are_listed_and_a_provider_is_called_only_when_that_is_asked_for() {
    let vendor = EmbeddingVendor::start(1536, 64).await;
    let app = TestApp::start_with(TestOptions {
        pools: Vec::new(),
        ..TestOptions::default()
    })
    .await;
    let mut environment = app.environment();
    environment.extend([
        ("OPENAI_API_KEY", "an-openai-key".to_owned()),
        ("VISUALKIT__MODELS__OPENAI__BASE_URL", vendor.url.clone()),
    ]);
    let environment: Vec<(&str, &str)> = environment
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect();
    let run = |arguments: &[&str]| -> Value { serde_json::from_str(&Process::run(arguments, &environment)).unwrap() };
    let listed = run(&["models", "list", "--json"]);
    let find = |id: &str| {
        listed
            .as_array()
            .unwrap()
            .iter()
            .find(|model| model["id"] == id)
            .unwrap()
    };
    assert_eq!(find("text-embedding-3-small")["available"], true);
    assert_eq!(find("voyage-multimodal-3")["available"], false);
    assert!(!listed.to_string().contains("an-openai-key"));

    let untried = run(&["models", "verify", "text-embedding-3-small", "--json"]);
    assert_eq!(untried[0]["works"], Value::Null, "{untried}");
    assert_eq!(vendor.calls().len(), 0);
    let works = run(&["models", "verify", "text-embedding-3-small", "--call", "--json"]);
    assert_eq!(works[0]["works"], true, "{works}");
    assert!(works[0]["detail"].as_str().unwrap().contains("4 tokens"), "{works}");
    assert_eq!(vendor.calls().len(), 1);
    app.finish().await;
}
