//! A document that asks for more than a parser may take ends with an error of its own, at its first attempt, and the worker goes on.
use super::support::{code, ingest, limited, message};
use serde_json::{Value, json};
use std::io::Write;
use tests::TestApp;

/// A page that takes far more memory as a tree than as bytes.
fn large_page() -> Vec<u8> {
    "<p>a<b>b</b>".repeat(300_000).into_bytes()
}

async fn is_refused(app: &TestApp, job: &Value, expected: &str, limit: &str) {
    assert_eq!(
        (&job["state"], code(job), &job["attempt"], &job["error"]["retryable"]),
        (&json!("dead"), expected, &json!(1), &json!(false)),
        "{job}"
    );
    assert!(message(job).contains(limit), "{}", message(job));
    let document = app
        .client
        .get(&format!("/v1/documents/{}", job["document_id"].as_str().unwrap()))
        .await
        .body;
    assert_eq!(
        (&document["state"], &document["error"]),
        (&json!("failed"), &job["error"])
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn more_memory_than_the_limit_ends_one_document_and_nothing_else() {
    let app = limited(&[("parser.memory_mb", "40")]).await;
    let base = app.client.knowledge_base("base").await;
    let job = ingest(&app, &base, "large.html", None, &large_page()).await;
    is_refused(&app, &job, "parser_out_of_memory", "limit of 40 MiB").await;
    let small = ingest(&app, &base, "small.html", None, b"<p>It burns for 36 hours.</p>").await;
    assert_eq!(small["state"], "succeeded", "{small}");
    app.abandon().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn more_time_than_the_limit_ends_the_document() {
    let app = limited(&[("parser.timeout_ms", "1")]).await;
    let base = app.client.knowledge_base("base").await;
    let job = ingest(&app, &base, "large.html", None, &large_page()).await;
    is_refused(&app, &job, "parser_timed_out", "limit of 1 ms").await;
    app.abandon().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn more_text_than_the_limit_ends_the_document() {
    let app = limited(&[("parser.output_mb", "1")]).await;
    let base = app.client.knowledge_base("base").await;
    let text = "Some words of a text. ".repeat(60_000);
    let job = ingest(&app, &base, "large.txt", None, text.as_bytes()).await;
    is_refused(&app, &job, "parser_output_too_large", "limit of 1 MiB").await;
    app.abandon().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_whose_attachment_takes_its_parser_down_is_read_without_it() {
    let app = limited(&[("parser.memory_mb", "40")]).await;
    let base = app.client.knowledge_base("base").await;
    let attached = String::from_utf8(large_page()).unwrap();
    let mail = |page: &str| {
        format!(
            "From: a@a.example\r\nSubject: Offer\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n\r\nIt burns for 36 hours.\r\n--x\r\n\
             Content-Type: text/html; name=page.html\r\nContent-Disposition: attachment; filename=page.html\r\n\r\n{page}\r\n--x--\r\n"
        )
    };
    for (page, expected) in [
        (attached.as_str(), "reading the attachments of this message failed"),
        ("<p>Keep it dry.</p>", "Keep it dry."),
    ] {
        let job = ingest(&app, &base, "offer.eml", None, mail(page).as_bytes()).await;
        assert_eq!(job["state"], "succeeded", "{job}");
        let id = job["document_id"].as_str().unwrap();
        let chunks = app.client.get(&format!("/v1/documents/{id}/chunks")).await.text;
        assert!(
            chunks.contains("It burns for 36 hours.") && chunks.contains(expected),
            "{chunks}"
        );
    }
    app.abandon().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn hostile_documents_end_with_a_sentence_and_the_worker_goes_on() {
    let app = limited(&[("parser.memory_mb", "256"), ("parser.timeout_ms", "20000")]).await;
    let base = app.client.knowledge_base("base").await;
    let deep = "<div>".repeat(200_000);
    let word = bomb("[Content_Types].xml", "word/document.xml");
    let excel = bomb("[Content_Types].xml", "xl/workbook.xml");
    for (name, bytes) in [
        ("deep.html", deep.as_bytes()),
        ("bomb.docx", &word),
        ("bomb.xlsx", &excel),
        ("cut.docx", word.get(..word.len() / 2).unwrap()),
        ("deep.json", "[".repeat(1_000_000).as_bytes()),
    ] {
        let job = ingest(&app, &base, name, None, bytes).await;
        assert_eq!(
            (&job["state"], &job["attempt"]),
            (&json!("dead"), &json!(1)),
            "{name} {job}"
        );
        assert!(message(&job).trim_end().ends_with('.'), "{name} {job}");
        assert_ne!(code(&job), "parser_crashed", "{name} {job}");
    }
    let small = ingest(&app, &base, "small.md", None, b"It burns for 36 hours.").await;
    assert_eq!(small["state"], "succeeded", "{small}");
    app.abandon().await;
}

/// An archive whose second file unpacks to a gigabyte of spaces.
fn bomb(first: &str, second: &str) -> Vec<u8> {
    let mut archive = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Deflated);
    archive.start_file(first, options).unwrap();
    archive
        .write_all(b"<Types xmlns=\"http://schemas.openxmlformats.org/package/2006/content-types\"/>")
        .unwrap();
    archive.start_file(second, options).unwrap();
    archive.write_all(b"<a>").unwrap();
    let spaces = vec![b' '; 1 << 20];
    for _ in 0..1024 {
        archive.write_all(&spaces).unwrap();
    }
    archive.finish().unwrap().into_inner()
}
