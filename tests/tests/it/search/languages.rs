//! Real text in six languages, asked about in its language: the Universal Declaration of Human Rights (`tests/data/declaration`).
use serde_json::{Value, json};
use std::path::PathBuf;
use tests::{TestApp, workspace_root};

pub(crate) const LANGUAGES: [&str; 6] = ["de", "fr", "es", "pt", "ja", "zh"];

pub(crate) struct Question {
    pub(crate) text: String,
    /// The heading of the article that answers it.
    pub(crate) article: String,
    /// A word of the article that its highlight shows.
    shown: String,
}

fn folder() -> PathBuf {
    workspace_root().join("tests/data/declaration")
}

pub(crate) fn declaration(language: &str) -> String {
    std::fs::read_to_string(folder().join(format!("{language}.md"))).unwrap()
}

pub(crate) fn questions(language: &str) -> Vec<Question> {
    let text = declaration(language);
    let headings: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("## ")).collect();
    let table = std::fs::read_to_string(folder().join("questions.tsv")).unwrap();
    let rows = table.lines().map(|line| line.split('\t').collect::<Vec<&str>>());
    rows.filter(|row| row[0] == language)
        .map(|row| Question {
            text: row[2].to_owned(),
            article: headings[row[1].parse::<usize>().unwrap() - 1].to_owned(),
            shown: row[3].to_lowercase(),
        })
        .collect()
}

pub(crate) async fn base(app: &TestApp, language: &str) -> String {
    let made = app
        .client
        .post(
            "/v1/knowledge-bases",
            json!({"name": format!("in {language}"), "language": language}),
        )
        .await;
    assert_eq!(made.status, 201, "{}", made.text);
    assert_eq!(made.body["language"], language);
    made.body["id"].as_str().unwrap().to_owned()
}

pub(crate) async fn ingest(app: &TestApp, base: &str, language: &str) {
    let document = json!({"title": language, "content": declaration(language), "mime_type": "text/markdown", "external_id": language});
    let job = app.client.ingest(base, document).await;
    assert_eq!(job["state"], "succeeded", "{job}");
}

/// Whether the chunk holds the article: as the heading it stands under, or as one of several in it.
pub(crate) fn holds(hit: &Value, article: &str) -> bool {
    let headings = hit["headings"].as_array().unwrap();
    let line = format!("## {article}");
    headings.iter().any(|heading| heading == article) || hit["text"].as_str().unwrap().lines().any(|text| text == line)
}

/// Asks all questions of the language; of how many the first hit holds the article, and shows what was asked for.
async fn answered(app: &TestApp, base: &str, language: &str) -> (usize, usize, Vec<String>) {
    let (mut first, mut shown, mut missed) = (0, 0, Vec::new());
    for question in questions(language) {
        let asked = json!({"knowledge_base_ids": [base], "query": question.text, "mode": "keyword", "limit": 3});
        let found = app.client.search(asked).await;
        let hit = &found["results"][0];
        if !holds(hit, &question.article) {
            missed.push(format!("{}: {hit}", question.text));
            continue;
        }
        first += 1;
        let highlights = hit["highlights"].to_string().to_lowercase();
        match highlights.contains(&question.shown) {
            true => shown += 1,
            false => missed.push(format!("{}: {highlights}", question.text)),
        }
    }
    (first, shown, missed)
}

#[tokio::test(flavor = "multi_thread")]
async fn questions_in_six_languages_find_the_article_and_show_the_words() {
    let app = TestApp::start().await;
    for language in LANGUAGES {
        let base = base(&app, language).await;
        ingest(&app, &base, language).await;
        let (first, shown, missed) = answered(&app, &base, language).await;
        assert!(
            first >= 15 && shown >= first - 1,
            "{language}: {first}, {shown}: {missed:#?}"
        );
    }
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_base_of_several_languages_analyses_each_document_by_its_own() {
    let app = TestApp::start().await;
    let (auto, plain) = (base(&app, "auto").await, base(&app, "ja").await);
    for language in LANGUAGES.iter().chain(&["en"]) {
        ingest(&app, &auto, language).await;
        ingest(&app, &plain, language).await;
    }
    for language in LANGUAGES {
        let (first, shown, missed) = answered(&app, &auto, language).await;
        assert!(
            first >= 14 && shown >= first - 1,
            "{language}: {first}, {shown}: {missed:#?}"
        );
    }
    let phrase = json!({"knowledge_base_ids": [auto], "query": "Urlaub", "mode": "keyword", "phrases": ["regelmäßigen bezahlten Urlaub"]});
    let found = app.client.search(phrase).await;
    assert!(holds(&found["results"][0], "Artikel 24"), "{found}");
    let german = answered(&app, &plain, "de").await;
    assert!(german.0 < 14, "without rules of German fewer are found: {german:?}");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_language_that_is_none_is_refused() {
    let app = TestApp::start().await;
    for language in ["AUTO", "auto ", "xx", "german"] {
        let body = json!({"name": "base", "language": language});
        let refused = app.client.post("/v1/knowledge-bases", body).await;
        assert_eq!(refused.status, 422, "{language}");
        assert_eq!(
            refused.body["errors"][0]["code"], "unknown_language",
            "{}",
            refused.text
        );
    }
    app.finish().await;
}
