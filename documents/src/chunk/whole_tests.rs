//! No text is lost, and no chunk is too long, whatever the document.
#![allow(clippy::unwrap_used, reason = "tests")]
use super::{ChunkOptions, chunk};
use crate::code::fences;
use crate::{Format, ParsedDocument, parse};

/// Asserts that the letters and digits of all blocks stand in the chunks, in their order.
fn check(name: &str, document: &ParsedDocument, max_tokens: usize) {
    let options = ChunkOptions {
        max_tokens,
        overlap_tokens: 32,
    };
    let count = |text: &str| text.split_whitespace().map(|word| word.len().div_ceil(5)).sum();
    let chunks = chunk(document, "Title", &options, &count);
    let mut kept = chunks.iter().flat_map(|chunk| letters(&chunk.text));
    for block in &document.blocks {
        // Fences go where a chunk has no room for them.
        let text = fences(&block.text).map_or(block.text.as_str(), |(_, code, _)| code);
        for letter in letters(text) {
            assert!(
                kept.any(|found| found == letter),
                "{name}: lost {letter:?} of {:?}",
                block.text
            );
        }
    }
    assert!(chunks.iter().all(|chunk| chunk.tokens <= max_tokens), "{name}");
}

fn letters(text: &str) -> impl Iterator<Item = char> {
    text.chars().filter(|c| c.is_alphanumeric())
}

/// A document made at random of what Markdown has and of what breaks programs; the same for the same `seed`.
fn random(seed: u64) -> String {
    let pieces = [
        "# Heading\n\n",
        "## Another\n\n",
        "### 見出し\n\n",
        "- item one\n",
        "  - nested item\n",
        "1. first\n",
        "> quoted words\n\n",
        "| a | b |\n|---|---|\n| 1 | 2 |\n",
        "```rust\nlet x = 1;\n",
        "```\n\n",
        "~~~\n",
        "A sentence of some words. ",
        "Another one! Is it? ",
        "返金は十四日以内に行われます。",
        "退款将在十四天内到账，",
        "Straßenbahn ",
        "e\u{301}\u{302}",
        "👨‍👩‍👧 ",
        "\n\n",
        "\u{200d}\u{feff}",
        "<b>bold</b> ",
        "<script>x",
        "&amp;&#0;",
        "x",
        "`````",
        "|",
        "\t",
        "\u{202e}abc",
        "(((((",
        "ﬁ ﷺ ",
        "word:",
        "\r\n",
        "a\u{ad}b ",
        "9,999.50 ",
    ];
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let mut next = |bound: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state >> 33).unwrap() % bound
    };
    let mut text = "Begin. ".to_owned();
    for _ in 0..next(120) + 1 {
        let piece = pieces.get(next(pieces.len())).unwrap();
        let times = if next(20) == 0 { next(400) } else { 1 };
        text.push_str(&piece.repeat(times.max(1)));
    }
    text
}

#[test]
fn nothing_is_lost_of_hostile_documents() {
    for seed in 0..80 {
        let text = random(seed);
        for format in [Format::Markdown, Format::PlainText, Format::Html] {
            let Ok(document) = parse(text.as_bytes(), format) else {
                continue;
            };
            for max_tokens in [3, 40, 254] {
                check(&format!("{seed} {format:?} {max_tokens}"), &document, max_tokens);
            }
        }
    }
}

#[test]
fn nothing_is_lost_of_tables_that_are_wide_or_have_long_rows() {
    for (columns, name, cell, long) in [
        (3, 4, 2, 400),
        (30, 12, 3, 40),
        (60, 40, 1, 0),
        (2, 900, 3, 3),
        (5, 3, 90, 90),
    ] {
        let line = |of: &str, bytes: usize| {
            let cells = (0..columns).map(|at| format!("{of}{at} {}", "word ".repeat(bytes / 5)));
            cells.collect::<Vec<_>>().join(",") + "\n"
        };
        let mut table = line("N", name);
        for row in 0..12 {
            table += &line(&format!("r{row}c"), if row % 5 == 0 { long } else { cell });
            table += &",".repeat(columns - 1);
            table += "last\n";
        }
        let document = parse(table.as_bytes(), Format::Csv).unwrap();
        for max_tokens in [1, 3, 10, 40, 254] {
            check(&format!("{columns} columns, {max_tokens}"), &document, max_tokens);
        }
    }
}

#[test]
fn nothing_is_lost_of_the_declaration_in_any_language() {
    for language in ["de", "en", "es", "fr", "ja", "pt", "zh"] {
        let file =
            std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../tests/data/declaration/{language}.md"));
        let document = parse(&std::fs::read(file).unwrap(), Format::Markdown).unwrap();
        for max_tokens in [10, 60, 254] {
            check(language, &document, max_tokens);
        }
    }
}

#[test]
fn text_without_spaces_is_cut_at_its_sentences() {
    let text = "返金は十四日以内に行われます。領収書が必要です。".repeat(60);
    let document = parse(text.as_bytes(), Format::PlainText).unwrap();
    let options = ChunkOptions {
        max_tokens: 100,
        overlap_tokens: 0,
    };
    let chunks = chunk(&document, "", &options, &|text: &str| text.chars().count());
    assert!(chunks.len() > 10);
    assert!(chunks.iter().all(|chunk| chunk.text.ends_with('。')));
}
