//! What an edit of one place of a document does to the chunks of the rest.
#![allow(clippy::unwrap_used, reason = "tests")]
use std::collections::HashSet;

use super::{Chunk, ChunkOptions, chunk};
use crate::{Format, parse};

const OPTIONS: ChunkOptions = ChunkOptions {
    max_tokens: 254,
    overlap_tokens: 32,
};

fn cut(text: &str, format: Format) -> Vec<Chunk> {
    let document = parse(text.as_bytes(), format).unwrap();
    chunk(&document, "Title", &OPTIONS, &|text: &str| text.len().div_ceil(4))
}

/// How many chunks of the edited text are new and do not hold `edit`.
fn others(before: &[Chunk], after: &[Chunk], edit: &str) -> usize {
    let known: HashSet<[u8; 32]> = before.iter().map(|chunk| chunk.embed_hash).collect();
    let new = after.iter().filter(|chunk| !known.contains(&chunk.embed_hash));
    new.filter(|chunk| !chunk.text.contains(edit)).count()
}

/// Edits each of the pieces in turn (another text, a piece more, a piece less), and gives the mean number of chunks that change with the
/// edited one, the most of them, and the chunks of the whole.
fn edited(pieces: &[String], page: impl Fn(&[String]) -> String, new: &str, format: Format) -> (f64, usize, usize) {
    let before = cut(&page(pieces), format);
    let mut counts = Vec::new();
    for at in 0..pieces.len() {
        let mut replaced = pieces.to_vec();
        replaced.splice(at..=at, [new.to_owned()]);
        let mut inserted = pieces.to_vec();
        inserted.insert(at, new.to_owned());
        let mut deleted = pieces.to_vec();
        deleted.remove(at);
        for (after, own) in [(replaced, 0), (inserted, 0), (deleted, 1)] {
            let others = others(&before, &cut(&page(&after), format), "ZEBRA");
            counts.push(others.saturating_sub(own));
        }
    }
    let mean = counts.iter().sum::<usize>() as f64 / counts.len() as f64;
    (mean, counts.into_iter().max().unwrap(), before.len())
}

fn check(name: &str, (mean, most, chunks): (f64, usize, usize), limits: (f64, usize)) {
    eprintln!("{name}: of {chunks} chunks, an edit changes {mean:.2} others on average, {most} at most");
    assert!(chunks > 10, "{name}: {chunks}");
    assert!(mean <= limits.0 && most <= limits.1, "{name}: {mean:.2}, {most}");
}

/// About `words` words, other ones for each `number`.
fn prose(number: usize, words: usize) -> String {
    let word = |at: usize| {
        let mixed = (number * 7919 + at * 104_729) % 9973;
        format!("w{mixed}")
    };
    (0..words).map(word).collect::<Vec<_>>().join(" ") + "."
}

#[test]
fn an_edit_in_a_long_section_moves_hardly_a_cut_after_it() {
    let paragraphs: Vec<String> = (0..60).map(|n| prose(n, 30)).collect();
    let page = |paragraphs: &[String]| format!("# One\n\n{}", paragraphs.join("\n\n"));
    let found = edited(
        &paragraphs,
        page,
        "ZEBRA is another text, and a short one.",
        Format::Markdown,
    );
    check("paragraphs", found, (1.5, 8));
}

#[test]
fn a_row_more_or_less_changes_the_chunks_near_it_and_not_the_rest_of_the_table() {
    for cells in [2, 12] {
        let rows: Vec<String> = (0..1200 / cells).map(|n| prose(n, cells).replace(' ', ",")).collect();
        let page = |rows: &[String]| format!("name,{}\n{}\n", ["value"; 12][1..cells].join(","), rows.join("\n"));
        let new = format!("ZEBRA{}", ",1".repeat(cells - 1));
        check("rows", edited(&rows, page, &new, Format::Csv), (1.5, 8));
    }
}

#[test]
fn a_row_more_or_less_changes_the_chunks_near_it_and_not_the_rest_of_a_wide_table() {
    // Of half a chunk a row, and of several chunks a row.
    for (cells, words) in [(30, 1), (30, 12)] {
        let header: Vec<String> = (0..cells).map(|at| format!("measure number {at}")).collect();
        let row = |n: usize| {
            let cells = (0..cells).map(|at| prose(n * 100 + at, words));
            cells.collect::<Vec<_>>().join(",")
        };
        let rows: Vec<String> = (0..30).map(row).collect();
        let page = |rows: &[String]| format!("{}\n{}\n", header.join(","), rows.join("\n"));
        let new = format!("ZEBRA{}", ",1".repeat(cells - 1));
        check("wide rows", edited(&rows, page, &new, Format::Csv), (1.5, 8));
    }
}

#[test]
fn a_question_more_or_less_changes_the_chunks_near_it_and_not_the_rest_of_the_list() {
    let answers: Vec<String> = (0..60)
        .map(|n| format!("### Question {n}\n\n{}", prose(n, 14)))
        .collect();
    let page = |answers: &[String]| format!("# Help\n\n## All\n\n{}", answers.join("\n\n"));
    let new = "### ZEBRA\n\nZEBRA is a new question here.";
    check("questions", edited(&answers, page, new, Format::Markdown), (1.5, 8));
}

#[test]
fn a_line_more_or_less_changes_the_chunks_near_it_and_not_the_rest_of_the_code() {
    let lines: Vec<String> = (0..300).map(|n| format!("    let v{n} = {};", prose(n, 2))).collect();
    let page = |lines: &[String]| format!("```rust\n{}\n```", lines.join("\n"));
    check(
        "lines",
        edited(&lines, page, "    let ZEBRA = 1;", Format::Markdown),
        (1.5, 8),
    );
}

#[test]
fn a_sentence_more_or_less_changes_the_chunks_near_it_and_not_the_rest_of_the_paragraph() {
    let sentences: Vec<String> = (0..200).map(|n| format!("A {}", prose(n, 12))).collect();
    let page = |sentences: &[String]| sentences.join(" ");
    check(
        "sentences",
        edited(&sentences, page, "A ZEBRA came.", Format::PlainText),
        (2.5, 10),
    );
}
