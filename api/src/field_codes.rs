//! The codes of fields' errors: docs/API.md explains each that stands in the sources of the API, of the kinds of jobs and of addresses.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// Each is followed by the field, and that by the code.
const CONSTRUCTORS: [&str; 2] = ["FieldError::new(", ".error("];

/// Notes the codes in the sources of a folder.
fn collect(folder: &Path, found: &mut BTreeSet<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") && !path.ends_with("field_codes.rs") {
            let text = fs::read_to_string(&path).unwrap();
            for constructor in CONSTRUCTORS {
                let calls = text.match_indices(constructor);
                found.extend(calls.filter_map(|(at, _)| code(&text[at + constructor.len()..])));
            }
        }
    }
}

/// The second of the arguments that the text begins with, where it is a word in quotation marks.
fn code(arguments: &str) -> Option<String> {
    let (_, rest) = arguments.split_once(',')?;
    let (word, _) = rest.trim_start().strip_prefix('"')?.split_once('"')?;
    let is_code = !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
    is_code.then(|| word.to_owned())
}

#[test]
fn the_documentation_explains_every_code_of_a_fields_error() {
    let mut codes = BTreeSet::new();
    for sources in ["../api/src", "../jobs/src", "../integrations/src"] {
        collect(&Path::new(env!("CARGO_MANIFEST_DIR")).join(sources), &mut codes);
    }
    assert!(codes.len() >= 25, "{codes:?}");
    let documentation = include_str!("../../docs/API.md");
    let (_, table) = documentation.split_once("| `errors[].code` | the field |\n").unwrap();
    let rows = table.lines().take_while(|line| line.starts_with('|'));
    let first: String = rows.map(|row| row.split('|').nth(1).unwrap_or_default()).collect();
    for code in codes {
        assert!(
            first.contains(&format!("`{code}`")),
            "docs/API.md does not explain {code}"
        );
    }
}
