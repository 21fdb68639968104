//! Pages of PDFs that are pictures: drawn, read by Tesseract where it is installed, and found. Most of these tests have a program of their own in Tesseract's
//! place, which is called as Tesseract is and answers as it does; the last one asks Tesseract itself.
#[path = "../../../../documents/tests/pdf_writer/mod.rs"]
pub(super) mod pdf_writer;

use super::support::{code, ingest, message, parse_detail};
use pdf_writer::{PdfWriter, lines};
use serde_json::{Value, json};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::{Duration, Instant};
use tempfile::TempDir;
use tests::{Process, TestApp, TestOptions, evaluation_data, eventually, grey_png};

/// Says how it was called and what it saw: of a page the share of black, in percent. `BEHAVIOUR` is what it does between looking and answering.
const TESSERACT: &str = r#"#!/usr/bin/env python3
import os, sys, time
if sys.argv[1:] == ["--list-langs"]:
    print('List of available languages in "/usr/share/tessdata/" (4):')
    print("LANGUAGES")
    sys.exit()
assert sys.argv[1:3] == ["stdin", "stdout"] and sys.argv[-2:] == ["-c", "tessedit_create_hocr=1"], sys.argv
kind, size, depth, grey = sys.stdin.buffer.read().split(b"\n", 3)
width, height = map(int, size.split())
assert kind == b"P5" and depth == b"255" and len(grey) == width * height, (kind, size, depth, len(grey))
black = round(100 * grey.count(0) / len(grey))
BEHAVIOUR
words = f"Asked with {' '.join(sys.argv[3:-2])} and {sorted(os.environ)} saw {black} percent".split()
print('<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Transitional//EN">\n<html xmlns="http://www.w3.org/1999/xhtml"><body>')
print(f"<div class='ocr_page' title='image \"stdin\"; bbox 0 0 {width} {height}; ppageno 0; scan_res 300 300'>")
for row, word in enumerate(words):
    top = 900 + 60 * row
    print(f"<span class='ocr_line' title='bbox 200 {top} 600 {top + 42}; baseline 0 -9; x_size 42; x_descenders 9; x_ascenders 9'><span class='ocrx_word' title='bbox 200 {top} 600 {top + 42}; x_wconf 91'>{word}</span></span>")
print("</div></body></html>")
"#;

/// Half of the page, and a tenth of it, is black.
pub(super) const HALF: &str = "0 g 0 0 306 792 re f\n";
pub(super) const TENTH: &str = "0 g 0 0 612 79.2 re f\n";

pub(super) struct Installed {
    pub(super) app: TestApp,
    pub(super) base: String,
    pub(super) folder: TempDir,
}

impl Installed {
    /// The whole system, with `program` in Tesseract's place.
    async fn with(program: &str, settings: &[(&'static str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("tesseract");
        std::fs::write(&path, program).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        let app = TestApp::start_with(TestOptions {
            settings: recognising(&path, settings),
            ..TestOptions::default()
        })
        .await;
        let german = json!({"name": "base", "language": "de"});
        let made = app.client.post("/v1/knowledge-bases", german).await;
        let base = made.body["id"].as_str().unwrap().to_owned();
        Self { app, base, folder }
    }

    pub(super) async fn behaving(behaviour: &str, settings: &[(&'static str, &str)]) -> Self {
        let program = TESSERACT.replace("LANGUAGES", "deu\\neng\\nosd\\nspa");
        Self::with(&program.replace("BEHAVIOUR", behaviour), settings).await
    }

    pub(super) async fn ingest(&self, name: &str, pdf: &[u8]) -> Value {
        ingest(&self.app, &self.base, name, None, pdf).await
    }

    /// The texts of its chunks.
    pub(super) async fn texts(&self, job: &Value) -> String {
        let id = job["document_id"].as_str().unwrap();
        let chunks = self.app.client.get(&format!("/v1/documents/{id}/chunks")).await;
        let chunks = chunks.body["data"].as_array().unwrap().clone();
        let texts: Vec<&str> = chunks.iter().map(|chunk| chunk["text"].as_str().unwrap()).collect();
        texts.join("\n")
    }
}

fn recognising(program: &Path, more: &[(&'static str, &str)]) -> Vec<(&'static str, String)> {
    let mut settings = vec![
        ("recognition.mode", "auto".to_owned()),
        ("recognition.program", program.display().to_string()),
    ];
    settings.extend(more.iter().map(|(key, value)| (*key, (*value).to_owned())));
    settings
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_that_are_pictures_are_read_in_the_language_of_their_base() {
    let installed = Installed::behaving("", &[("recognition.languages", "[\"spa\", \"jpn\"]")]).await;
    let pdf = PdfWriter::default()
        .page(HALF)
        .page(lines(60.0, 700.0, &["This page has text."]))
        .page(TENTH);
    let job = installed.ingest("scan.pdf", &pdf.finish()).await;
    assert_eq!(job["state"], "succeeded", "{job}");
    let text = installed.texts(&job).await.replace('\n', " ");
    // Nothing of the worker's environment, the base's language and the settings', lines that are turned, 300 dots an inch.
    let told = |percent: u32| {
        format!("Asked with -l deu+spa --psm 1 --dpi 300 and ['LC_CTYPE', 'OMP_THREAD_LIMIT'] saw {percent} percent")
    };
    let expected = [told(50).as_str(), "This page has text.", told(10).as_str()].map(|part| text.find(part));
    assert!(
        expected.iter().all(Option::is_some) && expected.is_sorted(),
        "{expected:?} in {text}"
    );
    let detail = parse_detail(&installed.app, &job).await;
    let told = [
        "pages",
        "pages_recognised",
        "recognition_certainty",
        "pages_without_text",
    ]
    .map(|name| &detail[name]);
    assert_eq!(told, [&json!(3), &json!([1, 3]), &json!(91), &Value::Null], "{detail}");
    let asked = json!({"knowledge_base_ids": [installed.base], "query": "saw 10 percent"});
    let found = installed.app.client.search(asked).await;
    assert!(found.to_string().contains("10 percent"), "{found}");
    installed.app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_cannot_be_read_stays_without_text_and_the_others_are_read() {
    let installed = Installed::behaving("if black == 10: os.kill(os.getpid(), 11)", &[]).await;
    let pdf = PdfWriter::default().page(TENTH).page(HALF);
    let job = installed.ingest("scan.pdf", &pdf.finish()).await;
    assert_eq!(job["state"], "succeeded", "{job}");
    let metadata = parse_detail(&installed.app, &job).await;
    assert_eq!(
        (&metadata["pages_recognised"], &metadata["pages_without_text"]),
        (&json!([2]), &json!([1])),
        "{metadata}"
    );
    installed.app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn more_pages_than_the_limit_stay_without_text() {
    let installed = Installed::behaving("", &[("recognition.pages_max", "1")]).await;
    let pdf = PdfWriter::default().page(HALF).page(TENTH);
    let job = installed.ingest("scan.pdf", &pdf.finish()).await;
    let metadata = parse_detail(&installed.app, &job).await;
    assert_eq!(metadata["pages_recognised"], json!([1]), "{job} {metadata}");
    assert_eq!(metadata["pages_without_text"], json!([2]), "{metadata}");
    installed.app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_that_are_not_drawn_in_time_stay_without_text() {
    let installed = Installed::behaving("", &[("recognition.drawing_timeout_ms", "1")]).await;
    let pdf = PdfWriter::default().page(HALF).page(TENTH).page(HALF);
    let job = installed.ingest("scan.pdf", &pdf.finish()).await;
    let metadata = parse_detail(&installed.app, &job).await;
    assert_eq!(metadata["pages_recognised"], json!([1]), "{job} {metadata}");
    assert_eq!(metadata["pages_without_text"], json!([2, 3]), "{metadata}");
    installed.app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recogniser_that_fails_on_every_page_ends_the_document_at_once() {
    for (behaviour, settings, expected, says) in [
        ("os.kill(os.getpid(), 11)", vec![], "recognition_failed", "signal 11"),
        (
            "sys.exit('Image too small to scale!!')",
            vec![],
            "recognition_failed",
            "Image too small",
        ),
        (
            "time.sleep(600)",
            vec![("recognition.page_timeout_ms", "1500")],
            "recognition_failed",
            "took too long",
        ),
        (
            "print('x' * 20_000_000)",
            vec![],
            "recognition_failed",
            "more than a page can hold",
        ),
        (
            "hog = bytes(800 << 20)",
            vec![("recognition.memory_mb", "300")],
            "recognition_failed",
            "MemoryError",
        ),
        ("sys.exit()", vec![], "no_text_layer", "found no words"),
        (
            "print('<html><nonsense'); sys.exit()",
            vec![],
            "no_text_layer",
            "found no words",
        ),
    ] {
        let installed = Installed::behaving(behaviour, &settings).await;
        let start = Instant::now();
        let job = installed
            .ingest("scan.pdf", &PdfWriter::default().page(HALF).finish())
            .await;
        assert_eq!(
            (&job["state"], code(&job), &job["attempt"]),
            (&json!("dead"), expected, &json!(1)),
            "{behaviour}: {job}"
        );
        assert!(message(&job).contains(says), "{behaviour}: {}", message(&job));
        assert!(
            start.elapsed() < Duration::from_secs(60),
            "{behaviour}: {:?}",
            start.elapsed()
        );
        installed.app.abandon().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_document_with_text_is_read_though_the_recogniser_fails_on_all_its_pictures() {
    let installed = Installed::behaving("os.kill(os.getpid(), 11)", &[]).await;
    let pdf = PdfWriter::default()
        .page(HALF)
        .page(lines(60.0, 700.0, &["This page has text."]));
    let job = installed.ingest("scan.pdf", &pdf.finish()).await;
    assert_eq!(job["state"], "succeeded", "{job}");
    assert_eq!(installed.texts(&job).await, "This page has text.");
    let metadata = parse_detail(&installed.app, &job).await;
    assert_eq!(metadata["pages_without_text"], json!([1]), "{metadata}");
    installed.app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_is_cancelled_takes_its_recogniser_with_it() {
    let installed = Installed::behaving("time.sleep(600)", &[("recognition.page_timeout_ms", "600000")]).await;
    let pdf = PdfWriter::default().page(HALF).page(TENTH).finish();
    let sent = installed
        .app
        .client
        .upload(&installed.base, "scan.pdf", None, &pdf)
        .await;
    let id = sent.body["id"].as_str().unwrap().to_owned();
    let program = installed.folder.path().join("tesseract").display().to_string();
    let runs = || {
        let running = std::fs::read_dir("/proc").unwrap().flatten().filter(|entry| {
            let line = std::fs::read_to_string(entry.path().join("cmdline")).unwrap_or_default();
            line.contains(&program)
        });
        running.count()
    };
    eventually("it reads a page", Duration::from_secs(30), async || runs() == 1).await;
    let path = format!("/v1/jobs/{id}");
    eventually("it says how far it is", Duration::from_secs(10), async || {
        let progress = installed.app.client.get(&path).await.body["progress"].clone();
        (&progress["done"], &progress["total"]) == (&json!(0), &json!(2))
    })
    .await;
    installed
        .app
        .client
        .post(&format!("/v1/jobs/{id}/cancel"), json!({}))
        .await;
    assert_eq!(installed.app.client.ended(&id).await["state"], "cancelled");
    eventually("its process is gone", Duration::from_secs(10), async || runs() == 0).await;
    installed.app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recogniser_that_cannot_be_used_makes_the_job_wait() {
    let without_data = TESSERACT
        .replace("    print(\"LANGUAGES\")\n", "")
        .replace("BEHAVIOUR", "");
    for (program, says) in [
        (without_data.as_str(), "has no language data"),
        ("No program\n", "not found"),
        (
            "#!/bin/sh\necho 'cannot open shared object file' >&2; exit 127\n",
            "shared object",
        ),
    ] {
        let installed = Installed::with(program, &[]).await;
        let pdf = PdfWriter::default().page(HALF).finish();
        let sent = installed
            .app
            .client
            .upload(&installed.base, "scan.pdf", None, &pdf)
            .await;
        let path = format!("/v1/jobs/{}", sent.body["id"].as_str().unwrap());
        eventually("the job is to be tried again", Duration::from_secs(30), async || {
            installed.app.client.get(&path).await.body["state"] == "retryable"
        })
        .await;
        let job = installed.app.client.get(&path).await.body;
        assert_eq!(code(&job), "recogniser_unavailable", "{job}");
        assert!(message(&job).contains(says), "{}", message(&job));
        installed.app.abandon().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_recogniser_the_document_says_what_to_do() {
    let settings = recognising(Path::new("/nowhere/tesseract"), &[]);
    let app = TestApp::start_with(TestOptions {
        settings,
        ..TestOptions::default()
    })
    .await;
    let base = app.client.knowledge_base("base").await;
    let job = ingest(&app, &base, "scan.pdf", None, &PdfWriter::default().page(HALF).finish()).await;
    assert_eq!(code(&job), "no_text_layer", "{job}");
    assert!(
        message(&job).contains("Run text recognition (OCR) over it"),
        "{}",
        message(&job)
    );
    app.abandon().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_picture_is_read_in_a_base_whose_model_looks_at_none() {
    let installed = Installed::behaving("if black == 0: sys.exit()", &[]).await;
    let half: Vec<u8> = (0..1200 * 1500)
        .map(|at| if at % 1200 < 600 { 0 } else { 255 })
        .collect();
    let job = installed.ingest("screen.png", &grey_png(1200, &half)).await;
    assert_eq!(job["state"], "succeeded", "{job}");
    let text = installed.texts(&job).await.replace('\n', " ");
    assert!(
        text.contains("Asked with -l deu --psm 1") && text.contains("saw 50 percent"),
        "{text}"
    );
    let detail = parse_detail(&installed.app, &job).await;
    assert_eq!(
        (&detail["format"], &detail["recognition_certainty"]),
        (&json!("png"), &json!(91)),
        "{detail}"
    );

    let empty = installed.ingest("empty.png", &grey_png(1200, &[255; 1200 * 300])).await;
    assert_eq!(code(&empty), "images_not_read", "{empty}");
    let damaged = grey_png(1200, &half);
    let damaged = installed
        .ingest("damaged.png", damaged.get(..damaged.len() - 40).unwrap())
        .await;
    assert_eq!(code(&damaged), "damaged", "{damaged}");
    installed.app.abandon().await;
}

/// By Tesseract itself, where it is installed.
pub(super) async fn with_tesseract() -> Option<TestApp> {
    let tesseract = Path::new("/usr/bin/tesseract");
    if !tesseract.exists() {
        eprintln!(
            "skipped: {} is not there (Debian: apt-get install tesseract-ocr)",
            tesseract.display()
        );
        return None;
    }
    let options = TestOptions {
        settings: recognising(tesseract, &[]),
        ..TestOptions::default()
    };
    Some(TestApp::start_with(options).await)
}

pub(super) async fn shown(app: &TestApp, job: &Value) -> String {
    assert_eq!(job["state"], "succeeded", "{job}");
    let environment = [
        ("VISUALKIT_URL", app.client.url.as_str()),
        ("VISUALKIT_API_KEY", app.client.key.as_deref().unwrap()),
    ];
    let id = job["document_id"].as_str().unwrap();
    Process::run(&["documents", "show", id, "--chunks"], &environment)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_screenshot_is_read_by_tesseract() {
    let Some(app) = with_tesseract().await else { return };
    let page = lines(
        60.0,
        700.0,
        &["The lantern burns for 36 hours.", "Keep it dry and away from children."],
    );
    let drawn = documents::draw(&PdfWriter::default().page(page).finish(), documents::Format::Pdf, 1).unwrap();
    let base = app.client.knowledge_base("base").await;
    let job = ingest(&app, &base, "screen.png", None, &grey_png(drawn.width, &drawn.grey)).await;
    let told = shown(&app, &job).await;
    assert!(
        told.contains("The lantern burns for 36 hours. Keep it dry and away from children."),
        "{told}"
    );
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scan_is_read_by_tesseract() {
    let Some(files) = evaluation_data("files") else { return };
    let Some(app) = with_tesseract().await else { return };
    let scan = files.join("connector-samples/markitdown/MEDRPT-2024-PAT-3847_medical_report_scan.pdf");
    let base = app.client.knowledge_base("base").await;
    let job = ingest(&app, &base, "scan.pdf", None, &std::fs::read(scan).unwrap()).await;
    let told = shown(&app, &job).await;
    for expected in [
        "pages_recognised: [",
        "Heart Rate | 78 bpm | 60-100 bpm | NORMAL",
        "CHIEF COMPLAINT",
        "Metformin 500mg - twice daily for diabetes",
        "Normal CT head examination. No acute intracranial pathology identified.",
    ] {
        assert!(told.contains(expected), "{expected} is not in {told}");
    }
    app.finish().await;
}
