use super::support::{add, animals, questions, test_set};
use reqwest::Method;
use serde_json::{Value, json};
use tests::TestApp;

#[tokio::test(flavor = "multi_thread")]
async fn questions_are_added_once_and_judged_anew_when_they_come_again() {
    let app = TestApp::start().await;
    let base = animals(&app.client).await;
    let set = test_set(&app.client, &base, "first").await;
    assert_eq!(
        add(&app.client, &set, questions()).await,
        json!({"added": 8, "known": 0})
    );
    let again = json!([{"query": "where is the badger", "relevant": [{"external_id": "badger", "relevance": 3}, {"external_id": "ferret", "relevance": 0}]},
        {"query": "who judges this?"}]);
    assert_eq!(add(&app.client, &set, again).await, json!({"added": 1, "known": 1}));
    let shown = app.client.get(&format!("/v1/test-sets/{set}")).await.body;
    assert_eq!(
        (
            &shown["questions"],
            &shown["judged"],
            &shown["scorable"],
            &shown["revision"]
        ),
        (&json!(9), &json!(8), &json!(8), &json!(2)),
        "{shown}"
    );
    let listed = app
        .client
        .get(&format!("/v1/test-sets/{set}/questions?limit=5"))
        .await
        .body;
    let cursor = listed["next_cursor"].as_str().unwrap();
    let rest = app
        .client
        .get(&format!("/v1/test-sets/{set}/questions?limit=5&cursor={cursor}"))
        .await
        .body;
    assert_eq!(
        (
            listed["data"].as_array().unwrap().len(),
            rest["data"].as_array().unwrap().len()
        ),
        (5, 4)
    );
    assert_eq!(
        listed["data"][1]["relevant"],
        json!([{"document_id": null, "external_id": "badger", "relevance": 3}, {"document_id": null, "external_id": "ferret", "relevance": 0}])
    );
    let open = app
        .client
        .get(&format!("/v1/test-sets/{set}/questions?judged=false"))
        .await
        .body;
    let open = open["data"][0]["id"].as_str().unwrap().to_owned();

    // Judged by a document's id, the judgement goes with the document.
    let documents = app
        .client
        .get(&format!("/v1/knowledge-bases/{base}/documents"))
        .await
        .body;
    let document = documents["data"][0]["id"].as_str().unwrap().to_owned();
    let judge = |relevant: Value| {
        let request = app
            .client
            .request(Method::PUT, &format!("/v1/test-questions/{open}/judgements"));
        app.client.send(request.json(&json!({ "relevant": relevant })))
    };
    assert_eq!(judge(json!([{"document_id": document}])).await.status.as_u16(), 204);
    let unknown = judge(json!([{"document_id": uuid::Uuid::now_v7()}])).await;
    unknown.expect_problem(404, "not_found");
    assert_eq!(unknown.body["errors"][0]["field"], "relevant.0.document_id");
    let deleted = app.client.delete(&format!("/v1/documents/{document}")).await;
    app.client.ended(deleted.body["id"].as_str().unwrap()).await;
    let shown = app.client.get(&format!("/v1/test-sets/{set}")).await.body;
    assert_eq!(
        (&shown["judged"], &shown["scorable"]),
        (&json!(9), &json!(8)),
        "{shown}"
    );

    let gone = app.client.delete(&format!("/v1/test-questions/{open}")).await;
    assert_eq!(gone.status.as_u16(), 204);
    let gone = app.client.delete(&format!("/v1/test-sets/{set}")).await;
    assert_eq!(gone.status.as_u16(), 204);
    app.client
        .get(&format!("/v1/test-sets/{set}"))
        .await
        .expect_problem(404, "not_found");
    assert_eq!(app.count("SELECT count(*) FROM judgements").await, 0);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_that_is_wrong_with_questions_is_said_at_once_and_nothing_is_added() {
    let app = TestApp::start().await;
    let base = app.client.knowledge_base("base").await;
    let set = test_set(&app.client, &base, "set").await;
    let wrong = json!({"questions": [{"query": ""}, {"query": "a", "relevant": [{"relevance": -1}, {"document_id": "x", "more": 1}]},
        {"query": "b", "relevant": [{"external_id": "d"}, {"external_id": "d"}]}, 7], "surplus": 1});
    let refused = app.client.post(&format!("/v1/test-sets/{set}/questions"), wrong).await;
    refused.expect_problem(422, "invalid");
    let errors = refused.body["errors"].as_array().unwrap().iter();
    let fields: Vec<&str> = errors.map(|error| error["field"].as_str().unwrap()).collect();
    for field in [
        "questions.0.query",
        "questions.1.relevant.0.relevance",
        "questions.1.relevant.0.document_id",
        "questions.1.relevant.1.document_id",
        "questions.1.relevant.1.more",
        "questions.2.relevant.1",
        "questions.3",
        "surplus",
    ] {
        assert!(fields.contains(&field), "{field}: {fields:?}");
    }
    let twice = json!({"questions": [{"query": "a"}, {"query": "a"}]});
    let refused = app.client.post(&format!("/v1/test-sets/{set}/questions"), twice).await;
    assert_eq!(
        refused.body["errors"][0]["field"], "questions.1.query",
        "{}",
        refused.text
    );
    assert_eq!(app.count("SELECT count(*) FROM test_questions").await, 0);
    app.client
        .post(&format!("/v1/test-sets/{set}/evaluations"), json!({}))
        .await
        .expect_problem(409, "conflict");
    app.client
        .post(&format!("/v1/knowledge-bases/{base}/test-sets"), json!({"name": "set"}))
        .await
        .expect_problem(409, "conflict");
    app.finish().await;
}
