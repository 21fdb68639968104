use super::{DIMENSIONS, app_with, base_of, sections, spent, submit};
use serde_json::json;
use tests::EmbeddingVendor;

#[tokio::test(flavor = "multi_thread")]
async fn a_base_of_a_model_elsewhere_is_ingested_and_searched_and_what_it_cost_is_seen() {
    let vendor = EmbeddingVendor::start(DIMENSIONS, 64).await;
    let app = app_with(&vendor, &[("models.catalogue.mine.batch_texts", "7")]).await;
    let base = base_of(&app, "mine").await;
    let job = submit(&app, &base, &sections(20)).await;
    let ended = app.client.ended(&job).await;
    assert_eq!(ended["state"], "succeeded", "{ended}");
    let calls = vendor.calls();
    let texts: Vec<String> = calls.iter().flat_map(tests::VendorCall::texts).collect();
    assert_eq!(texts.len(), ended["result"]["embedded"], "each text once: {ended}");
    assert!(texts.len() >= 20 && calls.iter().all(|call| call.texts().len() <= 7));
    assert!(
        texts.iter().all(|text| text.len() <= 512),
        "no text can be beyond 512 tokens"
    );
    // A token costs a millionth of a dollar at this vendor, and it counts words.
    let words: usize = texts.iter().map(|text| text.split_whitespace().count()).sum();
    assert_eq!(ended["cost"], json!({"micros": words, "currency": "USD"}));
    assert_eq!(spent(&app, "mine").await["cost_micros"], words);

    let query = json!({"knowledge_base_ids": [base], "query": "section number7", "mode": "vector", "limit": 3});
    let found = app.client.search(query.clone()).await;
    assert!(
        found["results"][0]["text"].as_str().unwrap().contains("number7"),
        "{found}"
    );
    assert_eq!(vendor.calls().len(), calls.len() + 1);
    // Asked again, it is not paid for again; of another tenant it would be.
    app.client.search(query).await;
    assert_eq!(vendor.calls().len(), calls.len() + 1);
    // The same text is not embedded twice.
    let again = submit(&app, &base, &sections(20)).await;
    assert_eq!(app.client.ended(&again).await["result"]["embedded"], 0);
    assert_eq!(vendor.calls().len(), calls.len() + 1);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn bases_of_several_models_are_searched_together_and_the_query_is_embedded_once_a_model() {
    let vendor = EmbeddingVendor::start(DIMENSIONS, 64).await;
    let app = app_with(&vendor, &[]).await;
    let local = app.client.knowledge_base("local").await;
    let mine = base_of(&app, "mine").await;
    let second = app
        .client
        .post(
            "/v1/knowledge-bases",
            json!({"name": "second", "embedding_model": "mine"}),
        )
        .await;
    let second = second.body["id"].as_str().unwrap().to_owned();
    for (base, word) in [(&local, "copper"), (&mine, "copper"), (&second, "copper")] {
        let job = submit(&app, base, &format!("The lamp is made of {word}.")).await;
        assert_eq!(app.client.ended(&job).await["state"], "succeeded");
    }
    let (calls, texts) = (vendor.calls().len(), app.words.embedded.lock().unwrap().len());
    let found = app
        .client
        .search(json!({"knowledge_base_ids": [local, mine, second], "query": "copper lamp"}))
        .await;
    let results = found["results"].as_array().unwrap();
    assert_eq!(results.len(), 3, "{found}");
    assert_eq!(vendor.calls().len(), calls + 1);
    assert_eq!(app.words.embedded.lock().unwrap().len(), texts + 1);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_within_what_the_model_is_likely_to_read_is_sent_whole() {
    let vendor = EmbeddingVendor::start(1024, 96).await;
    let app = app_with(&vendor, &[]).await;
    // It reads 512 tokens.
    let base = base_of(&app, "embed-multilingual-v3.0").await;
    let question = "返金の手続きはどこですか".repeat(18);
    let search = async |query: &str| {
        let query = json!({"knowledge_base_ids": [base], "query": query, "mode": "vector"});
        app.client.search(query).await;
        vendor.calls().pop().unwrap().texts().remove(0)
    };
    assert_eq!(search(&question).await, question, "{} bytes", question.len());
    let cut = search(&question.repeat(2)).await;
    assert!(
        question.repeat(2).starts_with(&cut) && cut.len() > question.len(),
        "{cut}"
    );
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_tenants_question_is_embedded_on_its_own_account() {
    let vendor = EmbeddingVendor::start(DIMENSIONS, 64).await;
    let app = app_with(&vendor, &[]).await;
    let body = json!({"name": "mine", "embedding_model": "mine"});
    let document = json!({"title": "Lantern", "content": "A lamp of copper.", "mime_type": "text/plain"});
    for client in [&app.client, &app.client_b] {
        let made = client.post("/v1/knowledge-bases", body.clone()).await;
        let base = made.body["id"].as_str().unwrap().to_owned();
        client.ingest(&base, document.clone()).await;
        client
            .search(json!({"knowledge_base_ids": [base], "query": "copper", "mode": "vector"}))
            .await;
    }
    let questions = vendor.calls().iter().filter(|call| call.texts() == ["copper"]).count();
    assert_eq!(questions, 2);
    for client in [&app.client, &app.client_b] {
        let listed = client.get("/v1/budgets").await;
        assert_eq!(listed.body["data"][0]["today"]["tokens"], 6, "{}", listed.text);
    }
    app.finish().await;
}
