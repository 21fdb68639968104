#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
use std::cell::Cell;
use std::collections::HashSet;

use super::{Chunk, ChunkOptions, chunk};
use crate::{Format, parse};

/// About what WordPiece does: a token for every four letters of a word, one for every other character.
pub(super) fn word_pieces(text: &str) -> usize {
    let mut tokens = 0;
    let mut run = 0;
    for c in text.chars() {
        if c.is_ascii_alphanumeric() {
            run += 1;
            tokens += usize::from(run % 4 == 1);
        } else {
            run = 0;
            tokens += usize::from(!c.is_whitespace());
        }
    }
    tokens
}

pub(super) fn cut(text: &str, format: Format, max_tokens: usize) -> Vec<Chunk> {
    let document = parse(text.as_bytes(), format).unwrap();
    let title = document.title.clone().unwrap_or_default();
    let chunks = chunk(
        &document,
        &title,
        &ChunkOptions {
            max_tokens,
            overlap_tokens: max_tokens / 4,
        },
        &word_pieces,
    );
    let keys: HashSet<_> = chunks.iter().map(|chunk| &chunk.key).collect();
    assert_eq!(keys.len(), chunks.len(), "keys are unique");
    for (index, chunk) in chunks.iter().enumerate() {
        assert_eq!(chunk.ordinal as usize, index);
        assert_eq!(chunk.tokens, word_pieces(&chunk.embed_text));
        assert!(chunk.tokens <= max_tokens, "{} tokens of {max_tokens}", chunk.tokens);
        assert!(chunk.embed_text.ends_with(&chunk.text));
        assert!(!chunk.text.trim().is_empty());
    }
    chunks
}

#[test]
fn a_small_section_is_one_chunk_with_its_path() {
    let chunks = cut("# Guide\n\n## Pay\n\nBy card.\n\n- Visa\n- Other", Format::Markdown, 64);
    assert_eq!(chunks.len(), 1);
    assert_eq!(chunks[0].headings, ["Guide", "Pay"]);
    assert_eq!(chunks[0].text, "By card.\n\n- Visa\n- Other");
    assert_eq!(chunks[0].embed_text, "Guide > Pay\nBy card.\n\n- Visa\n- Other");
}

#[test]
fn addresses_of_links_are_shown_and_not_embedded() {
    let page = |address: &str| format!("# Guide\n\nAsk with [this form]({address}). It takes a day.");
    let chunk = |address: &str| {
        let document = parse(page(address).as_bytes(), Format::Markdown).unwrap();
        let options = ChunkOptions {
            max_tokens: 64,
            overlap_tokens: 0,
        };
        chunk(&document, "Guide", &options, &word_pieces).remove(0)
    };
    let (one, other, none) = (
        chunk("https://a.example/?X=1"),
        chunk("https://b.example"),
        chunk("form.md"),
    );
    assert_eq!(one.text, "Ask with this form (https://a.example/?X=1). It takes a day.");
    assert_eq!(one.embed_text, "Guide\nAsk with this form. It takes a day.");
    assert!(one.embed_hash == other.embed_hash && one.embed_hash == none.embed_hash);
    assert!(one.key != other.key, "people see another text");
}

#[test]
fn addresses_move_no_cut_and_make_no_chunk_too_long() {
    let sentence =
        |at: usize, link: &str| format!("Sentence number {at} leads to {link} and says a few words more of it. ");
    let linked = |at: usize| sentence(at, &format!("[page {at}](https://a.example/{at}?Q={at})"));
    let plain = |at: usize| sentence(at, &format!("[page {at}](page.md)"));
    let embedded = |sentence: &dyn Fn(usize) -> String| -> Vec<String> {
        let document = parse((0..60).map(sentence).collect::<String>().as_bytes(), Format::Markdown).unwrap();
        let options = ChunkOptions {
            max_tokens: 100,
            overlap_tokens: 25,
        };
        let chunks = chunk(&document, "", &options, &word_pieces);
        assert!(chunks.iter().all(|chunk| chunk.tokens <= 100));
        chunks.into_iter().map(|chunk| chunk.embed_text).collect()
    };
    assert_eq!(embedded(&plain).len(), embedded(&linked).len());
    // However much of a text is addresses, and under a heading that is one.
    let hostile = format!("# A (https://{}) b\n\n", "a/".repeat(90)) + &"[a](https://a.example/?B=c.D!e) ".repeat(500);
    for max_tokens in [1, 7, 32, 254] {
        let document = parse(hostile.as_bytes(), Format::Markdown).unwrap();
        let options = ChunkOptions {
            max_tokens,
            overlap_tokens: 0,
        };
        let chunks = chunk(&document, "", &options, &word_pieces);
        assert!(
            chunks
                .iter()
                .all(|chunk| chunk.tokens <= max_tokens && !chunk.text.trim().is_empty())
        );
    }
}

#[test]
fn small_siblings_share_a_chunk_and_keep_their_headings() {
    let chunks = cut(
        "# T\n\n## Parent\n\n### One\n\nFirst.\n\n### Two\n\nSecond.",
        Format::Markdown,
        128,
    );
    assert_eq!(chunks.len(), 1);
    assert_eq!(chunks[0].headings, ["T", "Parent"]);
    assert_eq!(chunks[0].text, "## One\n\nFirst.\n\n## Two\n\nSecond.");
}

#[test]
fn a_reasonably_full_chunk_does_not_cross_into_the_next_section() {
    let body = "Some words that fill it. ".repeat(5);
    let chunks = cut(
        &format!("# T\n\n## One\n\n{body}\n\n## Two\n\n{body}"),
        Format::Markdown,
        128,
    );
    let paths: Vec<_> = chunks.iter().map(|chunk| chunk.headings.join("/")).collect();
    assert_eq!(paths, ["T/One", "T/Two"]);
}

#[test]
fn a_long_paragraph_is_cut_at_sentences_with_overlap() {
    let text: String = (0..60)
        .map(|i| format!("Sentence number {i} says something of its own to the reader. "))
        .collect();
    let chunks = cut(&text, Format::PlainText, 100);
    assert!(chunks.len() > 5);
    for pair in chunks.windows(2) {
        assert!(
            pair[0].text.ends_with('.') && pair[1].text.starts_with("Sentence number"),
            "{pair:?}"
        );
        let first_sentence = pair[1].text.split_inclusive('.').next().unwrap();
        assert!(
            pair[0].text.contains(first_sentence),
            "the cut repeats a whole sentence"
        );
    }
    assert!((0..60).all(|i| chunks.iter().any(|chunk| chunk.text.contains(&format!("number {i} ")))));
}

#[test]
fn every_piece_of_a_table_has_the_header() {
    let rows: String = (0..80).map(|i| format!("| name {i} | value {i} |\n")).collect();
    let chunks = cut(&format!("| Name | Value |\n|---|---|\n{rows}"), Format::Markdown, 80);
    assert!(chunks.len() > 3);
    assert!(chunks.iter().all(|chunk| chunk.text.starts_with("Name | Value\nname ")));
    assert!((0..80).all(|i| {
        chunks
            .iter()
            .any(|chunk| chunk.text.contains(&format!("name {i} | value {i}")))
    }));
}

#[test]
fn code_is_cut_at_lines() {
    let code: String = (0..100)
        .map(|i| format!("    let variable_{i} = compute({i});\n"))
        .collect();
    let chunks = cut(&format!("```rust title=a.rs\n{code}```"), Format::Markdown, 100);
    assert!(chunks.len() > 3);
    for chunk in &chunks {
        let (fences, code): (Vec<&str>, Vec<&str>) = chunk.text.lines().partition(|line| line.starts_with("```"));
        assert_eq!(fences, ["```rust", "```"], "every piece names the language");
        assert!(
            code.iter()
                .all(|line| line.starts_with("    let") && line.ends_with(");"))
        );
    }
}

#[test]
fn an_edit_elsewhere_keeps_the_keys() {
    let section =
        |i: usize, word: &str| format!("## Section {i}\n\n{}\n\n", format!("{word} {i} text here. ").repeat(25));
    let page = |edited: Option<usize>| {
        (0..12)
            .map(|i| section(i, if edited == Some(i) { "New" } else { "Old" }))
            .collect::<String>()
    };
    let keys = |text: &str| {
        cut(text, Format::Markdown, 120)
            .into_iter()
            .map(|chunk| chunk.key)
            .collect::<HashSet<_>>()
    };
    let (before, after) = (keys(&page(None)), keys(&page(Some(4))));
    let per_section = before.len() / 12;
    assert_eq!(
        before.difference(&after).count(),
        per_section,
        "only the edited section's chunks change"
    );
}

#[test]
fn equal_chunks_have_keys_by_occurrence() {
    let text = "## A\n\n".to_owned() + &"same text again. ".repeat(12);
    let chunks = cut(&format!("{text}\n\n{text}\n\n{text}"), Format::Markdown, 60);
    assert!(
        chunks.iter().any(|chunk| chunk.key.ends_with("-0")) && chunks.iter().any(|chunk| chunk.key.ends_with("-2"))
    );
}

#[test]
fn no_text_makes_a_chunk_too_long() {
    let heading = format!("# {}\n\ntext", "giant heading ".repeat(2_000));
    let hostile = [
        "x".repeat(60_000),
        "漢字仮名交じり文".repeat(5_000),
        format!("```\n{}\n```", "call(a, b);".repeat(4_000)),
        heading,
        "e\u{301}\u{302}\u{303}".repeat(5_000),
        "👨‍👩‍👧‍👦 a".repeat(1_000),
        "a\u{200d}".repeat(10_000),
        format!("|{}|\n|{}|\n|{}|", "h ".repeat(3_000), "-", "c ".repeat(3_000)),
        ". ".repeat(20_000) + "a",
        format!("- {}", "item, ".repeat(5_000)),
    ];
    for text in &hostile {
        for max_tokens in [1, 2, 7, 32, 254] {
            let chunks = cut(text, Format::Markdown, max_tokens);
            assert!(
                chunks.iter().all(|chunk| chunk.text.len() <= 16 * max_tokens + 400),
                "{max_tokens}"
            );
        }
    }
    assert!(cut("text", Format::PlainText, 0).is_empty());
}

#[test]
fn a_model_that_counts_long_words_as_one_token_still_gets_short_chunks() {
    let document = parse("y".repeat(1_000_000).as_bytes(), Format::PlainText).unwrap();
    let unknown = |text: &str| text.split_whitespace().count();
    let chunks = chunk(
        &document,
        "",
        &ChunkOptions {
            max_tokens: 100,
            overlap_tokens: 0,
        },
        &unknown,
    );
    assert!(chunks.iter().all(|chunk| chunk.text.len() <= 1_600));
    assert_eq!(chunks.iter().map(|chunk| chunk.text.len()).sum::<usize>(), 1_000_000);
}

#[test]
fn counting_costs_a_few_calls_and_a_few_readings_of_the_text() {
    let sentence = "The quick brown fox jumps over the lazy dog while nobody is watching. ";
    for text in [
        sentence.repeat(70_000),
        "word ".repeat(1_000_000),
        "z".repeat(5_000_000),
        "漢字".repeat(800_000),
    ] {
        let document = parse(text.as_bytes(), Format::PlainText).unwrap();
        let (calls, bytes) = (Cell::new(0), Cell::new(0));
        let count = |piece: &str| {
            calls.set(calls.get() + 1);
            bytes.set(bytes.get() + piece.len());
            word_pieces(piece)
        };
        let start = std::time::Instant::now();
        let chunks = chunk(
            &document,
            "Title",
            &ChunkOptions {
                max_tokens: 254,
                overlap_tokens: 32,
            },
            &count,
        );
        let pieces = chunks.len() + text.len() / 48;
        assert!(
            calls.get() <= pieces + 3 * chunks.len() + 10,
            "{} calls for {} chunks",
            calls.get(),
            chunks.len()
        );
        assert!(
            bytes.get() <= 4 * text.len(),
            "{} bytes counted of {}",
            bytes.get(),
            text.len()
        );
        assert!(
            start.elapsed() < std::time::Duration::from_secs(60),
            "{:?}",
            start.elapsed()
        );
    }
}
