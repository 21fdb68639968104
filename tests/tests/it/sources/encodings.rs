//! A page is kept as its site sent it, and read as the same file is that somebody uploads.
use super::{documents, items, make, page, start, sync};
use reqwest::Method;
use serde_json::{Value, json};
use tests::{FakeSite, SitePage, TestApp};

async fn document(app: &TestApp, base: &str, address: &str) -> Value {
    let path = format!("/v1/knowledge-bases/{base}/documents?limit=100");
    let listed = app.client.get(&path).await.body;
    let documents = listed["data"].as_array().unwrap();
    let found = documents.iter().find(|document| document["external_id"] == address);
    let id = found.unwrap_or_else(|| panic!("no {address} in {listed}"))["id"].clone();
    app.client
        .get(&format!("/v1/documents/{}", id.as_str().unwrap()))
        .await
        .body
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_is_read_in_the_encoding_that_it_is_in_and_kept_as_it_came() {
    let (app, site) = (start().await, FakeSite::start(&[]).await);
    // Where, as what, its bytes; as what it is kept, what it says, and how often it is damaged.
    let pages = [
        (
            "/header",
            "text/html; charset=Shift_JIS",
            b"<p>\x83e\x83X\x83g</p>".as_slice(),
            "text/html; charset=shift_jis",
            "テスト",
            0,
        ),
        (
            "/header_damaged",
            "text/html; charset=Shift_JIS",
            b"<p>\x83e\x83X\x83g\xff</p>",
            "text/html; charset=shift_jis",
            "テスト\u{fffd}",
            1,
        ),
        (
            "/declared",
            "application/xhtml+xml",
            b"<?xml version=\"1.0\" encoding=\"Shift_JIS\"?><html><body><p>\x83e\x83X\x83g</p></body></html>",
            "application/xhtml+xml",
            "テスト",
            0,
        ),
        (
            "/unicode",
            "text/html",
            "<meta charset=unicode><p>Grün</p>".as_bytes(),
            "text/html",
            "Grün",
            0,
        ),
        (
            "/guessed.txt",
            "text/plain",
            b"\xcf\xf0\xe8\xe2\xe5\xf2, \xea\xe0\xea \xe4\xe5\xeb\xe0?",
            "text/plain",
            "Привет, как дела?",
            0,
        ),
        (
            "/not_utf8",
            "text/html; charset=utf-8",
            b"<p>Die Lampe hei\xdft Gr\xfcn, sagte der M\xfcller.</p>",
            "text/html",
            "Die Lampe heißt Grün, sagte der Müller.",
            0,
        ),
        (
            "/damaged",
            "text/html; charset=utf-8",
            b"<p>Gr\xc3\xbcn und M\xfcller</p>",
            "text/html",
            "Grün und M\u{fffd}ller",
            1,
        ),
        // In ASCII but for what its server does not know.
        (
            "/english",
            "text/html; charset=gb2312",
            b"<p>\xa9 2024 Acme</p>",
            "text/html; charset=gbk",
            "\u{fffd} 2024 Acme",
            1,
        ),
        (
            "/utf8",
            "text/html; charset=Shift_JIS",
            "<p>Die Lampe ist heiß</p>".as_bytes(),
            "text/html",
            "Die Lampe ist heiß",
            0,
        ),
        (
            "/cut",
            "text/html",
            b"\xff\xfe<\0p\0>\0L\0a\0m\0p\0 \0o\0n\0\xfc",
            "text/html",
            "Lamp on\u{fffd}",
            1,
        ),
        // Its bytes say the same without.
        (
            "/ascii",
            "text/html; charset=iso-8859-1",
            b"<p>Lantern</p>",
            "text/html",
            "Lantern",
            0,
        ),
    ];
    for (path, said, bytes, ..) in pages {
        site.put(path, SitePage::of(200, said, bytes));
    }
    let links = pages.map(|(path, ..)| path);
    site.put("/", page("welcome", &links));
    let (base, source) = make(&app.client, &site, json!({})).await;
    assert_eq!(sync(&app, &source, json!({})).await["ingested"], 12);

    for (path, _, bytes, kept, says, damaged) in pages {
        let document = document(&app, &base, &format!("{}{path}", site.url)).await;
        let id = document["id"].as_str().unwrap();
        let chunks = app.client.get(&format!("/v1/documents/{id}/chunks")).await.body;
        let replaced = document["said"]["characters_replaced"].as_i64().unwrap_or_default();
        assert_eq!(
            (&chunks["data"][0]["text"], &document["mime_type"], replaced),
            (&json!(says), &json!(kept), damaged),
            "{path}: {document}"
        );
        let content = app.client.request(Method::GET, &format!("/v1/documents/{id}/content"));
        let content = content.send().await.unwrap();
        assert_eq!(content.headers()["content-type"], kept, "{path}");
        assert_eq!(content.bytes().await.unwrap(), bytes, "{path}");
    }
    let again = sync(&app, &source, json!({})).await;
    assert_eq!(
        (&again["unchanged"], &again["ingested"]),
        (&json!(12), &json!(0)),
        "{again}"
    );
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn links_are_read_in_the_encoding_that_their_page_is_read_in() {
    let app = start().await;
    let latin = "<meta charset=latin1><p>Müller</p><p><a href='/müller'>x</a></p>";
    let japanese = b"<p>\x83e\x83X\x83g</p><p><a href='/\x83e\x83X\x83g'>x</a></p>";
    let site = FakeSite::start(&[
        ("/", page("welcome", &["/latin", "/japanese"])),
        ("/latin", SitePage::of(200, "text/html", latin.as_bytes())),
        ("/japanese", SitePage::of(200, "text/html; charset=Shift_JIS", japanese)),
        ("/m%C3%BCller", page("millers", &[])),
        ("/%E3%83%86%E3%82%B9%E3%83%88", page("tests", &[])),
    ])
    .await;
    let (base, source) = make(&app.client, &site, json!({})).await;
    let result = sync(&app, &source, json!({})).await;
    let found = items(&app.client, &site, &source).await;
    assert_eq!(result["ingested"], 5, "{found:?}");
    assert_eq!(
        documents(&app.client, &site, &base).await,
        [
            "/",
            "/%E3%83%86%E3%82%B9%E3%83%88",
            "/japanese",
            "/latin",
            "/m%C3%BCller"
        ]
    );
    app.finish().await;
}
