use super::tables::cells;
use super::types::SelectedSentence;
use crate::text::SentenceKind;

/// The sentences as one text in Markdown: what follows each other in prose as a paragraph, items and steps as a list, rows under their header as a table, lines
/// of code in a fence. The words are those of the sentences.
pub fn in_markdown(sentences: &[SelectedSentence]) -> String {
    let parts = sentences.chunk_by(one_part).map(part);
    let mut text = String::new();
    let mut open = false;
    for (part, is_prose) in parts {
        if !text.is_empty() {
            text.push_str(if open && is_prose { " " } else { "\n\n" });
        }
        text.push_str(&part);
        open = is_prose && part.ends_with(['.', '!', '?', '…', '"', '”', ')', '。', '！', '？']);
    }
    text
}

/// Whether two sentences in a row stand in one list, table or fence, or in one paragraph or item.
fn one_part(a: &SelectedSentence, b: &SelectedSentence) -> bool {
    let one_block = a.chunk_id == b.chunk_id && a.block == b.block;
    match (a.kind, b.kind) {
        (SentenceKind::TableRow, SentenceKind::TableRow) => a.chunk_id == b.chunk_id && !b.header,
        (SentenceKind::Item, SentenceKind::Item) => a.step == b.step,
        (SentenceKind::Code, SentenceKind::Code) => a.chunk_id == b.chunk_id,
        _ => one_block,
    }
}

/// A part, and whether it is prose that other prose may follow on the same line.
fn part(sentences: &[SelectedSentence]) -> (String, bool) {
    let Some(first) = sentences.first() else {
        return (String::new(), true);
    };
    match first.kind {
        SentenceKind::TableRow if first.header && sentences.len() > 1 => (table(sentences), false),
        SentenceKind::TableRow => (lines(sentences), false),
        SentenceKind::Item if first.step => (list(sentences, |number| format!("{number}. ")), false),
        SentenceKind::Item if several_blocks(sentences) => (list(sentences, |_| "- ".to_owned()), false),
        SentenceKind::Code => (format!("```\n{}\n```", lines(sentences)), false),
        _ => (joined(sentences, " "), true),
    }
}

fn several_blocks(sentences: &[SelectedSentence]) -> bool {
    sentences.chunk_by(one_block).count() > 1
}

fn one_block(a: &SelectedSentence, b: &SelectedSentence) -> bool {
    a.chunk_id == b.chunk_id && a.block == b.block
}

fn list(sentences: &[SelectedSentence], mark: impl Fn(usize) -> String) -> String {
    let items = sentences.chunk_by(one_block).enumerate();
    let lines: Vec<String> = items
        .map(|(index, item)| format!("{}{}", mark(index + 1), joined(item, " ")))
        .collect();
    lines.join("\n")
}

/// A row that has more or fewer cells than the header is filled up or goes on in its last cell, so that the table stays one.
fn table(rows: &[SelectedSentence]) -> String {
    let columns = rows.first().map_or(0, |header| cells(&header.text).len());
    let mut lines: Vec<String> = rows.iter().map(|row| barred(&row.text, columns)).collect();
    lines.insert(1, format!("|{}", " --- |".repeat(columns)));
    lines.join("\n")
}

fn barred(row: &str, columns: usize) -> String {
    let cells = cells(row);
    let (kept, over) = cells.split_at(cells.len().min(columns.saturating_sub(1)));
    let mut all: Vec<String> = kept.iter().map(|cell| (*cell).to_owned()).collect();
    all.push(over.join(" "));
    all.resize(columns, String::new());
    format!("| {} |", all.join(" | "))
}

fn lines(sentences: &[SelectedSentence]) -> String {
    joined(sentences, "\n")
}

fn joined(sentences: &[SelectedSentence], between: &str) -> String {
    let texts: Vec<&str> = sentences.iter().map(|sentence| sentence.text.as_str()).collect();
    texts.join(between)
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::in_markdown;
    use crate::compose::SelectedSentence;
    use crate::text::{SentenceKind, split_sentences};

    /// All sentences of a text, as if they had been chosen.
    fn chosen(text: &str, step: bool) -> Vec<SelectedSentence> {
        let mut rows = 0;
        let sentences = split_sentences(text).into_iter();
        let selected = sentences.map(|sentence| {
            rows = if sentence.kind == SentenceKind::TableRow {
                rows + 1
            } else {
                0
            };
            SelectedSentence {
                header: rows == 1,
                text: sentence.text,
                chunk_id: Uuid::nil(),
                score: 1.0,
                step,
                kind: sentence.kind,
                block: sentence.block,
            }
        });
        selected.collect()
    }

    fn answer(text: &str) -> String {
        in_markdown(&chosen(text, false))
    }

    #[test]
    fn sentences_follow_each_other_in_a_paragraph() {
        assert_eq!(
            answer("It is light. It floats.\n\nIt sinks."),
            "It is light. It floats. It sinks."
        );
        assert_eq!(answer(""), "");
    }

    #[test]
    fn a_line_that_does_not_end_stands_alone() {
        let text = "Email: help@example.com\nPhone: 555 0100\n\nWe answer within a day.";
        assert_eq!(
            answer(text),
            "Email: help@example.com\n\nPhone: 555 0100\n\nWe answer within a day."
        );
    }

    #[test]
    fn steps_are_numbered_and_keep_their_sentences() {
        let steps = chosen("- Open the lid. Mind the spring.\n- Press the button", true);
        assert_eq!(
            in_markdown(&steps),
            "1. Open the lid. Mind the spring.\n2. Press the button"
        );
    }

    #[test]
    fn several_items_are_a_list_and_one_is_a_sentence() {
        assert_eq!(answer("- Tea.\n- Coffee."), "- Tea.\n- Coffee.");
        assert_eq!(answer("- Tea. Green."), "Tea. Green.");
    }

    #[test]
    fn rows_stand_in_a_table_under_their_header() {
        let rows = "Model | Years\nK9 | 12\nK7 | 7";
        assert_eq!(
            answer(rows),
            "| Model | Years |\n| --- | --- |\n| K9 | 12 |\n| K7 | 7 |"
        );
        assert_eq!(
            answer("| Model | Years |\n| K9 | 12 |"),
            "| Model | Years |\n| --- | --- |\n| K9 | 12 |"
        );
    }

    #[test]
    fn a_row_with_other_cells_leaves_the_table_whole() {
        let mut rows = chosen("A | B\n1 | 2", false);
        rows[1].text = "1 | 2 | 3".to_owned();
        assert_eq!(in_markdown(&rows), "| A | B |\n| --- | --- |\n| 1 | 2 3 |");
        rows[1].text = "1".to_owned();
        assert_eq!(in_markdown(&rows), "| A | B |\n| --- | --- |\n| 1 |  |");
    }

    #[test]
    fn a_row_without_its_header_is_quoted_as_it_stands() {
        let mut rows = chosen("A | B\n1 | 2", false);
        rows.remove(0);
        assert_eq!(in_markdown(&rows), "1 | 2");
    }

    #[test]
    fn code_stands_in_a_fence() {
        assert_eq!(answer("Run it.\n```\ncargo run\n```"), "Run it.\n\n```\ncargo run\n```");
    }
}
