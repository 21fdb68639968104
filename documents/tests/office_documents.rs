//! Word documents, presentations, workbooks and CSV files of other people's test suites. Without the evaluation data these tests say
//! so and pass.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "tests; a skipped test says why, and where the data is comes from the environment"
)]

mod similarity;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use documents::{Format, ParsedDocument, parse};
use similarity::{Similarity, markdown, similarity};

/// What cannot be read, with the code of the error: no cells, a password.
const REFUSED: [(&str, &str); 2] = [
    ("unstructured/empty.xlsx", "no_text"),
    ("unstructured/password_protected.xlsx", "encrypted"),
];
/// Text that is not UTF-8: read if its encoding is found out, which is not the parser's business.
const ENCODED: [&str; 2] = ["markitdown/test_mskanji.csv", "unstructured/stanley-cups-utf-16.csv"];

/// The least similarity to MarkItDown's reading, on average: words, and pairs of words. Low ones are low on purpose: numbers of list
/// items and headings as Word shows them (it counts anew, or not at all), equations on a line instead of LaTeX, cells that are
/// merged repeated in each row (it leaves them empty), charts row by row as a table, no file names of pictures.
const FLOORS: [(&str, usize, Similarity); 3] = [
    (
        "docx",
        45,
        Similarity {
            words: 0.96,
            pairs: 0.93,
        },
    ),
    (
        "pptx",
        7,
        Similarity {
            words: 0.87,
            pairs: 0.79,
        },
    ),
    (
        "xlsx",
        15,
        Similarity {
            words: 0.94,
            pairs: 0.92,
        },
    ),
];

fn samples() -> Option<PathBuf> {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let root = std::env::var("VISUALKIT_DATA_EVAL_DIR").unwrap_or_else(|_| "../shared/data".to_owned());
    let path = workspace.join(root).join("files/connector-samples");
    if !path.exists() {
        println!(
            "skipped: {} does not exist; set VISUALKIT_DATA_EVAL_DIR",
            path.display()
        );
        return None;
    }
    Some(path)
}

/// Every file below a folder, by its path from there.
fn files(root: &Path, below: &Path, found: &mut Vec<String>) {
    for entry in fs::read_dir(root.join(below)).unwrap() {
        let path = below.join(entry.unwrap().file_name());
        if root.join(&path).is_dir() {
            files(root, &path, found);
        } else {
            found.push(path.to_str().unwrap().to_owned());
        }
    }
}

fn format_of(name: &str) -> Option<Format> {
    match name.rsplit_once('.')?.1 {
        "docx" => Some(Format::Docx),
        "pptx" => Some(Format::Pptx),
        "xlsx" | "xlsm" | "xls" | "ods" => Some(Format::Spreadsheet),
        "csv" | "tsv" => Some(Format::Csv),
        _ => None,
    }
}

fn read_all(root: &Path) -> BTreeMap<String, ParsedDocument> {
    let mut names = Vec::new();
    files(root, Path::new(""), &mut names);
    let mut read = BTreeMap::new();
    for (name, format) in names.iter().filter_map(|name| Some((name, format_of(name)?))) {
        let refused = REFUSED
            .iter()
            .find(|(refused, _)| refused == name)
            .map(|(_, code)| *code);
        match (parse(&fs::read(root.join(name)).unwrap(), format), refused) {
            (Ok(document), None) => {
                read.insert(name.clone(), document);
            }
            (Err(error), Some(code)) => assert_eq!(error.code(), code, "{name}"),
            (Err(error), None) if ENCODED.contains(&name.as_str()) => println!("{name}: {error}"),
            (result, _) => panic!("{name}: {:?}", result.map(|_| ())),
        }
    }
    read
}

#[test]
fn every_office_file_is_read_or_refused_for_its_reason_and_close_to_another_reading() {
    let Some(root) = samples() else { return };
    let read = read_all(&root);
    assert!(read.len() > 110, "{}", read.len());
    let expected: BTreeMap<String, String> = serde_json::from_str(include_str!("../testdata/markitdown.json")).unwrap();
    let mut by_format: BTreeMap<&str, Vec<Similarity>> = BTreeMap::new();
    for (name, expected) in &expected {
        let Some(document) = read.get(name) else { continue };
        let found = similarity(&markdown(document), expected);
        println!("{:.3} {:.3} {name}", found.words, found.pairs);
        by_format
            .entry(name.rsplit_once('.').unwrap().1)
            .or_default()
            .push(found);
    }
    for (format, least, floor) in FLOORS {
        let found = &by_format[format];
        let mean = |of: fn(&Similarity) -> f64| found.iter().map(of).sum::<f64>() / found.len() as f64;
        let (words, pairs) = (mean(|found| found.words), mean(|found| found.pairs));
        println!("{format}: {} files, words {words:.3}, pairs {pairs:.3}", found.len());
        assert!(found.len() >= least, "{format}: {}", found.len());
        assert!(
            words >= floor.words && pairs >= floor.pairs,
            "{format}: {words:.3} {pairs:.3}"
        );
    }
}

#[test]
fn a_real_document_keeps_its_structure() {
    let Some(root) = samples() else { return };
    let text = |name: &str, format| markdown(&parse(&fs::read(root.join(name)).unwrap(), format).unwrap());
    let lists = text("docling/docx/sources/docx_lists.docx", Format::Docx);
    assert!(
        lists.contains("\n2. WEEKEND ERRAND LIST\n  2.1 Market Stops\n    - Buy fresh bread"),
        "{lists}"
    );
    let word = text("docling/docx/sources/word_sample.docx", Format::Docx);
    assert!(
        word.contains("\n### Let’s eat\n") && word.contains("| Berries | Blueberry, Strawberry, Cranberry | 150 |"),
        "{word}"
    );
    let slides = text("docling/pptx/sources/powerpoint_sample.pptx", Format::Pptx);
    assert!(
        slides.contains("# Second slide title") && slides.contains("Notes: Some notes on the second slide."),
        "{slides}"
    );
    let report = text(
        "unstructured/2023-half-year-analyses-by-segment.xlsx",
        Format::Spreadsheet,
    );
    assert!(
        report.contains("| Zone NA | 12553 | 2713 | 2632 | -81 | -29 | -44 | -337 |"),
        "{report}"
    );
    assert!(report.contains("\n3. Analyses by segment\n"), "{report}");
    let old = text("markitdown/test.xls", Format::Spreadsheet);
    assert!(old.contains("| --- |") && old.starts_with("# "), "{old}");
}

#[test]
fn real_files_with_flipped_bytes_are_read_or_refused() {
    let Some(root) = samples() else { return };
    for (name, format, step) in [
        ("markitdown/test.xls", Format::Spreadsheet, 401),
        ("unstructured/stanley-cups.xlsx", Format::Spreadsheet, 53),
        (
            "docling/odf/sources/odf_table_with_title_01.ods",
            Format::Spreadsheet,
            211,
        ),
        ("docling/docx/sources/docx_lists.docx", Format::Docx, 211),
        ("docling/pptx/sources/powerpoint_sample.pptx", Format::Pptx, 601),
    ] {
        let bytes = fs::read(root.join(name)).unwrap();
        for at in (0..bytes.len()).step_by(step) {
            let mut flipped = bytes.clone();
            flipped[at] ^= 0xA5;
            let _ = parse(&flipped, format);
            let _ = parse(&bytes[..at], format);
        }
    }
}
