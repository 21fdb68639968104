//! Every file of the evaluation data ends ingested, or with an error that says why. What is ingested of each format stands in docs/RETRIEVAL.md as it is found here.
use super::support::{code, message};
use futures::{StreamExt, stream};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tests::{TestApp, evaluation_data, workspace_root};

/// The formats that are read, by the extensions of their files.
const FORMATS: &[(&str, &[&str])] = &[
    ("Markdown", &["md", "mdx"]),
    ("HTML", &["html"]),
    ("plain text", &["txt", "rst", "org"]),
    ("PDF", &["pdf"]),
    ("Word", &["docx"]),
    ("PowerPoint", &["pptx"]),
    ("spreadsheets", &["xlsx", "xlsm", "xls", "ods"]),
    ("OpenDocument", &["odt", "odp"]),
    ("EPUB", &["epub"]),
    ("Rich Text", &["rtf"]),
    ("CSV", &["csv", "tsv"]),
    ("e-mail", &["eml"]),
    ("JSON", &["json", "ndjson"]),
];

/// The files of these formats that cannot be ingested: the end of their path, the code that says so, and what is the matter with them.
const REFUSED: &[(&str, &str, &str)] = &[
    (
        "expected_outputs/MEDRPT-2024-PAT-3847_medical_report_scan.md",
        "invalid",
        "it has no bytes",
    ),
    ("unstructured/empty.txt", "invalid", "it has no bytes"),
    (
        "unstructured/fake-text-all-whitespace.txt",
        "invalid",
        "nothing but white space",
    ),
    ("unstructured/eml/empty.eml", "invalid", "nothing but line ends"),
    ("eml/fake-encrypted.eml", "encrypted", "for its receiver's key"),
    ("unstructured/password_protected.xlsx", "encrypted", "with a password"),
    ("unstructured/empty.xlsx", "no_text", "no cell has anything in it"),
    (
        "pdf_password/sources/2206.01062_pg3.pdf",
        "encrypted",
        "with a password",
    ),
    (
        "MEDRPT-2024-PAT-3847_medical_report_scan.pdf",
        "no_text_layer",
        "a scan; read where text recognition is installed",
    ),
    (
        "json_dots/sources/dots_list.json",
        "damaged",
        "its last bracket is missing",
    ),
    (
        "json_dots/sources/dots_simple.json",
        "damaged",
        "its last bracket is missing",
    ),
];

/// What is of none of these formats and is never ingested, by extension, with its code.
const NEVER: &[(&str, &str)] = &[
    ("doc", "unsupported_format"),
    ("msg", "unsupported_format"),
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

/// Documentation sites, of which everything is ingested, and how many files each has at least.
const SITES: [(&str, usize); 2] = [("docs-chatwoot", 90), ("docs-plausible", 130)];

struct Ended {
    /// From the folder of the data.
    path: String,
    extension: String,
    /// When it was not ingested: the code and the sentence.
    error: Option<(String, String)>,
}

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => files(&path, found),
            false => found.push(path),
        }
    }
}

async fn error(app: &TestApp, base: &str, path: &Path) -> Option<(String, String)> {
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

/// Every file below `root`, uploaded as `curl` does it, with nothing said but its name.
async fn ingest_all(app: &TestApp, root: &Path) -> Vec<Ended> {
    let mut paths = Vec::new();
    files(root, &mut paths);
    paths.sort();
    let base = app.client.knowledge_base("base").await;
    stream::iter(paths)
        .map(|path| {
            let base = &base;
            async move {
                let extension = path.extension().unwrap_or_default().to_string_lossy();
                Ended {
                    path: path.strip_prefix(root).unwrap().display().to_string(),
                    extension: extension.to_ascii_lowercase(),
                    error: error(app, base, &path).await,
                }
            }
        })
        .buffered(4)
        .collect()
        .await
}

/// The code that the file is expected to end with, if it is not to be ingested.
fn expected(file: &Ended) -> Option<&'static str> {
    if MISNAMED.iter().any(|end| file.path.ends_with(end)) {
        return None;
    }
    let refused = REFUSED.iter().find(|(end, ..)| file.path.ends_with(end));
    let never = || NEVER.iter().find(|(extension, _)| *extension == file.extension);
    refused.map(|(_, code, _)| *code).or_else(|| Some(never()?.1))
}

/// How many were ingested of all, by format, and which were not.
fn table(files: &[Ended]) -> String {
    let mut table = "| format | ingested | of all | refused |\n|---|---|---|---|\n".to_owned();
    for (format, extensions) in FORMATS {
        let of: Vec<&Ended> = files
            .iter()
            .filter(|file| extensions.contains(&file.extension.as_str()))
            .collect();
        let refused = of.iter().filter_map(|file| {
            let (code, _) = file.error.as_ref()?;
            let why = REFUSED.iter().find(|(end, ..)| file.path.ends_with(end));
            let why = why.map_or("for no reason that is known", |(.., why)| why);
            let name = file.path.rsplit('/').next().unwrap_or_default();
            Some(format!("`{name}` ({code}: {why})"))
        });
        let refused: Vec<String> = refused.collect();
        let (all, row) = (of.len(), refused.join("; "));
        table.push_str(&format!("| {format} | {} | {all} | {row} |\n", all - refused.len()));
    }
    table
}

#[tokio::test(flavor = "multi_thread")]
async fn every_file_ends_ingested_or_with_an_error_that_says_why() {
    let Some(root) = evaluation_data("files") else {
        return;
    };
    let app = TestApp::start().await;
    let ended = ingest_all(&app, &root).await;
    assert!(ended.len() > 300, "{} files", ended.len());
    let mut wrong = Vec::new();
    for file in &ended {
        let path = &file.path;
        if let Some((code, sentence)) = &file.error {
            eprintln!("{path}: {code}: {sentence}");
            if !CODES.contains(&code.as_str()) || !sentence.trim_end().ends_with('.') || sentence.len() < 20 {
                wrong.push(format!("{path}: {code}: {sentence}"));
            }
        }
        let code = file.error.as_ref().map(|(code, _)| code.as_str());
        let mut formats = FORMATS.iter().flat_map(|(_, extensions)| *extensions);
        let is_known = expected(file).is_some() || formats.any(|extension| *extension == file.extension);
        if is_known && code != expected(file) {
            wrong.push(format!("{path}: {:?} was expected, not {code:?}", expected(file)));
        }
    }
    let table = table(&ended);
    let is_told = std::fs::read_to_string(workspace_root().join("docs/RETRIEVAL.md"))
        .unwrap()
        .contains(&table);
    let ingested = ended.iter().filter(|file| file.error.is_none()).count();
    eprintln!(
        "{table}\nof all files, of whatever format: {ingested} of {}",
        ended.len()
    );
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(is_told, "docs/RETRIEVAL.md has another table than\n{table}");
    app.abandon().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_page_of_two_documentation_sites_is_ingested() {
    for (site, least) in SITES {
        let Some(root) = evaluation_data(&format!("docs/{site}/md")) else {
            return;
        };
        let app = TestApp::start().await;
        let ended = ingest_all(&app, &root).await;
        let refused: Vec<String> = ended
            .iter()
            .filter_map(|file| Some(format!("{}: {:?}", file.path, file.error.as_ref()?)))
            .collect();
        eprintln!("{site}: {} of {} ingested", ended.len() - refused.len(), ended.len());
        assert!(ended.len() >= least, "{site}: {}", ended.len());
        assert!(refused.is_empty(), "{site}: {refused:#?}");
        app.abandon().await;
    }
}
