//! What bodies are accepted: media types, forms, sizes.
use crate::raw;
use reqwest::Method;
use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use tests::{Answered, TestApp, TestOptions};

const MIB: usize = 1 << 20;

async fn without_workers() -> (TestApp, String) {
    let app = TestApp::start_with(TestOptions {
        pools: Vec::new(),
        ..TestOptions::default()
    })
    .await;
    let base = app.client.knowledge_base("base").await;
    (app, format!("/v1/knowledge-bases/{base}/documents"))
}

async fn send_form(app: &TestApp, path: &str, form: Form) -> Answered {
    app.client
        .send(app.client.request(Method::POST, path).multipart(form))
        .await
}

fn file(bytes: impl Into<Vec<u8>>, name: &str, mime: Option<&str>) -> Part {
    let part = Part::bytes(bytes.into()).file_name(name.to_owned());
    match mime {
        Some(mime) => part.mime_str(mime).unwrap(),
        None => part,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_document_comes_as_json_or_as_a_form_and_is_the_same() {
    let app = TestApp::start().await;
    let base = app.client.knowledge_base("base").await;
    let path = format!("/v1/knowledge-bases/{base}/documents");
    let content = "# Lantern\n\nIt burns for 36 hours.";
    let as_json = json!({"title": "Lantern", "content": content, "mime_type": "text/markdown", "external_id": "json", "metadata": {"n": 1}, "acl": {"public": true}});
    app.client.ingest(&base, as_json).await;
    let form = Form::new()
        .part("file", file(content, "lantern.md", Some("text/markdown")))
        .text("title", "Lantern")
        .text("external_id", "form")
        .text("metadata", r#"{"n": 1}"#)
        .text("acl", r#"{"public": true}"#);
    let sent = send_form(&app, &path, form).await;
    assert_eq!(sent.status.as_u16(), 202, "{}", sent.text);
    assert_eq!(
        app.client.ended(sent.body["id"].as_str().unwrap()).await["state"],
        "succeeded"
    );
    let listed = app.client.get(&path).await;
    let [form, json] = &listed.body["data"].as_array().unwrap()[..] else {
        panic!("{}", listed.text)
    };
    for field in [
        "title",
        "mime_type",
        "metadata",
        "acl",
        "state",
        "chunk_count",
        "size_bytes",
    ] {
        assert_eq!(form[field], json[field], "{field}");
    }
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_without_a_type_goes_by_its_name_and_without_a_title_by_its_own() {
    let app = TestApp::start().await;
    let base = app.client.knowledge_base("base").await;
    let path = format!("/v1/knowledge-bases/{base}/documents");
    for (name, content, mime, title) in [
        ("a.md", "# Its heading\n\nText.", "text/markdown", "Its heading"),
        (
            "b.MDX",
            "import X from 'x'\n\n# In a tag\n\n<Note>Text.</Note>",
            "text/mdx",
            "In a tag",
        ),
        (
            "c.html",
            "<html><head><title>Its title</title></head><body><p>Text of the page.</p></body></html>",
            "text/html",
            "Its title",
        ),
        ("dir/d.txt", "Plain words.", "text/plain", "d"),
    ] {
        let sent = send_form(&app, &path, Form::new().part("file", file(content, name, None))).await;
        assert_eq!(sent.status.as_u16(), 202, "{name}: {}", sent.text);
        let job = app.client.ended(sent.body["id"].as_str().unwrap()).await;
        let document = app
            .client
            .get(&format!("/v1/documents/{}", job["document_id"].as_str().unwrap()))
            .await
            .body;
        assert_eq!(
            (&document["mime_type"], &document["title"]),
            (&json!(mime), &json!(title)),
            "{name}"
        );
    }
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_ingested_is_415() {
    let (app, path) = without_workers().await;
    for mime in [
        "application/pdf",
        "image/png",
        "text/css",
        "application/octet-stream",
        "nonsense",
        "text/markdown-not",
    ] {
        let body = json!({"title": "t", "content": "c", "mime_type": mime});
        app.client
            .post(&path, body)
            .await
            .expect_problem(415, "unsupported_media_type");
    }
    for (name, mime) in [
        ("a.tiff", Some("image/tiff")),
        ("a.md", Some("image/tiff")),
        ("a.docx", Some("application/zip")),
        ("a.doc", Some("application/msword")),
    ] {
        let form = Form::new().part("file", file("words", name, mime));
        send_form(&app, &path, form)
            .await
            .expect_problem(415, "unsupported_media_type");
    }
    assert_eq!(app.count("SELECT count(*) FROM documents").await, 0);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_is_not_said_to_be_json_is_415() {
    let (app, documents) = without_workers().await;
    for path in [
        "/v1/search",
        "/v1/answers",
        "/v1/checks",
        "/v1/jobs",
        "/v1/knowledge-bases",
        &documents,
    ] {
        for content_type in [
            None,
            Some("text/plain"),
            Some("application/x-www-form-urlencoded"),
            Some("application/jsonp"),
            Some("/"),
            Some(""),
        ] {
            let request = app.client.request(Method::POST, path).body("{}");
            let request = match content_type {
                Some(content_type) => request.header("content-type", content_type),
                None => request,
            };
            app.client
                .send(request)
                .await
                .expect_problem(415, "unsupported_media_type");
        }
    }
    let request = app
        .client
        .request(Method::POST, "/v1/jobs")
        .header("content-type", "Application/JSON; charset=utf-8");
    assert_eq!(
        app.client
            .send(request.body(r#"{"kind": "diagnostics.noop"}"#))
            .await
            .status
            .as_u16(),
        202
    );
    app.abandon().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_that_is_wrong_says_everything_that_is() {
    let (app, path) = without_workers().await;
    let form = Form::new()
        .text("title", "x".repeat(501))
        .text("metadata", "[1]")
        .text("acl", "{")
        .text("surplus", "1");
    let answered = send_form(&app, &path, form).await;
    answered.expect_problem(422, "invalid");
    let mut fields: Vec<_> = answered.body["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|error| error["field"].as_str().unwrap())
        .collect();
    fields.sort_unstable();
    assert_eq!(fields, ["acl", "file", "metadata", "surplus", "title"]);
    for (body, content_type) in [
        ("", "multipart/form-data"),
        ("--b\r\n\r\nx", "multipart/form-data; boundary=b"),
        ("not a form", "multipart/form-data; boundary=b"),
        (
            "--b\r\nContent-Disposition: form-data; name=\"file\"\r\n\r\nx",
            "multipart/form-data; boundary=b",
        ),
    ] {
        let request = app
            .client
            .request(Method::POST, &path)
            .header("content-type", content_type)
            .body(body);
        let answered = app.client.send(request).await;
        assert!(
            [400, 415, 422].contains(&answered.status.as_u16()),
            "{body:?}: {}",
            answered.text
        );
    }
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn content_that_is_no_text_is_422() {
    let (app, path) = without_workers().await;
    for (bytes, code) in [
        (b"".to_vec(), "invalid"),
        (b" \n\t ".to_vec(), "invalid"),
        (b"before\0after".to_vec(), "contains_nul"),
        (b"\x01\xff\0\x03".to_vec(), "contains_nul"),
        (b"\xff\xfeh\0i".to_vec(), "invalid"),
    ] {
        let form = Form::new().part("file", file(bytes.clone(), "a.txt", Some("text/plain")));
        let answered = send_form(&app, &path, form).await;
        answered.expect_problem(422, code);
        assert_eq!(answered.body["errors"][0]["field"], "file", "{}", answered.text);
        if let Ok(text) = String::from_utf8(bytes) {
            let answered = app
                .client
                .post(&path, json!({"title": "t", "content": text, "mime_type": "text/plain"}))
                .await;
            answered.expect_problem(422, code);
            assert_eq!(answered.body["errors"][0]["field"], "content");
        }
    }
    for (said, bytes) in [
        ("text/plain; charset=utf-8", b"caf\xe9".as_slice()),
        ("text/plain; charset=utf-8", b"\xed\xa0\x80"),
        ("application/json", b"[\"caf\xe9\"]"),
    ] {
        let form = Form::new().part("file", file(bytes.to_vec(), "a", Some(said)));
        let answered = send_form(&app, &path, form).await;
        answered.expect_problem(422, "invalid_utf8");
    }
    assert_eq!(app.count("SELECT count(*) FROM documents").await, 0);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_document_over_the_limit_is_413_and_one_at_the_limit_is_accepted() {
    let (app, path) = without_workers().await;
    let text = |bytes: usize| "lorem ip\n".repeat(bytes / 9 + 1)[..bytes].to_owned();
    let form = Form::new().part("file", file(text(26 * MIB), "a.txt", Some("text/plain")));
    send_form(&app, &path, form).await.expect_problem(413, "too_large");
    let body = |bytes| json!({"title": "t", "content": text(bytes), "mime_type": "text/plain"});
    app.client
        .post(&path, body(26 * MIB))
        .await
        .expect_problem(413, "too_large");
    let form = Form::new().part("file", file(text(25 * MIB), "a.txt", Some("text/plain")));
    assert_eq!(send_form(&app, &path, form).await.status.as_u16(), 202);
    // 25 MiB of line ends are 50 MiB of JSON; what counts is the document.
    assert_eq!(app.client.post(&path, body(25 * MIB)).await.status.as_u16(), 202);
    assert_eq!(app.count("SELECT count(*) FROM documents").await, 2);
    assert_eq!(
        app.count("SELECT sum(length(bytes))::bigint AS count FROM blob_parts")
            .await,
        50 * i64::try_from(MIB).unwrap()
    );
    app.abandon().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn other_json_bodies_are_bounded_at_a_mebibyte() {
    let (app, _) = without_workers().await;
    let padded = |bytes: usize| {
        let body = json!({"kind": "diagnostics.noop"}).to_string();
        format!("{body}{}", " ".repeat(bytes - body.len()))
    };
    for (bytes, status) in [(MIB, 202), (MIB + 1, 413)] {
        let request = app
            .client
            .request(Method::POST, "/v1/jobs")
            .header("content-type", "application/json");
        assert_eq!(
            app.client.send(request.body(padded(bytes))).await.status.as_u16(),
            status,
            "{bytes}"
        );
    }
    let long = json!({"response": "r", "sources": [Value::from("s ".repeat(MIB))]});
    app.client
        .post("/v1/checks", long)
        .await
        .expect_problem(413, "too_large");
    app.abandon().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_of_a_hundred_megabytes_is_refused_before_it_is_sent() {
    let (app, documents) = without_workers().await;
    let key = app.client.key.clone().unwrap();
    for (path, content_type) in [
        (documents.as_str(), "multipart/form-data; boundary=b"),
        (documents.as_str(), "application/json"),
        ("/v1/search", "application/json"),
    ] {
        let start = Instant::now();
        let head = format!(
            "POST {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {key}\r\nContent-Type: {content_type}\r\nContent-Length: 100000000\r\nExpect: 100-continue\r\n\r\n"
        );
        let answered = raw::send_head_only(&app.client.url, &head).await;
        answered.expect_problem(413, "too_large");
        assert!(start.elapsed() < Duration::from_secs(5), "after {:?}", start.elapsed());
    }
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_megabytes_that_are_sent_anyway_still_get_their_413() {
    // On a plain socket: a server that closed on unread bytes would have the system throw its answer away.
    let (app, documents) = without_workers().await;
    let key = app.client.key.clone().unwrap();
    let head = format!(
        "POST {documents} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {key}\r\nContent-Type: application/json\r\nContent-Length: 100000000\r\n\r\n"
    );
    let mut request = head.into_bytes();
    request.resize(request.len() + 100_000_000, b'x');
    raw::send_bytes(&app.client.url, &request)
        .await
        .expect_problem(413, "too_large");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_takes_an_access_list_as_long_as_json_does() {
    let (app, documents) = without_workers().await;
    let names = |kind: &str| -> Vec<String> { (0..1000).map(|number| format!("{kind}-{number:0>200}")).collect() };
    let acl = json!({"users": names("user"), "groups": names("group")}).to_string();
    let form = |title: &str| {
        let file = Part::bytes(b"Every lantern is lit.".to_vec()).file_name("lantern.txt");
        Form::new()
            .part("file", file)
            .text("acl", acl.clone())
            .text("title", title.to_owned())
    };
    let sent = app.client.request(Method::POST, &documents).multipart(form("Lantern"));
    let sent = app.client.send(sent).await;
    assert_eq!(sent.status.as_u16(), 202, "{}", sent.text);
    let other = "t".repeat(70_000);
    let sent = app.client.request(Method::POST, &documents).multipart(form(&other));
    app.client.send(sent).await.expect_problem(413, "too_large");
    app.abandon().await;
}
