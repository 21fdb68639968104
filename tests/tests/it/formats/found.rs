//! What a document is, its bytes decide.
use super::support::{code, ingest, message, parse_detail};
use serde_json::{Value, json};
use tests::TestApp;

const PAGE: &[u8] =
    b"<!DOCTYPE html><html><head><title>Lantern</title></head><body><p>It burns for 36 hours.</p></body></html>";

async fn document(app: &TestApp, job: &Value) -> Value {
    let path = format!("/v1/documents/{}", job["document_id"].as_str().unwrap());
    app.client.get(&path).await.body
}

#[tokio::test(flavor = "multi_thread")]
async fn a_document_is_what_its_bytes_are_whatever_was_said() {
    let app = TestApp::start().await;
    let base = app.client.knowledge_base("base").await;
    for (name, said) in [
        ("a.md", Some("text/markdown")),
        ("a.pdf", Some("application/pdf")),
        ("a", Some("application/octet-stream")),
        ("a", None),
    ] {
        let job = ingest(&app, &base, name, said, PAGE).await;
        assert_eq!(job["state"], "succeeded", "{job}");
        let detail = parse_detail(&app, &job).await;
        assert_eq!(
            (&detail["format"], &detail["blocks"]),
            (&json!("html"), &json!(1)),
            "{said:?}"
        );
        let document = document(&app, &job).await;
        assert_eq!(
            (&document["mime_type"], &document["title"]),
            (&json!("text/html"), &json!("Lantern")),
            "{document}"
        );
    }
    // Whether its parser finds anything in it or not.
    for (name, said) in [("a.md", Some("text/markdown")), ("a.txt", None), ("a", None)] {
        let job = ingest(&app, &base, name, said, b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n").await;
        assert_eq!(parse_detail(&app, &job).await["format"], "pdf", "{job}");
    }
    app.abandon().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_document_that_is_submitted_again_unchanged_is_still_what_it_was_found_to_be() {
    let app = TestApp::start().await;
    let base = app.client.knowledge_base("base").await;
    let content = String::from_utf8(PAGE.to_vec()).unwrap();
    let sent = json!({"title": "Lantern", "content": content, "mime_type": "text/markdown", "external_id": "a"});
    for unchanged in [false, true] {
        let job = app.client.ingest(&base, sent.clone()).await;
        assert_eq!(job["result"]["unchanged"], unchanged, "{job}");
        assert_eq!(document(&app, &job).await["mime_type"], "text/html");
    }
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_read_says_what_it_is_and_what_to_do() {
    let app = TestApp::start().await;
    let base = app.client.knowledge_base("base").await;
    for (name, said, bytes, expected, says) in [
        (
            "a.pdf",
            Some("application/pdf"),
            b"Only words.".as_slice(),
            "format_mismatch",
            "sent as a PDF, but looks like plain text",
        ),
        (
            "a.docx",
            None,
            b"PK\x05\x06\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0",
            "damaged",
            "The Word document is damaged",
        ),
        ("a", None, b"II*\0\x08\0\0\0", "unsupported_format", "a TIFF picture"),
        (
            "a.bin",
            Some("application/octet-stream"),
            b"\x7fELF\x02\x01\x01\0",
            "unsupported_format",
            "a program",
        ),
        (
            "a.ps",
            None,
            b"%!PS-Adobe-3.0 words",
            "unsupported_format",
            "Convert it to PDF",
        ),
    ] {
        let job = ingest(&app, &base, name, said, bytes).await;
        assert_eq!((&job["state"], code(&job)), (&json!("dead"), expected), "{job}");
        assert!(message(&job).contains(says), "{}", message(&job));
        assert_eq!((&job["attempt"], &job["error"]["step"]), (&json!(1), &json!("parse")));
    }
    app.abandon().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn text_may_be_in_an_encoding_that_is_declared() {
    let app = TestApp::start().await;
    let base = app.client.knowledge_base("base").await;
    let utf16: Vec<u8> = [0xfeff]
        .into_iter()
        .chain("Die Lampe heißt Grün.".encode_utf16())
        .flat_map(u16::to_le_bytes)
        .collect();
    for (name, said, bytes) in [
        (
            "a.txt",
            Some("text/plain; charset=ISO-8859-1"),
            b"Die Lampe hei\xdft Gr\xfcn.".as_slice(),
        ),
        ("b.txt", Some("text/plain; charset=utf-16"), &utf16),
        (
            "c.html",
            None,
            b"<meta charset=windows-1252><p>Die Lampe hei\xdft Gr\xfcn.</p>",
        ),
        (
            "d.html",
            None,
            b"<meta http-equiv=content-type content='text/html; charset=windows-1252'><script charset=utf-8></script><p>Die Lampe hei\xdft Gr\xfcn.</p>",
        ),
        (
            "e.html",
            None,
            b"<script charset=utf-8></script><meta charset=windows-1252><p>Die Lampe hei\xdft Gr\xfcn.</p>",
        ),
        // Its mark counts more.
        (
            "f.txt",
            Some("text/plain; charset=shift_jis"),
            "\u{feff}Die Lampe heißt Grün.".as_bytes(),
        ),
    ] {
        let job = ingest(&app, &base, name, said, bytes).await;
        assert_eq!(job["state"], "succeeded", "{name} {job}");
        let path = format!("/v1/documents/{}/chunks", job["document_id"].as_str().unwrap());
        assert_eq!(
            app.client.get(&path).await.body["data"][0]["text"],
            "Die Lampe heißt Grün.",
            "{name}"
        );
    }
    for (said, bytes, code) in [
        ("text/plain; charset=utf-8", b"Gr\xfcn".as_slice(), "invalid_utf8"),
        ("text/markdown", b"\xff\xfe\xfa\xd8", "invalid"),
        ("text/plain; charset=shift_jis", b"\x81\xff", "invalid"),
        ("application/pdf", b"", "invalid"),
        ("text/markdown", b"a\0b", "contains_nul"),
    ] {
        app.client
            .upload(&base, "a", Some(said), bytes)
            .await
            .expect_problem(422, code);
    }
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn text_may_be_in_an_encoding_that_nothing_names() {
    let app = TestApp::start().await;
    let base = app.client.knowledge_base("base").await;
    let said = "Die Lampe heißt Grün.";
    let utf16 = |mark: &[u8], text: &str| {
        let units = text.encode_utf16().flat_map(u16::to_le_bytes);
        mark.iter().copied().chain(units).collect::<Vec<u8>>()
    };
    let utf32 = |mark: &[u8]| {
        let units = said.chars().flat_map(|c| u32::from(c).to_be_bytes());
        mark.iter().copied().chain(units).collect::<Vec<u8>>()
    };
    let page = "<!DOCTYPE html><html><body><p>Die Lampe heißt Grün.</p></body></html>";
    let in_1252 = |text: &str| {
        text.chars()
            .map(|c| u8::try_from(u32::from(c)).unwrap())
            .collect::<Vec<u8>>()
    };
    for (name, bytes) in [
        ("marked.txt", utf16(b"\xff\xfe", said)),
        ("marked.md", utf16(b"\xff\xfe", said)),
        ("marked.html", utf16(b"\xff\xfe", page)),
        ("unmarked.txt", utf16(b"", said)),
        ("unmarked", utf16(b"", page)),
        ("marked_32.txt", utf32(b"\0\0\xfe\xff")),
        ("unmarked_32.md", utf32(b"")),
        ("windows.txt", in_1252(said)),
        ("windows.md", in_1252(said)),
        ("windows.html", in_1252(page)),
        // Its template names UTF-8.
        ("named.html", in_1252(&format!("<meta charset=utf-8><p>{said}</p>"))),
    ] {
        let job = ingest(&app, &base, name, None, &bytes).await;
        assert_eq!(job["state"], "succeeded", "{name} {job}");
        let path = format!("/v1/documents/{}/chunks", job["document_id"].as_str().unwrap());
        assert_eq!(app.client.get(&path).await.body["data"][0]["text"], said, "{name}");
    }
    // What is no text says so when it is read.
    for (name, bytes, expected) in [
        ("surrogate.md", b"\xed\xa0\x80".as_slice(), "invalid_utf8"),
        ("control.html", b"<p>\x01\x02\x03\xfc\x04</p>", "invalid_utf8"),
        ("zeros.txt", b"a\0\0\0\0\0\0\0\x01\0\0\0", "contains_nul"),
    ] {
        let job = ingest(&app, &base, name, None, bytes).await;
        assert_eq!((&job["state"], code(&job)), (&json!("dead"), expected), "{name} {job}");
        assert_eq!(job["attempt"], 1, "{job}");
    }
    app.abandon().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn damaged_utf_8_is_read_and_said() {
    let app = TestApp::start().await;
    let base = app.client.knowledge_base("base").await;
    for (name, bytes, expected) in [
        ("cut.txt", b"Gr\xc3\xbcn und sch\xc3".as_slice(), "Grün und sch\u{fffd}"),
        ("cut.html", b"<p>Gr\xc3\xbcn und sch\xc3</p>", "Grün und sch\u{fffd}"),
        (
            "named.html",
            b"<meta charset=utf-8><p>Gr\xc3\xbcn, M\xfcller</p>",
            "Grün, M\u{fffd}ller",
        ),
        (
            "table.csv",
            b"Name;Stadt\nM\xc3\xbcller;K\xc3\xb6ln\nM\xfcller;Bonn\n",
            "Müller | Köln",
        ),
        (
            "marked.csv",
            b"\xef\xbb\xbfName;Stadt\nM\xfcller;Bonn\n",
            "M\u{fffd}ller | Bonn",
        ),
    ] {
        let job = ingest(&app, &base, name, None, bytes).await;
        assert_eq!(job["state"], "succeeded", "{name} {job}");
        let id = job["document_id"].as_str().unwrap();
        let chunks = app.client.get(&format!("/v1/documents/{id}/chunks")).await.body;
        let text = chunks["data"][0]["text"].as_str().unwrap();
        assert!(text.contains(expected), "{name}: {text}");
        let step = parse_detail(&app, &job).await;
        let shown = document(&app, &job).await;
        assert_eq!(
            (&step["characters_replaced"], &shown["said"]["characters_replaced"]),
            (&json!(1), &json!(1)),
            "{name}: {step} {shown}"
        );
        let told = app.client.visualkit(&["documents", "show", id]).await;
        assert!(told.contains("says  characters_replaced: 1"), "{told}");
    }
    // What is whole says nothing of it.
    let job = ingest(&app, &base, "whole.txt", None, "Grün".as_bytes()).await;
    assert!(document(&app, &job).await["said"]["characters_replaced"].is_null());
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn json_holds_text_only_and_says_how_to_send_a_file() {
    let app = TestApp::start().await;
    let base = app.client.knowledge_base("base").await;
    let path = format!("/v1/knowledge-bases/{base}/documents");
    let refused = app
        .client
        .post(
            &path,
            json!({"title": "t", "content": "%PDF-1.7", "mime_type": "application/pdf"}),
        )
        .await;
    refused.expect_problem(415, "unsupported_media_type");
    assert!(
        refused.text.contains("multipart/form-data") && refused.text.contains("text/csv"),
        "{}",
        refused.text
    );
    let refused = app.client.upload(&base, "a.tiff", Some("image/tiff"), b"II*\0").await;
    refused.expect_problem(415, "unsupported_media_type");
    assert!(refused.text.contains("application/pdf"), "{}", refused.text);
    app.finish().await;
}
