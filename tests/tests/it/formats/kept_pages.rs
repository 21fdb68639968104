//! A page that was read is not read again by another attempt. The program in Tesseract's place hangs on the second page until a file `well` is there, and from then on dies of
//! the first: whoever reads that again leaves it without text.
use super::pictures_inside::office_writer::eml;
use super::recognition::{HALF, Installed, TENTH, pdf_writer::PdfWriter};
use super::support::parse_detail;
use serde_json::{Value, json};
use std::time::Duration;
use tests::eventually;

const BEHAVIOUR: &str = r#"well = os.path.exists(os.path.dirname(sys.argv[0]) + "/well")
if black == 10 and not well: time.sleep(600)
if black == 50 and well: os.kill(os.getpid(), 11)"#;

async fn kept(installed: &Installed) -> i64 {
    installed.app.count("SELECT count(*) FROM recognised_pages").await
}

/// A document of two pages whose job was cancelled when the first had been read.
async fn half_read() -> (Installed, Value) {
    half_read_as("scan.pdf", &scan()).await
}

fn scan() -> Vec<u8> {
    PdfWriter::default().page(HALF).page(TENTH).finish()
}

async fn half_read_as(name: &str, bytes: &[u8]) -> (Installed, Value) {
    let installed = Installed::behaving(BEHAVIOUR, &[("recognition.page_timeout_ms", "600000")]).await;
    let sent = installed.app.client.upload(&installed.base, name, None, bytes).await;
    eventually("a page is kept", Duration::from_secs(30), async || {
        kept(&installed).await == 1
    })
    .await;
    let cancel = format!("/v1/jobs/{}/cancel", sent.body["id"].as_str().unwrap());
    installed.app.client.post(&cancel, json!({})).await;
    let cancelled = installed.app.client.ended(sent.body["id"].as_str().unwrap()).await;
    assert_eq!(cancelled["state"], "cancelled", "{cancelled}");
    std::fs::write(installed.folder.path().join("well"), "").unwrap();
    (installed, cancelled)
}

/// Which pages were read, once the job has been taken up again, and which were not.
async fn retried(installed: &Installed, job: &Value) -> [Value; 2] {
    let detail = detail_of_retry(installed, job).await;
    [&detail["pages_recognised"], &detail["pages_without_text"]].map(Value::clone)
}

async fn detail_of_retry(installed: &Installed, job: &Value) -> Value {
    let id = job["id"].as_str().unwrap();
    let retry = format!("/v1/jobs/{id}/retry");
    let queued = installed.app.client.post(&retry, Value::Null).await;
    assert_eq!(queued.status.as_u16(), 202, "{}", queued.text);
    let ended = installed.app.client.ended_within(id, Duration::from_secs(60)).await;
    assert_eq!(ended["state"], "succeeded", "{ended}");
    parse_detail(&installed.app, &ended).await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_ingest_that_is_taken_up_again_reads_the_other_pages_only() {
    let (installed, job) = half_read().await;
    assert_eq!(retried(&installed, &job).await, [json!([1, 2]), Value::Null]);
    let text = installed.texts(&job).await.replace('\n', " ");
    let expected = ["saw 50 percent", "saw 10 percent"].map(|part| text.find(part));
    assert!(
        expected.iter().all(Option::is_some) && expected.is_sorted(),
        "{expected:?} in {text}"
    );
    assert_eq!(kept(&installed).await, 0, "its chunks have the text now");
    installed.app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_is_taken_up_again_keeps_what_was_read_of_its_attachments() {
    let mail = eml("See below.", &[("application/pdf", "scan.pdf", &scan())]);
    let (installed, job) = half_read_as("mail.eml", &mail).await;
    let detail = detail_of_retry(&installed, &job).await;
    assert_eq!(
        (&detail["pictures_recognised"], &detail["pictures_not_read"]),
        (&json!(2), &Value::Null),
        "{detail}"
    );
    assert_eq!(kept(&installed).await, 0, "its chunks have the text now");
    installed.app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_was_read_in_other_languages_is_read_again() {
    let (installed, job) = half_read().await;
    installed
        .app
        .execute("UPDATE recognised_pages SET languages = 'deu+spa'")
        .await;
    assert_eq!(retried(&installed, &job).await, [json!([2]), json!([1])]);
    assert_eq!(kept(&installed).await, 0);
    installed.app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn deleting_the_document_deletes_the_pages_that_were_read() {
    let (installed, job) = half_read().await;
    let document = format!("/v1/documents/{}", job["document_id"].as_str().unwrap());
    let deletion = installed.app.client.delete(&document).await;
    assert_eq!(deletion.status.as_u16(), 202, "{}", deletion.text);
    installed.app.client.ended(deletion.body["id"].as_str().unwrap()).await;
    assert_eq!(kept(&installed).await, 0);
    installed.app.abandon().await;
}
