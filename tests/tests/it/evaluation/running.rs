use super::support::{ANIMALS, add, animals, evaluate, questions, test_set};
use serde_json::{Value, json};
use tests::TestApp;

fn mean(evaluation: &Value, configuration: usize, metric: &str) -> f64 {
    evaluation["result"]["figures"][configuration][metric]["mean"]
        .as_f64()
        .unwrap()
}

fn is(value: f64, expected: f64) -> bool {
    (value - expected).abs() < 1e-9
}

#[tokio::test(flavor = "multi_thread")]
async fn the_figures_are_those_of_the_published_formulas() {
    let app = TestApp::start().await;
    let base = animals(&app.client).await;
    let set = test_set(&app.client, &base, "set").await;
    // Found are badger and ferret, in an order that the test learns from a search; there is no zebra; the elephant is not found.
    let search = json!({"knowledge_base_ids": [base], "query": "badger ferret", "mode": "keyword"});
    let found = app.client.search(search).await;
    let results = found["results"].as_array().unwrap().iter();
    let mut ranked: Vec<(f64, &str, &str)> = results
        .map(|hit| {
            (
                hit["score"].as_f64().unwrap(),
                hit["document_id"].as_str().unwrap(),
                hit["title"].as_str().unwrap(),
            )
        })
        .collect();
    // Equal scores by id, the larger first.
    ranked.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| b.1.cmp(a.1)));
    let (first, second) = (ranked[0].2, ranked[1].2);
    let judged = json!([{"external_id": first, "relevance": 1}, {"external_id": second, "relevance": 3},
        {"external_id": "zebra", "relevance": 2}, {"external_id": "elephant", "relevance": 0}]);
    add(
        &app.client,
        &set,
        json!([{"query": "badger ferret", "relevant": judged}, {"query": "nobody judged this"}]),
    )
    .await;
    let evaluation = evaluate(&app, &set, json!([{"mode": "keyword"}])).await;
    // DCG = 1/log2(2) + 3/log2(3); ideal (3, 2, 1) = 3/log2(2) + 2/log2(3) + 1/log2(4).
    let log2_3 = 3.0_f64.log2();
    let ndcg = (1.0 + 3.0 / log2_3) / (3.0 + 2.0 / log2_3 + 0.5);
    assert!(is(mean(&evaluation, 0, "ndcg@10"), ndcg), "{evaluation}");
    for metric in ["recall@10", "recall@50"] {
        assert!(is(mean(&evaluation, 0, metric), 2.0 / 3.0), "{evaluation}");
    }
    assert!(is(mean(&evaluation, 0, "mrr@10"), 1.0), "{evaluation}");
    let result = &evaluation["result"];
    assert_eq!(
        (
            &result["questions"],
            &result["left_out"],
            &result["comparison"],
            &result["index_changed"]
        ),
        (&json!(1), &json!(1), &Value::Null, &json!(false))
    );
    let configuration = &evaluation["configurations"][0];
    assert_eq!(
        (
            &configuration["mode"],
            &configuration["fusion"],
            &configuration["candidates"]
        ),
        (
            &json!("keyword"),
            &json!("weighted"),
            &json!(app.context.settings.retrieval.candidates)
        ),
        "nothing is left open: {configuration}"
    );
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_configurations_are_compared_question_by_question() {
    let app = TestApp::start().await;
    let base = animals(&app.client).await;
    let set = test_set(&app.client, &base, "set").await;
    // Misspelt: found only where typing errors are tolerated.
    let misspelt = |animal: &str| animal.replacen(&animal[2..4], &animal[2..4].chars().rev().collect::<String>(), 1);
    let question = |animal: &&str| json!({"query": misspelt(animal), "relevant": [{"external_id": animal}]});
    add(&app.client, &set, ANIMALS.iter().map(question).collect()).await;
    add(
        &app.client,
        &set,
        json!([{"query": "day", "relevant": [{"external_id": "nothing that is there"}]}]),
    )
    .await;
    let evaluation = evaluate(
        &app,
        &set,
        json!([{"mode": "keyword"}, {"mode": "keyword", "tolerate_typos": false}]),
    )
    .await;
    let compared = &evaluation["result"]["comparison"]["ndcg@10"];
    let listed = app
        .client
        .get(&format!(
            "/v1/evaluations/{}/questions",
            evaluation["id"].as_str().unwrap()
        ))
        .await;
    let rows = listed.body["data"].as_array().unwrap().clone();
    let score = |row: &Value, at: usize| row["scores"][at]["ndcg@10"].as_f64().unwrap();
    let losses = rows.iter().filter(|row| score(row, 1) < score(row, 0)).count();
    assert!(losses >= 6 && rows.len() == 9, "{}", listed.text);
    assert_eq!(
        (&compared["losses"], &compared["wins"], &compared["ties"]),
        (&json!(losses), &json!(0), &json!(9 - losses)),
        "{evaluation}"
    );
    let difference: f64 = rows.iter().map(|row| score(row, 1) - score(row, 0)).sum::<f64>() / 9.0;
    assert!(is(compared["difference"].as_f64().unwrap(), difference));
    // Exact: of the 2^losses equally likely signs the two in which all agree are as far out.
    let p_value = 2.0 / f64::from(1_u32 << losses);
    assert!(is(compared["p_value"].as_f64().unwrap(), p_value), "{evaluation}");
    assert_eq!(compared["loses"], true);
    let list = app.client.get(&format!("/v1/test-sets/{set}/evaluations")).await.body;
    assert_eq!(list["data"][0], evaluation);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_later_attempt_asks_only_what_no_attempt_has_asked() {
    let mut app = TestApp::start().await;
    let base = animals(&app.client).await;
    let set = test_set(&app.client, &base, "set").await;
    add(&app.client, &set, questions()).await;
    app.stop_workers().await;
    let job = app
        .client
        .post(&format!("/v1/test-sets/{set}/evaluations"), json!({}))
        .await;
    let id = job.body["id"].as_str().unwrap();
    // What an attempt that was killed had kept: scores that no search would give.
    let kept = "[{\"ndcg@10\": 0.125, \"recall@10\": 0.125, \"recall@50\": 0.125, \"mrr@10\": 0.125}]";
    app.execute(&format!(
        "INSERT INTO evaluation_questions (tenant_id, evaluation_id, question_id, scores)
         SELECT tenant_id, '{id}', id, '{kept}' FROM test_questions ORDER BY id LIMIT 4"
    ))
    .await;
    app.start_workers(jobs::Pool::ALL.to_vec());
    let ended = app.client.ended(id).await;
    assert_eq!(ended["state"], "succeeded", "{ended}");
    let rows = app.client.get(&format!("/v1/evaluations/{id}/questions")).await.body;
    let scores: Vec<f64> = rows["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["scores"][0]["ndcg@10"].as_f64().unwrap())
        .collect();
    assert_eq!(scores, [0.125, 0.125, 0.125, 0.125, 1.0, 1.0, 1.0, 1.0]);
    assert!(is(
        ended["result"]["figures"][0]["ndcg@10"]["mean"].as_f64().unwrap(),
        4.5 / 8.0
    ));
    let steps = app.client.get(&format!("/v1/jobs/{id}/steps")).await.body;
    assert_eq!(steps["data"].as_array().unwrap().len(), 3, "{steps}");
    app.finish().await;
}
