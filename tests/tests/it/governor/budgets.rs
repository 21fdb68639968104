use super::{app, budget, declare};
use reqwest::Method;
use serde_json::{Value, json};
use tests::{Client, Process};

#[tokio::test(flavor = "multi_thread")]
async fn a_budget_is_declared_replaced_and_withdrawn() {
    let app = app(&[("governor.concurrency", "7")]).await;
    assert_eq!(budget(&app.client, "openai").await, Value::Null);
    let made = declare(
        &app.client,
        "openai",
        json!({"requests_per_minute": 600, "tokens_per_minute": 90000, "cost_micros_per_day": 5000000}),
    )
    .await;
    assert_eq!(
        [
            &made["declared"],
            &made["requests_per_minute"],
            &made["burst"],
            &made["concurrency"]
        ],
        [&json!(true), &json!(600), &json!(10), &json!(7)],
        "{made}"
    );
    assert_eq!(
        (&made["today"]["cost_micros_remaining"], &made["current"]["circuit"]),
        (&json!(5_000_000), &json!("closed")),
        "{made}"
    );
    let replaced = declare(&app.client, "openai", json!({"concurrency": 0})).await;
    assert_eq!(
        (&replaced["requests_per_minute"], &replaced["concurrency"]),
        (&Value::Null, &Value::Null),
        "what is left out is the default, 0 is no limit: {replaced}"
    );
    let declared = json!({"requests_per_minute": null, "burst": null, "concurrency": 0, "tokens_per_minute": null, "cost_micros_per_day": null});
    assert_eq!(replaced["declared_limits"], declared, "{replaced}");
    assert_eq!(budget(&app.client, "openai").await, replaced);
    assert_eq!(
        budget(&app.client_b, "openai").await,
        Value::Null,
        "another tenant has none"
    );
    let foreign = app.client_b.delete("/v1/budgets/openai").await;
    foreign.expect_problem(404, "not_found");
    assert_eq!(app.client.delete("/v1/budgets/openai").await.status.as_u16(), 204);
    app.client
        .delete("/v1/budgets/openai")
        .await
        .expect_problem(404, "not_found");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_of_a_budget_leaves_what_it_does_not_name_and_declares_no_default() {
    let app = app(&[("governor.concurrency", "7")]).await;
    let change = async |client: &Client, body: Value| {
        let answered = client
            .send(client.request(Method::PATCH, "/v1/budgets/openai").json(&body))
            .await;
        assert_eq!(answered.status.as_u16(), 200, "{}", answered.text);
        answered.body
    };
    let made = change(&app.client, json!({"requests_per_minute": 600})).await;
    assert_eq!(
        (&made["burst"], &made["concurrency"]),
        (&json!(10), &json!(7)),
        "{made}"
    );
    let declared = |rate: Value, cost: Value| json!({"requests_per_minute": rate, "burst": null, "concurrency": null, "tokens_per_minute": null, "cost_micros_per_day": cost});
    assert_eq!(made["declared_limits"], declared(json!(600), Value::Null));
    let other = change(&app.client_b, json!({"burst": 3})).await;
    assert_eq!(
        (
            &other["declared_limits"]["burst"],
            &other["declared_limits"]["requests_per_minute"]
        ),
        (&json!(3), &Value::Null),
        "another tenant's is its own: {other}"
    );
    let slower = change(
        &app.client,
        json!({"requests_per_minute": 6, "cost_micros_per_day": 5_000_000}),
    )
    .await;
    assert_eq!(slower["declared_limits"], declared(json!(6), json!(5_000_000)));
    assert_eq!(slower["burst"], 1, "it follows the rate: {slower}");
    let kept = change(&app.client, json!({"requests_per_minute": null})).await;
    assert_eq!(kept["declared_limits"], declared(Value::Null, json!(5_000_000)));
    assert_eq!(budget(&app.client, "openai").await, kept);
    let refused = app
        .client
        .send(
            app.client
                .request(Method::PATCH, "/v1/budgets/open%20ai")
                .json(&json!({"burst": -1, "foo": 1})),
        )
        .await;
    refused.expect_problem(422, "invalid");
    assert_eq!(refused.body["errors"].as_array().unwrap().len(), 3, "{}", refused.text);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nonsense_is_no_budget_and_no_credential() {
    let app = app(&[]).await;
    let put = async |path: &str, body: Value| app.client.send(app.client.request(Method::PUT, path).json(&body)).await;
    let wrong =
        json!({"requests_per_minute": -1, "burst": 1.5, "concurrency": "2", "tokens_per_minute": 1e30, "cost": 1});
    let refused = put("/v1/budgets/openai", wrong).await;
    refused.expect_problem(422, "invalid");
    assert_eq!(refused.body["errors"].as_array().unwrap().len(), 5, "{}", refused.text);
    for name in ["a%20b", "%7Ba%7D", &"x".repeat(201), "%C3%A4"] {
        let refused = put(&format!("/v1/budgets/{name}"), json!({})).await;
        refused.expect_problem(422, "invalid");
        assert_eq!(refused.body["errors"][0]["field"], "credential", "{}", refused.text);
    }
    let both = put("/v1/budgets/open%20ai", json!({"burst": -1, "foo": 1})).await;
    both.expect_problem(422, "invalid");
    let errors = both.body["errors"].as_array().unwrap().iter();
    let fields: Vec<&str> = errors.map(|error| error["field"].as_str().unwrap()).collect();
    assert_eq!(fields, ["credential", "burst", "foo"], "{}", both.text);
    let call = json!({"kind": "diagnostics.call", "payload": {"url": "http://x/", "key": "k", "credential": "a b", "tokens": 1}});
    let refused = app.client.post("/v1/jobs", call).await;
    refused.expect_problem(422, "invalid");
    assert_eq!(
        refused.body["errors"][0]["field"], "payload.credential",
        "{}",
        refused.text
    );
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_line_declares_lists_and_withdraws() {
    let app = app(&[]).await;
    let environment = [
        ("VISUALKIT_URL", app.client.url.as_str()),
        ("VISUALKIT_API_KEY", app.client.key.as_deref().unwrap()),
    ];
    let said = tokio::task::block_in_place(|| {
        let set = [
            "budgets",
            "set",
            "openai",
            "--requests-per-minute",
            "60",
            "--concurrency",
            "3",
            "--json",
        ];
        Process::run(&set, &environment)
    });
    let set: Value = serde_json::from_str(&said).unwrap();
    assert_eq!(
        (&set["requests_per_minute"], &set["concurrency"]),
        (&json!(60), &json!(3))
    );
    let said = tokio::task::block_in_place(|| {
        let set = ["budgets", "set", "openai", "--requests-per-minute", "600", "--json"];
        Process::run(&set, &environment)
    });
    let set: Value = serde_json::from_str(&said).unwrap();
    let declared = json!({"requests_per_minute": 600, "burst": null, "concurrency": 3, "tokens_per_minute": null, "cost_micros_per_day": null});
    assert_eq!(set["declared_limits"], declared, "{set}");
    let listed = tokio::task::block_in_place(|| Process::run(&["budgets", "list"], &environment));
    assert!(
        listed
            .lines()
            .any(|line| line.starts_with("openai ") && line.contains(" 600 ")),
        "{listed}"
    );
    let _ = tokio::task::block_in_place(|| Process::run(&["budgets", "remove", "openai"], &environment));
    assert_eq!(budget(&app.client, "openai").await, Value::Null);
    app.finish().await;
}
