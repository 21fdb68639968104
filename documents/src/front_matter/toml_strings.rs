use serde_json::{Map, Value};

/// The members of TOML that are a text in quotes on one line, above its first table: a title, a description, a date. `None` where a line is
/// no TOML.
pub(super) fn read(toml: &str) -> Option<Map<String, Value>> {
    let mut strings = Map::new();
    let mut above_tables = true;
    for line in toml.lines() {
        above_tables &= !line.starts_with('[');
        if !looks_like_toml(line) {
            return None;
        }
        if let Some((key, value)) = line.split_once('=')
            && let Some(text) = string(value.trim()).filter(|_| above_tables)
        {
            strings.insert(key.trim().to_owned(), Value::String(text.replace('\0', "\u{FFFD}")));
        }
    }
    Some(strings)
}

/// A member, a table, a comment, or what stands within a value of several lines.
fn looks_like_toml(line: &str) -> bool {
    let key = line.split_once('=').map(|(key, _)| key.trim_end());
    line.trim().is_empty()
        || line.starts_with([' ', '\t', '#', '[', ']', '}', '"', '\''])
        || key.is_some_and(|key| !key.contains(char::is_whitespace))
}

/// A string without escapes other than of a quotation mark.
fn string(value: &str) -> Option<String> {
    if let Some(literal) = value.strip_prefix('\'') {
        let (text, _) = literal.split_once('\'')?;
        return (!text.is_empty()).then(|| text.to_owned());
    }
    let mut text = String::new();
    let mut characters = value.strip_prefix('"')?.chars();
    loop {
        match characters.next()? {
            '"' => return (!text.is_empty()).then_some(text),
            '\\' => match characters.next()? {
                escaped @ ('"' | '\\') => text.push(escaped),
                _ => return None,
            },
            c => text.push(c),
        }
    }
}
