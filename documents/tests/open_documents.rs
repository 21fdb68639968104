//! OpenDocument texts and presentations and EPUB books: the pictures in small ones, and those of other people's test suites. Without the evaluation data the
//! latter say so and pass.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
#![allow(
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "tests say what they skip, and are told where the data are"
)]

use documents::{Format, Said, draw, parse};
use image::{GrayImage, ImageFormat, Luma};
use std::fs;
use std::io::{Cursor, Write};
use std::path::{Path, PathBuf};
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

fn png(shade: u8) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    let picture = GrayImage::from_pixel(600, 400, Luma([shade]));
    picture.write_to(&mut bytes, ImageFormat::Png).unwrap();
    bytes.into_inner()
}

fn archive(parts: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in parts {
        zip.start_file(*name, SimpleFileOptions::default()).unwrap();
        zip.write_all(content).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

fn shade_of(file: &[u8], format: Format, number: usize) -> u8 {
    draw(file, format, number).unwrap().grey[0]
}

const ROOT: &str =
    r#"xmlns:office="o" xmlns:text="t" xmlns:draw="d" xmlns:xlink="x" xmlns:presentation="p" xmlns:svg="s""#;

#[test]
fn pictures_inside_are_numbered_in_the_order_in_which_they_stand() {
    let frame = |name: &str| format!(r#"<draw:frame><draw:image xlink:href="Pictures/{name}.png"/></draw:frame>"#);
    let (first, second, again) = (frame("b"), frame("a"), frame("c"));
    let text = format!("<text:p>words {first}</text:p><text:p>{second}{again}</text:p>");
    let page = format!(
        "<draw:page><draw:frame><draw:text-box><text:p>words</text:p></draw:text-box></draw:frame>{first}{second}{again}</draw:page>"
    );
    for (kind, body, format) in [("text", text, Format::Odt), ("presentation", page, Format::Odp)] {
        let content = format!(
            "<office:document-content {ROOT}><office:body><office:{kind}>{body}</office:{kind}></office:body></office:document-content>"
        );
        let file = archive(&[
            ("content.xml", content.as_bytes()),
            ("Pictures/a.png", &png(50)),
            ("Pictures/b.png", &png(200)),
            ("Pictures/c.png", &png(50)),
        ]);
        assert_eq!(parse(&file, format).unwrap().pictures, [1, 2], "{format:?}");
        assert_eq!([1, 2].map(|number| shade_of(&file, format, number)), [200, 50]);
    }
    let container = br#"<container><rootfiles><rootfile full-path="OPS/b.opf"/></rootfiles></container>"#;
    let book = br#"<package><metadata/><manifest><item id="a" href="text/a.xhtml" media-type="application/xhtml+xml"/></manifest><spine><itemref idref="a"/></spine></package>"#;
    let page = br#"<html><body><p>words</p><svg xmlns:xlink="x"><image xlink:href="../i/b.png"/></svg><img src="../i/a.png" alt=""/><img src="https://a.example/i/b.png"/></body></html>"#;
    let file = archive(&[
        ("META-INF/container.xml", container),
        ("OPS/b.opf", book),
        ("OPS/text/a.xhtml", page),
        ("OPS/i/a.png", &png(50)),
        ("OPS/i/b.png", &png(200)),
    ]);
    assert_eq!(parse(&file, Format::Epub).unwrap().pictures, [1, 2]);
    assert_eq!([1, 2].map(|number| shade_of(&file, Format::Epub, number)), [200, 50]);
}

fn samples() -> Option<PathBuf> {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
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

/// The files, what they are, and pieces of their text with the headings they stand under, in order.
const SAMPLES: [(&str, Format, &[&str]); 10] = [
    (
        "unstructured/fake.odt",
        Format::Odt,
        &[
            "|Lorem ipsum dolor sit amet.",
            "|Header row | Mon | Wed | Fri\nColor | Blue | Red | Green",
        ],
    ),
    (
        "unstructured/simple.odt",
        Format::Odt,
        &[
            "These are a few of my favorite things:|• Parrots",
            "|- Hockey",
            "|Analysis",
        ],
    ),
    (
        "unstructured/language-docs/eng_spa_mult.odt",
        Format::Odt,
        &["|All human beings are born free"],
    ),
    (
        "docling/odf/sources/text_document_01.odt",
        Format::Odt,
        &[
            "Title|Subtitle",
            "Title/heading level 1.0/Heading level 2: A|1. numbered list 1",
            "|2. numbered list 2",
            "|  - bullet list 2.1",
            "|    - bullet list 2.2.1",
            "X^2 + Y2 = Z",
        ],
    ),
    (
        "docling/odf/sources/text_document_03.odt",
        Format::Odt,
        &[
            "Table with rich cells|Column A | Column B\nThis is a list: A First; A Second; A Third | This is a formatted list",
            "Table with nested table|Before table",
            "R1C1 item 1; R1C1 item 2 | R1C2 item 1",
        ],
    ),
    (
        "docling/odf/sources/odf_presentation_01.odp",
        Format::Odp,
        &[
            "Test Table Slide| | Class1 | Class1 | Class1 | Class2",
            "Second slide title|A rectangle shape",
            "|- With foo",
            "|Notes: Some notes on the second slide.",
            "Slide 3|1. List item4",
        ],
    ),
    (
        "markitdown/test.epub",
        Format::Epub,
        &[
            "Chapter 1: Test Content|This is a test paragraph",
            "|- A bullet point",
            "Chapter 2: More Content|Here's a second chapter",
            "|This is a blockquote",
        ],
    ),
    (
        "unstructured/language-docs/eng_spa_mult.epub",
        Format::Epub,
        &["|All human beings are born free"],
    ),
    (
        "unstructured/winter-sports.epub",
        Format::Epub,
        &["WINTER SPORTS IN SWITZERLAND/CONTENTS|CHAP. |  | PAGE\nI. | The Sun-seeker | 1"],
    ),
    (
        "docling/epub/sources/epub_purvis_poetry.epub",
        Format::Epub,
        &[
            "Poetry|By Sarah Louisa Forten Purvis.",
            "The Grave of the Slave|The cold storms of winter shall chill him no more,\nHis woes",
        ],
    ),
];

#[test]
fn real_files_are_known_by_their_bytes_and_keep_their_structure() {
    let Some(root) = samples() else { return };
    let unsaid = Said {
        media_type: "",
        file_name: None,
    };
    for (name, format, pieces) in SAMPLES {
        let bytes = fs::read(root.join(name)).unwrap();
        assert_eq!(Format::detect(&bytes, &unsaid), Ok(format), "{name}");
        let document = parse(&bytes, format).unwrap();
        let shown: String = document
            .blocks
            .iter()
            .map(|block| format!("{}|{}\n", block.headings.join("/"), block.text))
            .collect();
        let mut rest = shown.as_str();
        for piece in pieces {
            let found = rest
                .find(piece)
                .unwrap_or_else(|| panic!("{name}: {piece} is not in {rest}"));
            rest = &rest[found + piece.len()..];
        }
        assert!(!shown.contains("style-name") && !shown.contains("</"), "{name}");
    }
}

#[test]
fn real_files_with_flipped_bytes_are_read_or_refused() {
    let Some(root) = samples() else { return };
    for (name, format, step) in [
        ("docling/odf/sources/text_document_01.odt", Format::Odt, 401),
        ("docling/odf/sources/odf_presentation_01.odp", Format::Odp, 1_001),
        ("markitdown/test.epub", Format::Epub, 31),
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
