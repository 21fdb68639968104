#![allow(unreachable_pub, reason = "shared by tests and the example")]

use documents::{BlockKind, ParsedDocument};

/// A parsed document as Markdown, for people to look at and for tests to compare. Headings that repeat are not repeated.
pub fn markdown(document: &ParsedDocument) -> String {
    let mut text = String::new();
    let mut open: &[String] = &[];
    let mut in_list = false;
    for block in &document.blocks {
        let same = open
            .iter()
            .zip(&block.headings)
            .take_while(|(before, now)| before == now)
            .count();
        for (level, heading) in block.headings.iter().enumerate().skip(same) {
            text.push_str(&format!("\n{} {heading}\n", "#".repeat(level + 1)));
        }
        open = &block.headings;
        let is_item = block.kind == BlockKind::ListItem;
        if !(is_item && in_list && same == block.headings.len()) {
            text.push('\n');
        }
        in_list = is_item;
        match block.kind {
            BlockKind::Table => text.push_str(&table(&block.text)),
            BlockKind::Code => text.push_str(&block.text),
            BlockKind::Quote => text.push_str(&format!("> {}", block.text.replace('\n', "\n> "))),
            BlockKind::Heading => {
                text.push_str(&format!("{} {}", "#".repeat(block.headings.len() + 1), block.text));
            }
            BlockKind::Paragraph | BlockKind::ListItem => text.push_str(&block.text),
        }
        text.push('\n');
    }
    text.trim_start().to_owned()
}

fn table(rows: &str) -> String {
    let mut text = String::new();
    for (at, row) in rows.lines().enumerate() {
        text.push_str(&format!("| {row} |\n"));
        if at == 0 {
            text.push_str(&format!("|{}\n", " --- |".repeat(row.matches(" | ").count() + 1)));
        }
    }
    text.trim_end().to_owned()
}
