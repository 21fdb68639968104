//! Documents of real sites and strings made to break programs. Without the evaluation data these tests say so and pass.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "tests; a skipped test says why, and where the data is comes from the environment"
)]

use std::fs;
use std::path::{Path, PathBuf};

use documents::{BlockKind, ChunkOptions, Format, ParsedDocument, chunk, parse};

/// A folder or file of the evaluation data, or `None` with a printed reason.
fn data(relative: &str) -> Option<PathBuf> {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let root = std::env::var("VISUALKIT_DATA_EVAL_DIR").unwrap_or_else(|_| "../shared/data".to_owned());
    let path = workspace.join(root).join(relative);
    if !path.exists() {
        println!(
            "skipped: {} does not exist; set VISUALKIT_DATA_EVAL_DIR",
            path.display()
        );
        return None;
    }
    Some(path)
}

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, found)
        } else {
            found.push(path)
        }
    }
}

/// Every document below `folder` that we read, with its name.
fn documents(folder: &Path) -> Vec<(String, ParsedDocument)> {
    let mut paths = Vec::new();
    files(folder, &mut paths);
    paths.sort();
    let format = |path: &Path| {
        Format::of_file_name(path.file_name()?.to_str()?).filter(|format| {
            matches!(
                format,
                Format::Markdown | Format::Mdx | Format::Html | Format::PlainText
            )
        })
    };
    paths
        .iter()
        .filter_map(|path| Some((path, format(path)?)))
        .map(|(path, format)| {
            let name = path.display().to_string();
            let document = parse(&fs::read(path).unwrap(), format).unwrap_or_else(|error| panic!("{name}: {error}"));
            (name, document)
        })
        .collect()
}

fn words(text: &str) -> usize {
    text.split_whitespace().map(|word| word.len().div_ceil(5)).sum()
}

fn assert_chunks_fit(name: &str, document: &ParsedDocument) {
    let title = document.title.clone().unwrap_or_default();
    let chunks = chunk(
        document,
        &title,
        &ChunkOptions {
            max_tokens: 254,
            overlap_tokens: 32,
        },
        &words,
    );
    assert!(!chunks.is_empty(), "{name}");
    assert!(
        chunks
            .iter()
            .all(|chunk| chunk.tokens <= 254 && chunk.tokens == words(&chunk.embed_text)),
        "{name}"
    );
}

#[test]
fn every_page_of_two_documentation_sites_is_read_with_title_and_no_jsx_left() {
    for (site, pages) in [("docs/docs-chatwoot/md", 80), ("docs/docs-plausible/md", 100)] {
        let Some(folder) = data(site) else { return };
        let documents = documents(&folder);
        assert!(documents.len() >= pages, "{site}: {}", documents.len());
        for (name, document) in &documents {
            assert!(document.title.is_some() || name.contains("LICENSE"), "{name}");
            assert_chunks_fit(name, document);
            let prose = document.blocks.iter().filter(|block| block.kind != BlockKind::Code);
            for line in prose.flat_map(|block| block.text.lines()) {
                // Prose about HTML names elements, so only what no page says is looked for.
                for litter in [
                    "<Tab",
                    "</Tab",
                    "<Card",
                    "<Note",
                    "<Accordion",
                    ":::",
                    "useBaseUrl",
                    "className=",
                    "{/*",
                ] {
                    assert!(!line.contains(litter), "{name}: {line}");
                }
            }
        }
    }
}

#[test]
fn a_page_keeps_its_questions_tabs_and_code() {
    let Some(page) = data("docs/docs-chatwoot/md/introduction.mdx") else {
        return;
    };
    let document = parse(&fs::read(page).unwrap(), Format::Mdx).unwrap();
    let find = |text: &str| {
        document
            .blocks
            .iter()
            .find(|block| block.text == text)
            .map(|block| block.headings.join("/"))
    };
    assert_eq!(find("Installation & Setup").as_deref(), Some("What You'll Find Here"));
    assert_eq!(
        find("- Docker containers for quick setup").as_deref(),
        Some("Getting Started Paths/🚀 I want to install Chatwoot")
    );
}

#[test]
fn web_pages_are_read_for_their_article() {
    let Some(folder) = data("files/connector-samples/markitdown") else {
        return;
    };
    let read = |name: &str| parse(&fs::read(folder.join(name)).unwrap(), Format::Html).unwrap();
    let blog = read("test_blog.html");
    assert!(
        blog.title
            .as_deref()
            .is_some_and(|title| title.starts_with("Does Model and Inference Parameter Matter"))
    );
    assert!(
        blog.blocks
            .iter()
            .any(|block| block.headings == ["Experiment Setup"] && block.kind == BlockKind::ListItem)
    );
    let wikipedia = read("test_wikipedia.html");
    assert!(
        wikipedia
            .blocks
            .iter()
            .any(|block| block.text.starts_with("Microsoft was founded by Bill Gates"))
    );
    assert!(
        wikipedia
            .blocks
            .iter()
            .all(|block| !block.text.contains("Toggle the table of contents"))
    );
    for (name, document) in [
        ("blog", blog),
        ("wikipedia", wikipedia),
        ("serp", read("test_serp.html")),
    ] {
        assert_chunks_fit(name, &document);
    }
}

#[test]
fn naughty_strings_are_read_or_refused_but_never_panic() {
    let Some(path) = data("abuse/naughty-strings/blns.json") else {
        return;
    };
    let strings: Vec<String> = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
    assert!(strings.len() > 400);
    for string in &strings {
        for format in [Format::Markdown, Format::Mdx, Format::Html, Format::PlainText] {
            for text in [
                string.clone(),
                format!("---\ntitle: {string}\n---\n# {string}\n\n- {string}\n\nwords"),
                format!("<p title='{string}'>{string} words"),
            ] {
                match parse(text.as_bytes(), format) {
                    Ok(document) => assert_chunks_fit(string, &document),
                    Err(error) => assert!(matches!(error.code(), "no_text" | "contains_nul"), "{string:?} {error}"),
                }
            }
        }
    }
}

#[test]
fn binary_files_are_refused() {
    let Some(folder) = data("files/connector-samples/markitdown") else {
        return;
    };
    for name in ["test.docx", "test.pdf", "test.xlsx", "random.bin"] {
        let error = parse(&fs::read(folder.join(name)).unwrap(), Format::PlainText).unwrap_err();
        assert!(
            matches!(error.code(), "contains_nul" | "invalid_utf8"),
            "{name}: {error}"
        );
    }
}
