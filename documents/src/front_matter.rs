mod bounded_value;
mod toml_strings;

use serde_json::{Map, Value};

use bounded_value::BoundedValue;

/// Longer front matter is not read as such.
const MAX_BYTES: usize = 64 * 1024;
/// The YAML scanner takes time in the square of how deep brackets nest.
const MAX_BRACKETS: usize = 2_000;

/// Splits front matter from the text after it: YAML (a first line `---`, ended by a line `---` or `...`), or TOML between lines `+++`, of
/// which only the texts in quotes are read.
///
/// Front matter that is not valid YAML, or expands beyond reason through aliases, is dropped and gives no metadata, as long as each of its
/// lines looks like YAML. What parses as anything but a mapping, such as a sentence between two rulers, is text and stays.
pub(crate) fn split(text: &str) -> (Map<String, Value>, &str) {
    if let Some((yaml, rest)) = fenced(text, "---", &["---", "..."]) {
        return match mapping(yaml) {
            Some(metadata) => (metadata, rest),
            None => (Map::new(), text),
        };
    }
    let toml = fenced(text, "+++", &["+++"]);
    let read = toml.and_then(|(toml, rest)| Some((toml_strings::read(toml)?, rest)));
    read.unwrap_or_else(|| (Map::new(), text))
}

/// The mapping that YAML is, empty where it is invalid; `None` of what is text.
fn mapping(yaml: &str) -> Option<Map<String, Value>> {
    let too_many_brackets = yaml.bytes().filter(|byte| matches!(byte, b'[' | b'{')).count() > MAX_BRACKETS;
    match (!too_many_brackets).then(|| BoundedValue::read(yaml)) {
        Some(Ok(Value::Object(metadata))) => Some(metadata),
        Some(Ok(Value::Null)) => Some(Map::new()),
        Some(Err(_)) | None if yaml.lines().all(looks_like_yaml) => Some(Map::new()),
        _ => None,
    }
}

/// A key, an item, a comment, or what stands under one of them. Words before a colon, as in a sentence, are no key.
fn looks_like_yaml(line: &str) -> bool {
    let key = line
        .split_once(':')
        .filter(|(_, value)| value.is_empty() || value.starts_with([' ', '\t']));
    let is_key = |key: &str| key.starts_with(['"', '\'']) || !key.trim_end().contains(char::is_whitespace);
    line.trim().is_empty()
        || line.starts_with([' ', '\t', '#', ']', '}'])
        || line.trim_end() == "-"
        || line.starts_with("- ")
        || key.is_some_and(|(key, _)| is_key(key))
}

fn fenced<'t>(text: &'t str, opens: &str, closes: &[&str]) -> Option<(&'t str, &'t str)> {
    let (first, body) = text.split_once('\n')?;
    // A blank line follows a ruler between sections, whose text may well read as YAML; Pandoc tells them apart by it too.
    if first.trim_end() != opens || body.lines().next().is_none_or(|line| line.trim().is_empty()) {
        return None;
    }
    let mut end = 0;
    for line in body.split_inclusive('\n') {
        if closes.contains(&line.trim_end()) {
            return Some((body.get(..end)?, body.get(end + line.len()..)?));
        }
        end += line.len();
        if end > MAX_BYTES {
            return None;
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use serde_json::{Value, json};

    use super::split;

    #[test]
    fn front_matter_becomes_metadata() {
        let (metadata, rest) =
            split("---\ntitle: \"A: b\"\ntags: [x, 2, 2.5, null, true]\n3: {deep: [1]}\ndate: 2024-01-02\n---\nText");
        let expected =
            json!({"title": "A: b", "tags": ["x", 2, 2.5, null, true], "3": {"deep": [1]}, "date": "2024-01-02"});
        assert_eq!((Value::Object(metadata), rest), (expected, "Text"));
    }

    #[test]
    fn invalid_front_matter_is_dropped_without_an_error() {
        for yaml in ["a: [", "a: b: c", "\tx: 1", "a: *nowhere", "a: &a [*a]"] {
            let text = format!("---\n{yaml}\n---\nText");
            let (metadata, rest) = split(&text);
            assert!(metadata.is_empty(), "{yaml}");
            assert_eq!(rest, "Text", "{yaml}");
        }
    }

    #[test]
    fn text_between_two_rulers_is_not_front_matter() {
        for text in [
            "---\nA sentence.\n---\nText",
            "---\nnever closed",
            "----\na: b\n---\n",
            " ---\na: b\n---\n",
        ] {
            let (metadata, rest) = split(text);
            assert!(metadata.is_empty());
            assert_eq!(rest, text);
        }
    }

    #[test]
    fn a_nul_escape_does_not_get_through() {
        let (metadata, _) = split("---\n\"a\\0b\": \"c\\0d\"\n---\n");
        assert_eq!(Value::Object(metadata), json!({"a\u{FFFD}b": "c\u{FFFD}d"}));
    }

    #[test]
    fn bombs_of_aliases_and_of_nesting_are_dropped_quickly() {
        let lol: String = (1..30)
            .map(|i| format!("l{i}: &l{i} [*l{0},*l{0},*l{0},*l{0},*l{0}]\n", i - 1))
            .collect();
        let wide = format!("a: &a {}\nb: [{}]\n", "x".repeat(30_000), "*a,".repeat(10_000));
        let deep = format!("a: {}", "[".repeat(60_000));
        let deep_maps = format!("a: {}", "{a: ".repeat(15_000));
        let dashes = format!("a:\n {}x", "- ".repeat(30_000));
        let quadratic = format!("a: {}", "[".repeat(1_900));
        for yaml in [format!("l0: &l0 lol\n{lol}"), wide, deep, deep_maps, dashes, quadratic] {
            let text = format!("---\n{yaml}\n---\nText");
            let start = Instant::now();
            let (metadata, rest) = split(&text);
            assert!(
                start.elapsed() < Duration::from_secs(5),
                "{:?} {:?}",
                yaml.get(..20),
                start.elapsed()
            );
            assert_eq!((metadata.len(), rest), (0, "Text"));
        }
    }

    #[test]
    fn a_ruler_above_a_blank_line_begins_no_front_matter() {
        for between in [
            "\n# Refund policy\n\nNote: we refund within 30 days. See also: the terms.\n\n* Keep the receipt\n\n",
            "\n# Refund policy\n\nWe refund within 30 days.\n\n- Contact: support\n\n",
            "\n# Refund policy\n\nNote: we refund within 30 days.\n\n",
        ] {
            let text = format!("---\n{between}---\n\nMore text.\n");
            let (metadata, rest) = split(&text);
            assert_eq!((metadata.len(), rest), (0, text.as_str()));
        }
    }

    #[test]
    fn sentences_between_two_rulers_are_not_dropped_as_invalid_front_matter() {
        for between in [
            "# Refund policy\n\nNote: we refund within 30 days. See also: the terms.\n\n* Keep the receipt",
            "We refund: at once: always.\nAnd [all of it",
        ] {
            let text = format!("---\n{between}\n---\nMore text.\n");
            let (metadata, rest) = split(&text);
            assert_eq!((metadata.len(), rest), (0, text.as_str()));
        }
    }

    #[test]
    fn front_matter_in_toml_gives_its_texts() {
        let (metadata, rest) = split(
            "+++\ntitle = \"A \\\"b\\\"\" # why\ndescription = 'What it is'\ntags = [\n  \"x\",\n]\ndraft = false\n\n[extra]\ntitle = \"Other\"\n+++\nText",
        );
        let expected = json!({"title": "A \"b\"", "description": "What it is"});
        assert_eq!((Value::Object(metadata), rest), (expected, "Text"));
        for text in ["+++\nA sentence.\n+++\nText", "+++\na = 1\n---\nText"] {
            let (metadata, rest) = split(text);
            assert_eq!((metadata.len(), rest), (0, text));
        }
    }
}
