use super::support::{add, animals, evaluate, questions, test_set};
use reqwest::Method;
use serde_json::{Value, json};
use tests::{Answered, TestApp};

async fn put(app: &TestApp, path: &str, body: Value) -> Answered {
    app.client.send(app.client.request(Method::PUT, path).json(&body)).await
}

async fn patch(app: &TestApp, base: &str, body: Value) -> Answered {
    let request = app
        .client
        .request(Method::PATCH, &format!("/v1/knowledge-bases/{base}"));
    app.client.send(request.json(&body)).await
}

/// Two rows of scores for a compared evaluation: the first is always right, the second scores `second`.
async fn rewrite(app: &TestApp, evaluation: &Value, second: f64) {
    let row = |score: f64| json!({"ndcg@10": score, "recall@10": score, "recall@50": score, "mrr@10": score});
    let scores = json!([row(1.0), row(second)]);
    let id = evaluation["id"].as_str().unwrap();
    app.execute(&format!(
        "UPDATE evaluation_questions SET scores = '{scores}' WHERE evaluation_id = '{id}'"
    ))
    .await;
}

/// What a change of a base is answered that its gate has seen no evaluation of, and one that loses there.
pub(crate) async fn refusals(app: &TestApp) -> [Answered; 2] {
    let base = animals(&app.client).await;
    let set = test_set(&app.client, &base, "set").await;
    add(&app.client, &set, questions()).await;
    let path = format!("/v1/knowledge-bases/{base}/gate");
    let gate = put(app, &path, json!({"test_set_id": set})).await;
    assert_eq!(gate.status.as_u16(), 200, "{}", gate.text);
    let change = json!({"search": {"alpha": 0.0625}});
    let not_evaluated = patch(app, &base, change.clone()).await;
    let evaluation = evaluate(app, &set, json!([{}, {"alpha": 0.0625}])).await;
    rewrite(app, &evaluation, 0.5).await;
    [not_evaluated, patch(app, &base, change).await]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_that_loses_is_refused_with_its_figures_unless_a_reason_is_given() {
    let app = TestApp::start().await;
    let base = animals(&app.client).await;
    let set = test_set(&app.client, &base, "set").await;
    let path = format!("/v1/knowledge-bases/{base}/gate");
    put(&app, &path, json!({"test_set_id": set}))
        .await
        .expect_problem(409, "conflict");
    add(&app.client, &set, questions()).await;
    let gate = put(&app, &path, json!({"test_set_id": set, "max_loss": 0.05})).await;
    assert_eq!(
        (&gate.body["metric"], &gate.body["max_loss"], &gate.body["overrides"]),
        (&json!("ndcg@10"), &json!(0.05), &json!([])),
        "{}",
        gate.text
    );

    let change = json!({"search": {"alpha": 0.0625}});
    patch(&app, &base, change.clone())
        .await
        .expect_problem(409, "gate_not_evaluated");
    assert_eq!(
        patch(&app, &base, json!({"name": "beasts"})).await.status.as_u16(),
        200,
        "not how it is searched"
    );

    let evaluation = evaluate(&app, &set, json!([{}, {"alpha": 0.0625}])).await;
    rewrite(&app, &evaluation, 0.5).await;
    let refused = patch(&app, &base, change.clone()).await;
    refused.expect_problem(409, "gate_lost");
    let detail = refused.body["detail"].as_str().unwrap();
    assert!(
        detail.contains("ndcg@10 changes by -0.5000") && detail.contains("p = 0.0078"),
        "{detail}"
    );
    let shown = app.client.get(&format!("/v1/knowledge-bases/{base}")).await.body;
    assert_eq!(shown["search"]["alpha"], Value::Null, "nothing was changed: {shown}");

    // Less than what may be lost.
    rewrite(&app, &evaluation, 0.96).await;
    assert_eq!(patch(&app, &base, change.clone()).await.status.as_u16(), 200);

    // Back: another comparison, which nobody has made.
    let back = json!({"search": null});
    patch(&app, &base, back).await.expect_problem(409, "gate_not_evaluated");
    let forced = patch(
        &app,
        &base,
        json!({"search": null, "override_gate": "the vendor is down"}),
    )
    .await;
    assert_eq!(forced.status.as_u16(), 200, "{}", forced.text);
    let shown = app.client.get(&path).await.body;
    let made = &shown["overrides"][0];
    assert_eq!(
        (&made["reason"], &made["before"]["alpha"]),
        (&json!("the vendor is down"), &json!(0.0625)),
        "{shown}"
    );

    // An evaluation of other questions does not count.
    rewrite(&app, &evaluation, 1.0).await;
    add(
        &app.client,
        &set,
        json!([{"query": "one more", "relevant": [{"external_id": "badger"}]}]),
    )
    .await;
    patch(&app, &base, change.clone())
        .await
        .expect_problem(409, "gate_not_evaluated");

    app.client
        .delete(&format!("/v1/test-sets/{set}"))
        .await
        .expect_problem(409, "conflict");
    assert_eq!(app.client.delete(&path).await.status.as_u16(), 204);
    app.client.get(&path).await.expect_problem(404, "not_found");
    assert_eq!(
        patch(&app, &base, change).await.status.as_u16(),
        200,
        "without a gate nothing is asked"
    );
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_evaluation_says_how_many_changes_came_since_and_passes_the_gate_all_the_same() {
    let app = TestApp::start().await;
    let base = animals(&app.client).await;
    let set = test_set(&app.client, &base, "set").await;
    add(&app.client, &set, questions()).await;
    let gate = json!({"test_set_id": set});
    put(&app, &format!("/v1/knowledge-bases/{base}/gate"), gate).await;
    let evaluation = evaluate(&app, &set, json!([{}, {"alpha": 0.0625}])).await;
    let measured = evaluation["index_seq"].as_i64().unwrap();
    assert_eq!(evaluation["head_seq"], measured, "{evaluation}");

    for animal in ["ibis", "jackal"] {
        let document = json!({"title": animal, "content": format!("The {animal} sleeps."), "mime_type": "text/plain"});
        assert_eq!(app.client.ingest(&base, document).await["state"], "succeeded");
    }
    // Those of another base are none of this one's.
    let other = app.client.knowledge_base("other").await;
    let document = json!({"title": "koala", "content": "The koala sleeps.", "mime_type": "text/plain"});
    app.client.ingest(&other, document).await;

    let id = evaluation["id"].as_str().unwrap();
    let shown = app.client.get(&format!("/v1/evaluations/{id}")).await.body;
    assert_eq!(
        (&shown["index_seq"], &shown["head_seq"]),
        (&json!(measured), &json!(measured + 2)),
        "{shown}"
    );
    let listed = app.client.get(&format!("/v1/test-sets/{set}/evaluations")).await.body;
    assert_eq!(listed["data"], json!([shown]));
    let change = json!({"search": {"alpha": 0.0625}});
    rewrite(&app, &evaluation, 0.5).await;
    let refused = patch(&app, &base, change.clone()).await;
    refused.expect_problem(409, "gate_lost");
    let told = format!(
        "made at change {measured} of the base, which is at {} now",
        measured + 2
    );
    assert!(
        refused.body["detail"].as_str().unwrap().contains(&told),
        "{}",
        refused.text
    );
    rewrite(&app, &evaluation, 1.0).await;
    assert_eq!(patch(&app, &base, change).await.status.as_u16(), 200);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_base_is_deleted_with_its_gate_and_everything_that_was_evaluated() {
    let app = TestApp::start().await;
    let base = animals(&app.client).await;
    let set = test_set(&app.client, &base, "set").await;
    add(&app.client, &set, questions()).await;
    put(
        &app,
        &format!("/v1/knowledge-bases/{base}/gate"),
        json!({"test_set_id": set}),
    )
    .await;
    evaluate(&app, &set, json!([{}])).await;
    let deletion = app.client.delete(&format!("/v1/knowledge-bases/{base}")).await;
    app.client
        .get(&format!("/v1/test-sets/{set}"))
        .await
        .expect_problem(404, "not_found");
    let ended = app.client.ended(deletion.body["id"].as_str().unwrap()).await;
    assert_eq!(ended["state"], "succeeded", "{ended}");
    for table in [
        "test_sets",
        "test_questions",
        "judgements",
        "evaluations",
        "evaluation_questions",
        "evaluation_gates",
    ] {
        assert_eq!(app.count(&format!("SELECT count(*) FROM {table}")).await, 0, "{table}");
    }
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gate_of_too_few_questions_lets_nothing_pass() {
    let app = TestApp::start().await;
    let base = animals(&app.client).await;
    let set = test_set(&app.client, &base, "set").await;
    add(&app.client, &set, questions()).await;
    let path = format!("/v1/knowledge-bases/{base}/gate");
    put(&app, &path, json!({"test_set_id": set})).await;
    let listed = app.client.get(&format!("/v1/test-sets/{set}/questions")).await.body;
    for question in listed["data"].as_array().unwrap().iter().take(3) {
        let id = question["id"].as_str().unwrap();
        app.client.delete(&format!("/v1/test-questions/{id}")).await;
    }
    let evaluation = evaluate(&app, &set, json!([{}, {"alpha": 0.0625}])).await;
    rewrite(&app, &evaluation, 0.0).await;
    let change = json!({"search": {"alpha": 0.0625}});
    let refused = patch(&app, &base, change).await;
    refused.expect_problem(409, "gate_not_evaluated");
    assert!(refused.text.contains("5 questions"), "{}", refused.text);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_set_whose_judged_document_is_deleted_is_another_set() {
    let app = TestApp::start().await;
    let base = animals(&app.client).await;
    let set = test_set(&app.client, &base, "set").await;
    let listed = app
        .client
        .get(&format!("/v1/knowledge-bases/{base}/documents"))
        .await
        .body;
    let document = listed["data"][0]["id"].as_str().unwrap();
    add(
        &app.client,
        &set,
        json!([{"query": "where is it", "relevant": [{"document_id": document}]}]),
    )
    .await;
    let path = format!("/v1/test-sets/{set}");
    let before = app.client.get(&path).await.body;
    let deleted = app.client.delete(&format!("/v1/documents/{document}")).await;
    app.client.ended(deleted.body["id"].as_str().unwrap()).await;
    let after = app.client.get(&path).await.body;
    assert_eq!((&before["scorable"], &after["scorable"]), (&json!(1), &json!(0)));
    assert_ne!(before["revision"], after["revision"]);
    app.finish().await;
}
