//! Pictures as documents: embedded as pictures, by models that read them, or not at all.
use super::openapi::{conforms, request_schema, response_schema, specification};
use super::{DIMENSIONS, app_with, base_of, spent, submit};
use reqwest::Method;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;
use tests::{EmbeddingMischief, EmbeddingVendor, Picture, TestApp, eventually};
use tokio::sync::Notify;

const MODEL: &str = "voyage-multimodal-3";

/// Another model that reads pictures.
const OTHER: [(&str, &str); 5] = [
    ("models.catalogue.other-eyes.provider", "voyage"),
    ("models.catalogue.other-eyes.model", MODEL),
    ("models.catalogue.other-eyes.dimensions", "1024"),
    ("models.catalogue.other-eyes.max_tokens", "32000"),
    ("models.catalogue.other-eyes.reads_images", "true"),
];

fn picture(shows: &str) -> Picture<'_> {
    Picture {
        width: 400,
        height: 300,
        shows,
    }
}

/// Uploads a file and returns its job, ended.
async fn upload(app: &TestApp, base: &str, name: &str, media_type: Option<&str>, bytes: &[u8]) -> Value {
    let sent = app.client.upload(base, name, media_type, bytes).await;
    assert_eq!(sent.status.as_u16(), 202, "{name}: {}", sent.text);
    let job = sent.body["id"].as_str().unwrap();
    app.client.ended_within(job, Duration::from_secs(60)).await
}

async fn ingest(app: &TestApp, base: &str, name: &str, bytes: &[u8]) -> Value {
    let job = upload(app, base, name, None, bytes).await;
    assert_eq!(job["state"], "succeeded", "{job}");
    job
}

/// Searches and returns the results.
async fn find(app: &TestApp, base: &str, mode: &str, query: &str) -> Vec<Value> {
    let query = json!({"knowledge_base_ids": [base], "query": query, "mode": mode});
    app.client.search(query).await["results"].as_array().unwrap().clone()
}

fn refused(job: &Value, code: &str, says: &[&str]) {
    assert_eq!((&job["state"], &job["attempt"]), (&json!("dead"), &json!(1)), "{job}");
    assert_eq!(job["error"]["code"], code, "{job}");
    let message = job["error"]["message"].as_str().unwrap();
    for says in says {
        assert!(message.contains(says), "{message}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_finds_a_picture_by_what_is_on_it_and_by_its_title() {
    let vendor = EmbeddingVendor::start(1024, 96).await;
    let app = app_with(&vendor, &[]).await;
    let base = base_of(&app, MODEL).await;
    let text = submit(&app, &base, "The kettle whistles when the water boils.").await;
    assert_eq!(app.client.ended(&text).await["state"], "succeeded");
    let pictures = [
        ("one.png", "image/png", picture("a copper weathercock").png()),
        ("two.jpg", "image/jpeg", picture("a wooden staircase").jpeg()),
        ("three.gif", "image/gif", picture("a broken antenna").gif()),
        ("four.webp", "image/webp", picture("a rusty anchor").webp()),
    ];
    let mut jobs = Vec::new();
    for (name, _, bytes) in &pictures {
        jobs.push(ingest(&app, &base, name, bytes).await);
    }
    for ((name, media_type, bytes), query) in pictures.iter().zip(["weathercock", "staircase", "antenna", "anchor"]) {
        let title = name.split('.').next().unwrap();
        let expected = json!({"media_type": media_type, "width": 400, "height": 300});
        for (mode, query) in [("vector", query), ("hybrid", query), ("keyword", title)] {
            let found = find(&app, &base, mode, query).await;
            let first = &found[0];
            assert_eq!(
                (&first["title"], &first["text"], &first["image"]),
                (&json!(title), &json!(title), &expected),
                "{mode} {query}: {found:?}"
            );
        }
        let sent: Vec<_> = vendor.calls().iter().flat_map(tests::VendorCall::pictures).collect();
        assert!(sent.contains(&((*media_type).to_owned(), bytes.clone())), "{name}");
    }
    let found = find(&app, &base, "vector", "kettle").await;
    assert!(found[0].get("image").is_none(), "a text is no picture: {found:?}");

    let document = jobs[0]["document_id"].as_str().unwrap();
    let chunks = app.client.get(&format!("/v1/documents/{document}/chunks")).await;
    let chunks = chunks.body["data"].as_array().unwrap().clone();
    assert_eq!((chunks.len(), &chunks[0]["text"]), (1, &json!("one")));
    assert_eq!(chunks[0]["image"]["width"], 400, "{chunks:?}");
    let shown = app.client.visualkit(&["documents", "show", document, "--chunks"]).await;
    assert!(shown.contains("(image/png, 400 x 300 pixels)\n    one\n"), "{shown}");
    assert!(shown.contains("width: 400"), "{shown}");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_picture_goes_to_the_vendor_behind_its_title_as_the_description_asks_for() {
    let vendor = EmbeddingVendor::start(1024, 96).await;
    let app = app_with(&vendor, &[]).await;
    let base = base_of(&app, MODEL).await;
    // Larger than what makes one batch of texts, and sent as something else.
    let large = picture("a copper lantern").png_of(3 << 20);
    let job = upload(&app, &base, "The lantern.md", Some("text/markdown"), &large).await;
    assert_eq!(job["state"], "succeeded", "{job}");
    let document = app
        .client
        .get(&format!("/v1/documents/{}", job["document_id"].as_str().unwrap()))
        .await;
    assert_eq!(document.body["mime_type"], "image/png");
    let calls = vendor.calls();
    assert_eq!((calls.len(), calls[0].path.as_str()), (1, "/v1/multimodalembeddings"));
    let content = calls[0].body["inputs"][0]["content"].as_array().unwrap();
    assert_eq!(content.len(), 2);
    assert_eq!(content[0], json!({"type": "text", "text": "The lantern"}));
    assert_eq!(content[1]["type"], "image_base64");
    assert_eq!(calls[0].pictures(), [("image/png".to_owned(), large)]);
    assert_eq!(
        (&calls[0].body["input_type"], &calls[0].body["truncation"]),
        (&json!("document"), &json!(false))
    );
    if let Some(described) = specification("voyage.yaml") {
        let schema = request_schema(&described, "/multimodalembeddings");
        conforms(&described, schema, &calls[0].body, "body");
        let schema = response_schema(&described, "/multimodalembeddings");
        conforms(&described, schema, &vendor.answers()[0], "answer");
    }
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_picture_is_paid_once_by_its_pixels_and_again_when_it_changes() {
    let vendor = EmbeddingVendor::start(1024, 96).await;
    let app = app_with(&vendor, &[]).await;
    let base = base_of(&app, MODEL).await;
    let of = |width, height, shows| Picture { width, height, shows }.png();
    // Three words of a title come to less than a millionth; the pixels, to 600 millionths a million.
    let jobs = [
        (of(1000, 1000, "a lantern"), 1, 601, "a million pixels"),
        (of(1000, 1000, "a lantern"), 0, 0, "the same picture"),
        (
            of(1000, 1000, "a kettle"),
            1,
            601,
            "another picture under the same title",
        ),
        (of(10, 10, "a dot"), 1, 31, "a small one is billed as 50,000 pixels"),
        (of(3000, 2000, "a poster"), 1, 1201, "a large one as two millions"),
    ];
    for (bytes, embedded, micros, what) in &jobs {
        let job = ingest(&app, &base, "on the shelf.png", bytes).await;
        assert_eq!(job["result"]["embedded"], *embedded, "{what}: {job}");
        let cost = job["cost"]["micros"].as_u64().unwrap_or(0);
        assert_eq!(cost, *micros, "{what}: {job}");
    }
    // Under another title, the vector is another.
    let job = ingest(&app, &base, "in the cellar.png", &jobs[0].0).await;
    assert_eq!(job["result"]["embedded"], 1, "{job}");
    let tokens: u64 = [1_000_000_u64, 1_000_000, 100, 6_000_000, 1_000_000]
        .iter()
        .map(|pixels| 3 + pixels.div_ceil(560))
        .sum();
    assert_eq!(spent(&app, "voyage").await["tokens"], tokens);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_money_of_a_day_holds_back_a_picture_whose_pixels_would_cost_more() {
    let vendor = EmbeddingVendor::start(1024, 96).await;
    let app = app_with(&vendor, &[]).await;
    let base = base_of(&app, MODEL).await;
    let declare = async |budget: Value| {
        let put = app.client.request(Method::PUT, "/v1/budgets/voyage").json(&budget);
        assert_eq!(app.client.send(put).await.status.as_u16(), 200);
    };
    declare(json!({"cost_micros_per_day": 600})).await;
    let (width, height, shows) = (1000, 1000, "a mirror");
    let sent = app
        .client
        .upload(&base, "a.png", None, &Picture { width, height, shows }.png())
        .await;
    let job = sent.body["id"].as_str().unwrap();
    eventually("the day's money holds it back", Duration::from_secs(20), async || {
        let why = app.client.get(&format!("/v1/jobs/{job}/why")).await;
        why.body["blocked_by"][0]["reason"] == "budget"
    })
    .await;
    assert!(vendor.calls().is_empty());
    declare(json!({"cost_micros_per_day": 601})).await;
    let ended = app.client.ended_within(job, Duration::from_secs(30)).await;
    assert_eq!(ended["state"], "succeeded", "{ended}");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_base_whose_model_reads_no_pictures_says_so_and_which_would() {
    let vendor = EmbeddingVendor::start(DIMENSIONS, 96).await;
    let app = app_with(&vendor, &[]).await;
    for base in [app.client.knowledge_base("local").await, base_of(&app, "mine").await] {
        let job = upload(&app, &base, "The lantern.png", None, &picture("a lantern").png()).await;
        refused(&job, "images_not_read", &["is a picture", MODEL]);
        let document = job["document_id"].as_str().unwrap();
        let document = app.client.get(&format!("/v1/documents/{document}")).await.body;
        assert_eq!(
            (&document["state"], &document["chunk_count"]),
            (&json!("failed"), &json!(0)),
            "{document}"
        );
        assert!(find(&app, &base, "keyword", "lantern").await.is_empty());
    }
    assert!(vendor.calls().is_empty());
    assert_eq!(app.count("SELECT count(*) AS count FROM embeddings").await, 0);
    app.abandon().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_no_model_would_read_of_a_picture_is_said_before_anything_is_sent() {
    let vendor = EmbeddingVendor::start(1024, 96).await;
    let narrow = [OTHER.as_slice(), &[("models.catalogue.other-eyes.max_tokens", "1000")]].concat();
    let app = app_with(&vendor, &narrow).await;
    let base = base_of(&app, MODEL).await;
    let of = |width, height| Picture {
        width,
        height,
        shows: "a wall",
    };
    let job = upload(&app, &base, "a.png", None, &of(5000, 4000).png()).await;
    refused(&job, "too_many_pixels", &["20000000 pixels", MODEL, "at most 16000000"]);
    let job = upload(&app, &base, "a.png", None, &of(400, 300).png_of(20_000_000)).await;
    refused(&job, "image_too_large", &["at most 20000000"]);
    // A token is 560 pixels, and the title takes some.
    let other = base_of(&app, "other-eyes").await;
    let job = upload(&app, &other, "a.png", None, &of(1000, 560).png()).await;
    refused(&job, "too_many_pixels", &["560000 pixels", "at most 559440"]);
    let whole = of(400, 300).png();
    for (bytes, says) in [
        (whole[..whole.len() - 20].to_vec(), "ends in the middle"),
        (of(400, 300).jpeg()[..40].to_vec(), "ends in the middle"),
        (of(60_000, 60_000).png_of(64), "fewer pixels than its header says"),
        (of(0, 300).png(), "no pixels"),
    ] {
        let job = upload(&app, &base, "a", None, &bytes).await;
        refused(&job, "damaged", &["picture is damaged", says]);
        assert_eq!(job["error"]["step"], "parse");
    }
    assert!(vendor.calls().is_empty());
    ingest(&app, &base, "a.png", &of(4000, 4000).png()).await;
    ingest(&app, &other, "a.png", &of(999, 560).png()).await;
    app.abandon().await;
}

async fn migrate(app: &TestApp, base: &str, model: &str) -> tests::Answered {
    let path = format!("/v1/knowledge-bases/{base}/embedding-migration");
    app.client.post(&path, json!({ "embedding_model": model })).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_base_with_pictures_is_not_migrated_to_a_model_that_reads_none() {
    let vendor = EmbeddingVendor::start(1024, 96).await;
    let app = app_with(&vendor, &[("models.catalogue.mine.dimensions", "1024")]).await;
    let base = base_of(&app, MODEL).await;
    let job = submit(&app, &base, "The kettle whistles.").await;
    app.client.ended(&job).await;
    for shows in ["a lantern", "a kettle"] {
        ingest(&app, &base, "a.png", &picture(shows).png()).await;
    }
    let answered = migrate(&app, &base, "mine").await;
    answered.expect_problem(422, "invalid");
    let error = &answered.body["errors"][0];
    assert_eq!(
        (&error["field"], &error["code"]),
        (&json!("embedding_model"), &json!("images_not_read")),
        "{}",
        answered.text
    );
    let message = error["message"].as_str().unwrap();
    assert!(message.contains("2 documents") && message.contains(MODEL), "{message}");
    let migrations = app.count("SELECT count(*) AS count FROM embedding_migrations").await;
    assert_eq!(migrations, 0, "nothing was begun");

    // Without them it goes; one that comes meanwhile is refused, and one that is on its way is not embedded by its title.
    let made = json!({"name": "of texts", "embedding_model": MODEL});
    let of_texts = app.client.post("/v1/knowledge-bases", made).await.body["id"].clone();
    let of_texts = of_texts.as_str().unwrap().to_owned();
    let go = Arc::new(Notify::new());
    vendor.expect([EmbeddingMischief::Held(go.clone())]);
    let calls = vendor.calls().len();
    let sent = app
        .client
        .upload(&of_texts, "b.png", None, &picture("a mirror").png())
        .await;
    eventually("the picture is being embedded", Duration::from_secs(10), async || {
        vendor.calls().len() > calls
    })
    .await;
    let started = migrate(&app, &of_texts, "mine").await;
    assert_eq!(started.status.as_u16(), 202, "{}", started.text);
    go.notify_one();
    let job = app
        .client
        .ended_within(sent.body["id"].as_str().unwrap(), Duration::from_secs(60))
        .await;
    assert_eq!(
        (&job["state"], &job["error"]["code"]),
        (&json!("dead"), &json!("images_not_read")),
        "{job}"
    );
    let job = upload(&app, &of_texts, "c.png", None, &picture("a door").png()).await;
    refused(&job, "images_not_read", &["mine"]);
    app.abandon().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_migration_embeds_pictures_as_pictures() {
    let vendor = EmbeddingVendor::start(1024, 96).await;
    let more = [OTHER.as_slice(), &[("retrieval.refresh_interval_secs", "1")]].concat();
    let app = app_with(&vendor, &more).await;
    app.context.replicas.keep_fresh(&app.context.system);
    let base = base_of(&app, MODEL).await;
    let job = submit(&app, &base, "The kettle whistles.").await;
    app.client.ended(&job).await;
    let pictures = [picture("a copper lantern").png(), picture("a wooden staircase").jpeg()];
    for bytes in &pictures {
        ingest(&app, &base, "of the house", bytes).await;
    }
    let before = vendor.calls().len();
    let started = migrate(&app, &base, "other-eyes").await;
    assert_eq!(started.status.as_u16(), 202, "{}", started.text);
    let ended = app.client.ended(started.body["id"].as_str().unwrap()).await;
    assert_eq!(ended["state"], "succeeded", "{ended}");
    assert_eq!(ended["result"]["embedded"], 3, "{ended}");
    let sent: Vec<Vec<u8>> = vendor.calls()[before..]
        .iter()
        .flat_map(tests::VendorCall::pictures)
        .map(|(_, bytes)| bytes)
        .collect();
    assert!(sent.len() == 2 && pictures.iter().all(|bytes| sent.contains(bytes)));
    let path = format!("/v1/knowledge-bases/{base}/embedding-migration");
    eventually("the other index is built", Duration::from_secs(20), async || {
        let shown = app.client.get(&path).await.body;
        shown["replicas"] == shown["replicas_ready"]
    })
    .await;
    let switched = app.client.post(&format!("{path}/switch"), json!({})).await;
    assert_eq!(switched.status.as_u16(), 200, "{}", switched.text);
    let found = find(&app, &base, "vector", "staircase").await;
    assert_eq!(found[0]["image"]["media_type"], "image/jpeg", "{found:?}");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pictures_title_is_no_sentence_of_an_answer_and_two_of_one_title_are_two_results() {
    let vendor = EmbeddingVendor::start(1024, 96).await;
    let app = app_with(&vendor, &[]).await;
    let base = base_of(&app, MODEL).await;
    let title = "The lantern burns whale oil.";
    for shows in ["a copper lantern", "a lantern at night"] {
        ingest(&app, &base, &format!("{title}.png"), &picture(shows).png()).await;
    }
    let asked = json!({"knowledge_base_ids": [base], "question": "What does the lantern burn?"});
    let answer = app.client.post_waiting("/v1/answers", asked.clone(), 20).await;
    assert_eq!(answer.body["result"]["outcome"], "abstained", "{}", answer.text);
    let job = submit(&app, &base, "The lantern burns whale oil.").await;
    let text = app.client.ended(&job).await["document_id"].clone();
    let answer = app.client.post_waiting("/v1/answers", asked, 20).await;
    let result = &answer.body["result"];
    assert_eq!(result["outcome"], "answered", "{}", answer.text);
    let cited: Vec<&Value> = result["citations"]
        .as_array()
        .unwrap()
        .iter()
        .map(|citation| &citation["document_id"])
        .collect();
    assert_eq!(cited, [&text], "{}", answer.text);

    let query = json!({"knowledge_base_ids": [base], "query": "lantern", "collapse": true});
    let found = app.client.search(query).await;
    let results = found["results"].as_array().unwrap();
    let pictures = results.iter().filter(|hit| hit.get("image").is_some()).count();
    assert_eq!((results.len(), pictures), (3, 2), "{found}");
    app.finish().await;
}
