//! What a search may ask for beside its words.
use serde_json::{Value, json};
use tests::TestApp;

async fn ingest(app: &TestApp, base: &str, title: &str, content: &str, metadata: Value) {
    let document = json!({"title": title, "content": content, "mime_type": "text/markdown", "metadata": metadata});
    let job = app.client.ingest(base, document).await;
    assert_eq!(job["state"], "succeeded", "{job}");
}

async fn found(app: &TestApp, base: &str, asked: Value) -> Value {
    let mut body = json!({"knowledge_base_ids": [base]});
    for (name, value) in asked.as_object().unwrap() {
        body[name] = value.clone();
    }
    app.client.search(body).await
}

fn titles(found: &Value) -> Vec<&str> {
    let results = found["results"].as_array().unwrap().iter();
    results.map(|hit| hit["title"].as_str().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_phrase_must_stand_there_in_every_mode() {
    let app = TestApp::start().await;
    let base = app.client.knowledge_base("base").await;
    ingest(&app, &base, "one", "Error E-4012: connection refused.", json!({})).await;
    ingest(
        &app,
        &base,
        "two",
        "The connection was refused with E-40123.",
        json!({}),
    )
    .await;
    for mode in ["keyword", "vector", "hybrid"] {
        let asked = json!({"query": "connection", "mode": mode, "phrases": ["Connection  Refused", "e-4012"]});
        assert_eq!(titles(&found(&app, &base, asked).await), ["one"], "{mode}");
    }
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_page_shows_is_found_whatever_stands_in_its_source() {
    let app = TestApp::start().await;
    let base = app.client.knowledge_base("base").await;
    let linked = "Change the settings with [this form](https://shop.example/f) within 30 days.";
    ingest(&app, &base, "linked", linked, json!({})).await;
    let wrapped = "ご確認のあと、すぐに返金手\n続きを開始します。";
    ingest(&app, &base, "wrapped", wrapped, json!({})).await;
    for mode in ["keyword", "vector"] {
        for (query, phrase, title) in [
            ("form", "with this form within 30 days", "linked"),
            ("返金", "すぐに返金手続きを", "wrapped"),
        ] {
            let asked = json!({"query": query, "mode": mode, "phrases": [phrase]});
            assert_eq!(titles(&found(&app, &base, asked).await), [title], "{mode} {phrase}");
        }
    }
    let asked = json!({"query": "settigns", "mode": "keyword"});
    assert_eq!(titles(&found(&app, &base, asked).await), ["linked"]);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_misspelt_name_is_found_unless_it_must_not_be() {
    let app = TestApp::start().await;
    let base = app.client.knowledge_base("base").await;
    ingest(&app, &base, "lamp", "The Aurora shines for 36 hours.", json!({})).await;
    ingest(&app, &base, "kettle", "It boils water.", json!({})).await;
    let asked = json!({"query": "aurroa", "mode": "keyword"});
    assert_eq!(titles(&found(&app, &base, asked).await), ["lamp"]);
    let asked = json!({"query": "aurroa", "mode": "keyword", "tolerate_typos": false});
    assert!(titles(&found(&app, &base, asked).await).is_empty());
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_match_in_the_title_counts_as_much_as_the_search_or_its_base_says() {
    let app = TestApp::start().await;
    let base = app.client.knowledge_base("base").await;
    let named = "The money is back on your card a week after the parcel has reached us.";
    let repeated =
        "A refund of a voucher is a refund in name only: ask for a refund of the order, and the refund is paid.";
    ingest(&app, &base, "Refund", named, json!({})).await;
    ingest(&app, &base, "Vouchers", repeated, json!({})).await;
    let asked = |boost: Value| json!({"query": "refund", "mode": "keyword", "title_boost": boost});
    let (by_text, by_title) = (["Vouchers", "Refund"], ["Refund", "Vouchers"]);
    assert_eq!(titles(&found(&app, &base, asked(json!(0))).await), by_text);
    assert_eq!(titles(&found(&app, &base, asked(json!(5))).await), by_title);
    for (of_base, order) in [(0, by_text), (5, by_title)] {
        let path = format!("/v1/knowledge-bases/{base}");
        let patch = app.client.request(reqwest::Method::PATCH, &path);
        let changed = app
            .client
            .send(patch.json(&json!({"search": {"title_boost": of_base}})))
            .await;
        assert_eq!(changed.status.as_u16(), 200, "{}", changed.text);
        assert_eq!(
            titles(&found(&app, &base, asked(Value::Null)).await),
            order,
            "{of_base}"
        );
    }
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_match_in_the_headings_counts_as_much_as_the_search_or_its_base_says() {
    let app = TestApp::start().await;
    let base = app.client.knowledge_base("base").await;
    let headed = "# Money back\n\n## Refund\n\nThe money is back on your card a week after the parcel has reached us.";
    let repeated =
        "A refund of a voucher is a refund in name only: ask for a refund of the order, and the refund is paid.";
    ingest(&app, &base, "Orders", headed, json!({})).await;
    ingest(&app, &base, "Vouchers", repeated, json!({})).await;
    let asked = |boost: Value| json!({"query": "refund", "mode": "keyword", "heading_boost": boost});
    let (by_text, by_heading) = (["Vouchers", "Orders"], ["Orders", "Vouchers"]);
    assert_eq!(titles(&found(&app, &base, asked(Value::Null)).await), by_text);
    assert_eq!(titles(&found(&app, &base, asked(json!(10))).await), by_heading);
    let path = format!("/v1/knowledge-bases/{base}");
    let patch = app.client.request(reqwest::Method::PATCH, &path);
    let changed = app
        .client
        .send(patch.json(&json!({"search": {"heading_boost": 10}})))
        .await;
    assert_eq!(changed.status.as_u16(), 200, "{}", changed.text);
    assert_eq!(titles(&found(&app, &base, asked(Value::Null)).await), by_heading);
    assert_eq!(titles(&found(&app, &base, asked(json!(0))).await), by_text);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_newer_of_two_comes_first_when_asked_for() {
    let app = TestApp::start().await;
    let base = app.client.knowledge_base("base").await;
    let text = "Refunds take a week.";
    ingest(&app, &base, "refunds", text, json!({"published": "2019-05-01"})).await;
    ingest(&app, &base, "refunds anew", text, json!({"published": "2026-11-01"})).await;
    let asked = json!({"query": "refunds", "mode": "keyword", "title_boost": 5});
    assert_eq!(
        titles(&found(&app, &base, asked).await),
        ["refunds", "refunds anew"],
        "the shorter title"
    );
    let recency = json!({"field": "published", "half_life_days": 90, "weight": 0.9});
    let asked = json!({"query": "refunds", "mode": "keyword", "title_boost": 5, "recency": recency});
    assert_eq!(titles(&found(&app, &base, asked).await), ["refunds anew", "refunds"]);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_says_the_same_is_one_result() {
    let app = TestApp::start().await;
    let base = app.client.knowledge_base("base").await;
    let text = "We refund every order within thirty days of its delivery, whatever the reason is, once the parcel has reached our warehouse.";
    ingest(&app, &base, "terms", text, json!({})).await;
    ingest(&app, &base, "terms", &text.replace("parcel", "PARCEL"), json!({})).await;
    ingest(&app, &base, "other", "Refunds of vouchers are not possible.", json!({})).await;
    let all = found(&app, &base, json!({"query": "refund order", "limit": 2})).await;
    assert_eq!(titles(&all), ["terms", "terms"]);
    let collapsed = found(
        &app,
        &base,
        json!({"query": "refund order", "limit": 2, "collapse": true}),
    )
    .await;
    assert_eq!(titles(&collapsed), ["terms", "other"]);
    assert_eq!(
        collapsed["results"][0]["duplicates"],
        json!([all["results"][1]["chunk_id"]])
    );
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_search_weighs_is_said_on_the_command_line() {
    let app = TestApp::start().await;
    let base = app.client.knowledge_base("base").await;
    let named = "The money is back on your card a week after the parcel has reached us.";
    let repeated =
        "A refund of a voucher is a refund in name only: ask for a refund of the order, and the refund is paid.";
    ingest(&app, &base, "Refund", named, json!({"published": "2019-05-01"})).await;
    ingest(&app, &base, "Vouchers", repeated, json!({"published": "2026-11-01"})).await;
    ingest(
        &app,
        &base,
        "Orders",
        &format!("# Money back\n\n## Refund\n\n{named}"),
        json!({}),
    )
    .await;
    let search = ["search", "refund", "--kb", "base", "--limit", "1"];
    let first = async |arguments: &[&str]| {
        let said = app.client.visualkit(&[&search[..], arguments].concat()).await;
        said.lines().next().unwrap_or_default().to_owned()
    };
    let keyword = ["--mode", "keyword", "--title-boost"];
    for (weighed, title) in [
        (&["0"][..], "Vouchers"),
        (&["5"][..], "Refund"),
        (&["5", "--recency", "published:90:1"][..], "Vouchers"),
        (&["0", "--heading-boost", "10"][..], "Orders"),
    ] {
        let line = first(&[&keyword[..], weighed].concat()).await;
        assert!(line.contains(&format!("  {title}  (")), "{weighed:?}: {line}");
    }
    assert!(first(&["--alpha", "0.5"]).await.contains("  1. "));
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn neighbours_are_shown_in_their_order_and_only_of_the_same_document() {
    let app = TestApp::start().await;
    let base = app.client.knowledge_base("base").await;
    let filler = "Lorem ipsum dolor sit amet consetetur sadipscing elitr. ".repeat(20);
    let pages = |n: usize| format!("# Part {n}\n\nMarker{n} begins. {filler}\n\n");
    let text: String = (1..=5).map(pages).collect();
    ingest(&app, &base, "long", &text, json!({})).await;
    let hit = |found: &Value| found["results"][0].clone();
    let plain = hit(&found(&app, &base, json!({"query": "marker3", "mode": "keyword", "limit": 1})).await);
    assert!(plain["before"].is_null() && plain["after"].is_null(), "{plain}");
    let wide = hit(&found(
        &app,
        &base,
        json!({"query": "marker3", "mode": "keyword", "limit": 1, "neighbours": 5}),
    )
    .await);
    let texts = |side: &str| {
        wide[side]
            .as_array()
            .unwrap()
            .iter()
            .map(|n| n["text"].as_str().unwrap().to_owned())
            .collect::<String>()
    };
    let (before, after) = (texts("before"), texts("after"));
    assert!(before.contains("Marker2") && !before.contains("Marker3"), "{before}");
    assert!(after.contains("Marker4") && !after.contains("Marker3"), "{after}");
    let edge = hit(&found(
        &app,
        &base,
        json!({"query": "marker1", "mode": "keyword", "limit": 1, "neighbours": 1}),
    )
    .await);
    assert!(edge["before"].is_null(), "{edge}");
    assert_eq!(edge["after"].as_array().unwrap().len(), 1);
    let line = [
        "search",
        "marker3",
        "--kb",
        "base",
        "--mode",
        "keyword",
        "--limit",
        "1",
        "--neighbours",
        "1",
    ];
    let said = app.client.visualkit(&line).await;
    assert!(
        said.contains("     before: ") && said.contains("     after: "),
        "{said}"
    );
    app.finish().await;
}
