use super::furniture;
use super::headings::Sizes;
use super::join_lines;
use super::lines::{Face, Line, Piece};
use super::list_marker;
use super::page::PageLayout;
use super::paragraphs::{Paragraph, paragraphs, usual_distance};
use super::value_rows;
use crate::code::push_code;
use crate::outline::Outline;
use crate::{BlockKind, pairs};

enum Part {
    Paragraph(Paragraph),
    Table(String),
    Pairs(Vec<Vec<String>>),
}

/// Puts the pages out as blocks under their headings.
pub(in crate::pdf) fn append(mut pages: Vec<PageLayout>, outline: &mut Outline) {
    furniture::remove(&mut pages);
    let usual = usual_distance(pages.iter().flat_map(|page| &page.regions).map(|region| {
        region
            .iter()
            .filter_map(|piece| match piece {
                Piece::Line(line) => Some(line),
                Piece::Table(_) => None,
            })
            .collect()
    }));
    let mut parts = Vec::new();
    for region in pages.iter().flat_map(|page| &page.regions) {
        append_region(region, usual, &mut parts);
    }
    mark_rows(&mut parts);
    let all: Vec<&Paragraph> = parts
        .iter()
        .filter_map(|part| match part {
            Part::Paragraph(paragraph) => Some(paragraph),
            Part::Table(_) | Part::Pairs(_) => None,
        })
        .collect();
    let sizes = Sizes::of(&all);
    let mut indents = Vec::new();
    for part in parts {
        match part {
            Part::Table(text) => outline.push(BlockKind::Table, text),
            Part::Pairs(rows) => pairs::append(rows, outline),
            Part::Paragraph(paragraph) => put_out(paragraph, &sizes, &mut indents, outline),
        }
    }
}

fn append_region(region: &[Piece], usual: f32, parts: &mut Vec<Part>) {
    let mut lines: Vec<&Line> = Vec::new();
    let mut at_start = true;
    for piece in region {
        match piece {
            Piece::Line(line) => lines.push(line),
            Piece::Table(table) => {
                append_paragraphs(&lines, usual, at_start, parts);
                lines.clear();
                parts.push(match table.are_pairs {
                    true => Part::Pairs(table.rows.clone()),
                    false => Part::Table(table.text()),
                });
                at_start = false;
            }
        }
    }
    append_paragraphs(&lines, usual, at_start, parts);
}

fn append_paragraphs(lines: &[&Line], usual: f32, at_start: bool, parts: &mut Vec<Part>) {
    for (index, paragraph) in paragraphs(lines, usual).into_iter().enumerate() {
        match parts.last_mut() {
            // A paragraph goes on in the next column or on the next page.
            Some(Part::Paragraph(before)) if index == 0 && at_start && goes_on(before, &paragraph) => {
                join_lines::append(&mut before.text, &paragraph.text);
                before.lines += paragraph.lines;
            }
            _ => parts.push(Part::Paragraph(paragraph)),
        }
    }
}

/// What may be a row is one beside another.
fn mark_rows(parts: &mut [Part]) {
    let may_be: Vec<bool> = parts
        .iter()
        .map(|part| matches!(part, Part::Paragraph(paragraph) if value_rows::may_be_row(&paragraph.text)))
        .collect();
    for (at, part) in parts.iter_mut().enumerate() {
        let beside = |at: Option<usize>| at.and_then(|at| may_be.get(at)).copied().unwrap_or_default();
        if let Part::Paragraph(paragraph) = part
            && beside(Some(at))
            && (beside(at.checked_sub(1)) || beside(at.checked_add(1)))
        {
            paragraph.is_row = true;
        }
    }
}

fn goes_on(before: &Paragraph, next: &Paragraph) -> bool {
    (before.size - next.size).abs() < 0.5
        && before.bold == next.bold
        && before.face != Face::Typewriter
        && next.face != Face::Typewriter
        && before.lines > 1
        && !before.text.ends_with(['.', '!', '?', ':', ';'])
        && next.text.starts_with(char::is_lowercase)
        && list_marker::split(&next.text).is_none()
}

fn put_out(paragraph: Paragraph, sizes: &Sizes, indents: &mut Vec<f32>, outline: &mut Outline) {
    if let Some(level) = sizes.level(&paragraph) {
        indents.clear();
        outline.text(&paragraph.text);
        outline.end_heading(level);
    } else if paragraph.face == Face::Typewriter && paragraph.lines > 1 && !sizes.all_typewriter {
        push_code(&paragraph.text, "", outline);
    } else if let Some((marker, text)) = list_marker::split(&paragraph.text) {
        indents.retain(|indent| *indent < paragraph.left - 0.5 * paragraph.size);
        let depth = indents.len().min(8);
        indents.push(paragraph.left);
        outline.push(BlockKind::ListItem, format!("{}{marker}{text}", "  ".repeat(depth)));
    } else {
        indents.clear();
        outline.push(BlockKind::Paragraph, paragraph.text);
    }
}
