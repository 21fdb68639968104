use super::rows;
use super::value::Value;
use crate::BlockKind;
use crate::outline::Outline;
use crate::table::{Header, push_table};
use crate::whitespace::one_line;

/// A value longer than this, or of several lines, is running text of its own, not the rest of a `key: value` line.
const LONG_CHARACTERS: usize = 200;
/// A list of plain values that is shorter stands in the line of its key.
const SHORT_LIST_CHARACTERS: usize = 60;
/// Headings name the path to this depth; deeper ones stand in the last.
const MAX_LEVEL: u8 = 6;
const MAX_TABLE_COLUMNS: usize = 40;

/// All of it, also what gives the document its title: the sender may call it otherwise.
pub(super) fn append(values: Vec<Value>, outline: &mut Outline) {
    match <[Value; 1]>::try_from(values) {
        Ok([value]) => append_value(value, 1, outline),
        Err(records) => list(records, 1, outline),
    }
}

fn append_value(value: Value, level: u8, outline: &mut Outline) {
    match value {
        Value::Plain(text) => running_text(&text, outline),
        Value::List(items) => list(items, level, outline),
        Value::Object(members) => object(members, level, outline),
    }
}

/// Plain members as lines first, in their order; then those that hold more, each under its key.
fn object(mut members: Vec<(String, Value)>, level: u8, outline: &mut Outline) {
    name_columns(&mut members);
    members.retain(|(_, value)| !value.is_empty());
    let mut lines = String::new();
    let mut nested = Vec::new();
    for (key, value) in members {
        match value {
            Value::Plain(text) if is_short(&text) => lines.push_str(&format!("{}: {text}\n", one_line(&key))),
            value => match short_list(&value) {
                Some(text) => lines.push_str(&format!("{}: {text}\n", one_line(&key))),
                None => nested.push((key, value)),
            },
        }
    }
    outline.push(BlockKind::Paragraph, lines.trim_end().to_owned());
    // One long text beside short members is what the object is about.
    let only_text = nested.len() == 1;
    for (key, value) in nested {
        let is_text = value.plain().is_some();
        if !(only_text && is_text && level == 1) {
            heading(&key, level, outline);
        }
        append_value(value, level + 1, outline);
    }
}

/// Moves a member that names the columns of the rows in another above those rows.
fn name_columns(members: &mut Vec<(String, Value)>) {
    let Some((header, table)) = rows::header(members, is_short) else {
        return;
    };
    let (_, names) = members.remove(header);
    let table = if header < table { table - 1 } else { table };
    if let Some((_, Value::List(items))) = members.get_mut(table) {
        items.insert(0, names);
    }
}

/// A few short words fit in the line of their key.
fn short_list(value: &Value) -> Option<String> {
    let Value::List(items) = value else { return None };
    let words: Vec<&str> = items
        .iter()
        .map(|item| item.plain().filter(|text| is_short(text) && !text.is_empty()))
        .collect::<Option<_>>()?;
    let text = words.join(", ");
    (!words.is_empty() && text.len() <= SHORT_LIST_CHARACTERS).then_some(text)
}

fn is_short(text: &str) -> bool {
    text.len() <= LONG_CHARACTERS && !text.contains('\n')
}

fn heading(text: &str, level: u8, outline: &mut Outline) {
    outline.text(text);
    outline.end_heading(level.min(MAX_LEVEL));
}

fn list(items: Vec<Value>, level: u8, outline: &mut Outline) {
    if let Some(table) = table(&items) {
        outline.push(BlockKind::Table, table);
        return;
    }
    if let Some(rows) = rows::rows(&items, is_short) {
        match rows::many_places(&rows) {
            Some(count) => outline.paragraph(&count),
            None => push_table(rows, Header::Guess, outline),
        }
        return;
    }
    for (index, item) in items.into_iter().enumerate() {
        match item {
            Value::Plain(text) if is_short(&text) => {
                if !text.is_empty() {
                    outline.push(BlockKind::ListItem, format!("- {text}"));
                }
            }
            Value::Plain(text) => running_text(&text, outline),
            Value::List(items) => list(items, level + 1, outline),
            Value::Object(members) if members.iter().all(|(_, value)| value.is_empty()) => {}
            Value::Object(members) => {
                let object_value = Value::Object(members);
                let name = object_value.title().unwrap_or_else(|| format!("{}", index + 1));
                heading(&name, level, outline);
                append_value(object_value, level + 1, outline);
            }
        }
    }
}

/// Rows of two or more objects with the same keys and short plain values.
fn table(items: &[Value]) -> Option<String> {
    let objects: Vec<&Vec<(String, Value)>> = items
        .iter()
        .map(|item| match item {
            Value::Object(members) => Some(members),
            Value::Plain(_) | Value::List(_) => None,
        })
        .collect::<Option<_>>()?;
    let (first, rest) = objects.split_first()?;
    let alike = |other: &&Vec<(String, Value)>| {
        other.len() == first.len() && other.iter().zip(first.iter()).all(|((a, _), (b, _))| a == b)
    };
    if rest.is_empty() || first.is_empty() || first.len() > MAX_TABLE_COLUMNS || !rest.iter().all(alike) {
        return None;
    }
    let mut table = first.iter().map(|(key, _)| cell(key)).collect::<Vec<_>>().join(" | ");
    for members in objects {
        let cells: Vec<String> = members
            .iter()
            .map(|(_, value)| value.plain().filter(|text| is_short(text)).map(cell))
            .collect::<Option<_>>()?;
        table.push('\n');
        table.push_str(cells.join(" | ").trim_end());
    }
    Some(table)
}

/// Without what would end it.
fn cell(text: &str) -> String {
    one_line(text).replace(" | ", ", ")
}

/// Paragraphs at blank lines, lines within them kept.
fn running_text(text: &str, outline: &mut Outline) {
    for paragraph in text.split("\n\n") {
        let lines: Vec<&str> = paragraph
            .lines()
            .map(str::trim_end)
            .filter(|line| !line.is_empty())
            .collect();
        outline.push(BlockKind::Paragraph, lines.join("\n"));
    }
}
