//! Pictures inside Office files and messages, and scans attached to messages: read where text recognition is installed, and told of where it is not. But for the last test a program stands
//! in Tesseract's place that says what share of a picture is black.
#[path = "../../../../documents/tests/office_writer/mod.rs"]
pub(super) mod office_writer;

use super::recognition::pdf_writer::{PdfWriter, lines};
use super::recognition::{HALF, Installed, TENTH, shown, with_tesseract};
use super::support::{code, ingest, message, parse_detail};
use office_writer::Piece::{Picture, Text};
use office_writer::{docx, eml, pptx, xlsx};
use serde_json::{Value, json};
use tests::{TestApp, TestOptions, grey_png};

/// Leaves a file for each page that it reads.
const COUNTED: &str = r#"open(os.path.join(os.path.dirname(sys.argv[0]), f"read-{os.getpid()}"), "w")"#;

/// A picture as large as a screen, of which so many percent are black.
fn black(percent: usize) -> Vec<u8> {
    let row = (0..1_200).map(|at| if at < 12 * percent { 0 } else { 255 });
    let rows: Vec<u8> = row.cycle().take(1_200 * 1_500).collect();
    grey_png(1_200, &rows)
}

fn counts(detail: &Value) -> [Value; 3] {
    ["pictures_recognised", "pictures_not_read", "recognition_certainty"].map(|name| detail[name].clone())
}

#[tokio::test(flavor = "multi_thread")]
async fn pictures_in_documents_are_read_once_and_where_they_stand() {
    let installed = Installed::behaving(COUNTED, &[]).await;
    let (half, tenth, logo) = (black(50), black(10), grey_png(64, &[0; 64 * 64]));
    let pieces = [
        Text("Before."),
        Picture(0),
        Text("Between."),
        Picture(1),
        Picture(2),
        Picture(0),
        Text("After."),
    ];
    for (name, file) in [
        ("manual.docx", docx(&pieces, &[&half, &tenth, &logo])),
        ("slides.pptx", pptx("Plan", &pieces, &[&half, &tenth, &logo])),
    ] {
        let before = reads(&installed);
        let job = installed.ingest(name, &file).await;
        assert_eq!(job["state"], "succeeded", "{job}");
        let text = installed.texts(&job).await.replace('\n', " ");
        let order = ["Before.", "saw 50 percent", "Between.", "saw 10 percent", "After."];
        let found: Vec<Option<usize>> = order.iter().map(|part| text.find(part)).collect();
        assert!(
            found.iter().all(Option::is_some) && found.is_sorted(),
            "{found:?} in {text}"
        );
        assert_eq!(reads(&installed) - before, 2, "{name}");
        let detail = parse_detail(&installed.app, &job).await;
        assert_eq!(counts(&detail), [json!(2), Value::Null, json!(91)], "{name}: {detail}");
    }
    let job = installed.ingest("plan.xlsx", &xlsx(Some("Cell"), &[&half])).await;
    let text = installed.texts(&job).await.replace('\n', " ");
    assert!(text.contains("Cell") && text.contains("saw 50 percent"), "{text}");
    installed.app.finish().await;
}

fn reads(installed: &Installed) -> usize {
    let entries = std::fs::read_dir(installed.folder.path()).unwrap().flatten();
    entries
        .filter(|entry| entry.file_name().to_string_lossy().starts_with("read-"))
        .count()
}

#[tokio::test(flavor = "multi_thread")]
async fn scans_and_pictures_attached_to_a_message_are_read() {
    let installed = Installed::behaving("", &[]).await;
    let scan = PdfWriter::default()
        .page(lines(60.0, 700.0, &["The contract begins here."]))
        .page(HALF)
        .finish();
    let notes = docx(&[Text("Notes."), Picture(0)], &[&black(30)]);
    let mail = eml(
        "See below.",
        &[
            ("application/pdf", "scan.pdf", &scan),
            ("image/png", "screen.png", &black(20)),
            ("application/octet-stream", "notes.docx", &notes),
        ],
    );
    let job = installed.ingest("papers.eml", &mail).await;
    assert_eq!(job["state"], "succeeded", "{job}");
    let text = installed.texts(&job).await.replace('\n', " ");
    let order = [
        "The contract begins here.",
        "saw 50 percent",
        "saw 20 percent",
        "Notes.",
        "saw 30 percent",
    ];
    let found: Vec<Option<usize>> = order.iter().map(|part| text.find(part)).collect();
    assert!(
        found.iter().all(Option::is_some) && found.is_sorted(),
        "{found:?} in {text}"
    );
    assert!(!text.contains("not read"), "{text}");
    let detail = parse_detail(&installed.app, &job).await;
    assert_eq!(counts(&detail), [json!(3), Value::Null, json!(91)], "{detail}");
    let asked = json!({"knowledge_base_ids": [installed.base], "query": "saw 20 percent"});
    let found = installed.app.client.search(asked).await;
    assert!(found.to_string().contains("screen.png"), "{found}");
    installed.app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pictures_that_fail_or_are_too_many_are_counted() {
    let installed = Installed::behaving(
        "if black == 10: os.kill(os.getpid(), 11)",
        &[("recognition.pages_max", "2")],
    )
    .await;
    let pictures = [black(10), black(50), black(70)];
    let pictures: Vec<&[u8]> = pictures.iter().map(Vec::as_slice).collect();
    let file = docx(&[Text("Words."), Picture(0), Picture(1), Picture(2)], &pictures);
    let job = installed.ingest("manual.docx", &file).await;
    assert_eq!(job["state"], "succeeded", "{job}");
    let detail = parse_detail(&installed.app, &job).await;
    assert_eq!(counts(&detail), [json!(1), json!(2), json!(91)], "{detail}");
    installed.app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_recogniser_a_document_says_how_many_pictures_were_not_read() {
    let app = TestApp::start_with(TestOptions::default()).await;
    let base = app.client.knowledge_base("base").await;
    let file = docx(&[Text("Words."), Picture(0), Picture(1)], &[&black(10), &black(50)]);
    let job = ingest(&app, &base, "manual.docx", None, &file).await;
    assert_eq!(job["state"], "succeeded", "{job}");
    let detail = parse_detail(&app, &job).await;
    assert_eq!(counts(&detail), [Value::Null, json!(2), Value::Null], "{detail}");
    let scanned = docx(&[Picture(0)], &[&black(10)]);
    let job = ingest(&app, &base, "scan.docx", None, &scanned).await;
    assert_eq!((code(&job), &job["attempt"]), ("no_text_layer", &json!(1)), "{job}");
    assert!(message(&job).contains("pictures, 1 of which"), "{}", message(&job));
    app.abandon().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_screenshot_in_a_document_is_read_by_tesseract() {
    let Some(app) = with_tesseract().await else { return };
    let page = lines(
        60.0,
        700.0,
        &["The lantern burns for 36 hours.", "Keep it dry and away from children."],
    );
    let drawn = documents::draw(&PdfWriter::default().page(page).finish(), documents::Format::Pdf, 1).unwrap();
    let screen = grey_png(drawn.width, &drawn.grey);
    let scan = PdfWriter::default().page(TENTH).finish();
    let base = app.client.knowledge_base("base").await;
    let manual = docx(&[Text("About the lantern."), Picture(0)], &[&screen]);
    let attached: [(&str, &str, &[u8]); 2] = [
        ("application/octet-stream", "manual.docx", &manual),
        ("application/pdf", "scan.pdf", &scan),
    ];
    for (name, file) in [
        ("manual.docx", manual.clone()),
        ("mail.eml", eml("See below.", &attached)),
    ] {
        let told = shown(&app, &ingest(&app, &base, name, None, &file).await).await;
        for expected in [
            "About the lantern.",
            "The lantern burns for 36 hours. Keep it dry and away from children.",
        ] {
            assert!(told.contains(expected), "{name}: {expected} is not in {told}");
        }
    }
    app.finish().await;
}
