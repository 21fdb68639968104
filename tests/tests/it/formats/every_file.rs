//! Every file of the evaluation data ends ingested, or with an error that says why.
use super::support::{code, message};
use futures::{StreamExt, stream};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tests::{TestApp, evaluation_data};

/// By extension: the share of the files that must be ingested, those that are listed below aside.
const SHARES: &[(&str, f64)] = &[
    ("md", 1.0),
    ("html", 1.0),
    ("txt", 1.0),
    ("docx", 1.0),
    ("pptx", 1.0),
    ("xlsx", 1.0),
    ("xlsm", 1.0),
    ("xls", 1.0),
    ("ods", 1.0),
    ("csv", 1.0),
    ("tsv", 1.0),
    ("pdf", 1.0),
    ("eml", 1.0),
    ("json", 1.0),
    ("ndjson", 1.0),
    // Text of no format of ours, which is read as it stands.
    ("rst", 1.0),
    ("org", 1.0),
];

/// Files that cannot be ingested, by the end of their path, and the code that says so.
const EXCEPTIONS: &[(&str, &str)] = &[
    (
        "expected_outputs/MEDRPT-2024-PAT-3847_medical_report_scan.md",
        "invalid",
    ),
    ("unstructured/empty.txt", "invalid"),
    ("unstructured/eml/empty.eml", "invalid"),
    ("unstructured/fake-text-all-whitespace.txt", "invalid"),
    ("unstructured/password_protected.xlsx", "encrypted"),
    ("pdf_password/sources/2206.01062_pg3.pdf", "encrypted"),
    // Without their last bracket.
    ("json_dots/sources/dots_list.json", "damaged"),
    ("json_dots/sources/dots_simple.json", "damaged"),
    ("unstructured/empty.xlsx", "no_text"),
    ("MEDRPT-2024-PAT-3847_medical_report_scan.pdf", "no_text_layer"),
    ("eml/fake-encrypted.eml", "encrypted"),
];

/// By extension: what is never ingested, and its code.
const NEVER: &[(&str, &str)] = &[
    ("doc", "unsupported_format"),
    ("msg", "unsupported_format"),
    ("odt", "unsupported_format"),
    ("odp", "unsupported_format"),
    ("epub", "unsupported_format"),
    ("rtf", "unsupported_format"),
    ("bin", "unsupported_format"),
    // Pictures, in a base whose model reads none.
    ("png", "images_not_read"),
    ("jpg", "images_not_read"),
    ("jpeg", "images_not_read"),
    ("gif", "images_not_read"),
    ("webp", "images_not_read"),
];

/// Named as what is never ingested, and something else by its bytes.
const MISNAMED: &[&str] = &["language-docs/eng_spa_mult.doc"];

/// The codes that a document may end with.
const CODES: &[&str] = &[
    "contains_nul",
    "damaged",
    "encrypted",
    "format_mismatch",
    "images_not_read",
    "invalid",
    "invalid_encoding",
    "invalid_utf8",
    "no_text",
    "no_text_layer",
    "too_complex",
    "too_deep",
    "too_large",
    "unsupported_format",
];

/// `None` when it was ingested, else the code and the sentence.
type Ended = Option<(String, String)>;

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => files(&path, found),
            false => found.push(path),
        }
    }
}

async fn ingest(app: &TestApp, base: &str, path: &Path) -> Ended {
    let name = path.file_name().unwrap().to_string_lossy();
    let sent = app
        .client
        .upload(base, &name, None, &std::fs::read(path).unwrap())
        .await;
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    if sent.status.as_u16() != 202 {
        let error = &sent.body["errors"][0];
        return Some((
            text(&sent.body["code"]),
            format!("{} {}.", text(&error["field"]), text(&error["message"])),
        ));
    }
    let id = sent.body["id"].as_str().unwrap();
    let job = app.client.ended_within(id, Duration::from_secs(300)).await;
    (job["state"] != "succeeded").then(|| (code(&job).to_owned(), message(&job).to_owned()))
}

#[tokio::test(flavor = "multi_thread")]
async fn every_file_ends_ingested_or_with_an_error_that_says_why() {
    let Some(root) = evaluation_data("files") else {
        return;
    };
    let mut paths = Vec::new();
    files(&root, &mut paths);
    paths.sort();
    assert!(paths.len() > 300, "{} files", paths.len());
    let app = TestApp::start().await;
    let base = app.client.knowledge_base("base").await;
    let ended: Vec<(PathBuf, Ended)> = stream::iter(paths)
        .map(|path| {
            let (app, base) = (&app, &base);
            async move {
                let ended = ingest(app, base, &path).await;
                (path, ended)
            }
        })
        .buffered(4)
        .collect()
        .await;
    let mut wrong = Vec::new();
    let mut shares: BTreeMap<String, (usize, usize)> = BTreeMap::new();
    for (path, ended) in &ended {
        let shown = path.strip_prefix(&root).unwrap().display().to_string();
        let extension = path
            .extension()
            .unwrap_or_default()
            .to_string_lossy()
            .to_ascii_lowercase();
        let expected = EXCEPTIONS
            .iter()
            .find(|(end, _)| shown.ends_with(end))
            .or_else(|| NEVER.iter().find(|(never, _)| *never == extension))
            .filter(|_| !MISNAMED.iter().any(|end| shown.ends_with(end)));
        if let Some((code, sentence)) = ended {
            eprintln!("{shown}: {code}: {sentence}");
            if !CODES.contains(&code.as_str()) || !sentence.trim_end().ends_with('.') || sentence.len() < 20 {
                wrong.push(format!("{shown}: {code}: {sentence}"));
            }
        }
        match (expected, ended) {
            (Some((_, expected)), Some((code, _))) if code == expected => {}
            (Some((_, expected)), ended) => wrong.push(format!("{shown}: {expected} was expected, not {ended:?}")),
            (None, ended) => {
                let share = shares.entry(extension).or_default();
                share.0 += usize::from(ended.is_none());
                share.1 += 1;
            }
        }
    }
    eprintln!("ingested, by extension, of those that can be:");
    for (extension, (ingested, all)) in &shares {
        eprintln!("  {extension:8} {ingested:3} of {all:3}");
    }
    let ingested = ended.iter().filter(|(_, ended)| ended.is_none()).count();
    eprintln!("  all      {ingested:3} of {:3}", ended.len());
    for (extension, least) in SHARES {
        let (ingested, all) = shares.get(*extension).copied().unwrap_or_default();
        let enough = ingested as f64 >= least * all as f64;
        if !enough {
            wrong.push(format!(
                "{extension}: {ingested} of {all} ingested, and {least} is the least share"
            ));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    app.abandon().await;
}
