//! Rich Text documents of other people's test suites. Without the evaluation data the test says so and passes.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
#![allow(
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "tests say what they skip, and are told where the data are"
)]

use documents::{Block, BlockKind, Format, ParsedDocument, Said, parse};
use std::fs;
use std::path::{Path, PathBuf};

fn samples() -> Option<PathBuf> {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let root = std::env::var("VISUALKIT_DATA_EVAL_DIR").unwrap_or_else(|_| "../shared/data".to_owned());
    let path = workspace.join(root).join("files/connector-samples/unstructured");
    if !path.exists() {
        println!(
            "skipped: {} does not exist; set VISUALKIT_DATA_EVAL_DIR",
            path.display()
        );
        return None;
    }
    Some(path)
}

fn read(path: &Path) -> ParsedDocument {
    let bytes = fs::read(path).unwrap();
    assert_eq!(Format::detect(&bytes, &Said::default()), Ok(Format::Rtf));
    parse(&bytes, Format::Rtf).unwrap()
}

fn words(document: &ParsedDocument) -> Vec<String> {
    let texts = document.blocks.iter().map(|block| block.text.as_str());
    let words = texts.flat_map(|text| text.split(|c: char| !c.is_alphanumeric()));
    words.filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

#[test]
fn the_samples_are_read_with_their_structure_and_all_their_text() {
    let Some(samples) = samples() else { return };
    let document = read(&samples.join("fake-doc.rtf"));
    let found: Vec<_> = document
        .blocks
        .iter()
        .map(|Block { headings, kind, text }| (headings.join("/"), *kind, text.as_str()))
        .collect();
    let under = |kind, text| ("My First Heading".to_owned(), kind, text);
    assert_eq!(
        found,
        [
            under(BlockKind::Paragraph, "My first paragraph."),
            under(BlockKind::Paragraph, "Table Example:"),
            under(
                BlockKind::Table,
                "Column 1 | Column 2\nRow 1, Cell 1 | Row 1, Cell 2\nRow 2, Cell 1 | Row 2, Cell 2"
            ),
        ]
    );
    assert_eq!(document.title.as_deref(), Some("My First Heading"));

    let document = read(&samples.join("language-docs/eng_spa_mult.rtf"));
    let plain = fs::read(samples.join("language-docs/eng_spa_mult.txt")).unwrap();
    let plain = parse(&plain, Format::PlainText).unwrap();
    assert_eq!(words(&document), words(&plain));
}
