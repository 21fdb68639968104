//! The codes of jobs' errors: what programs that look at `error.code`, and people who ask for `?error_code=`, may meet.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
use jobs::BudgetLimit;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Every one that the errors of this crate have, and `worker_lost`, which the store sets in its place. Beside them there are those that a document is refused
/// with (`ParseError::code`), and those of the attempts of webhooks.
const CODES: [&str; 37] = [
    "budget",
    "changed_meanwhile",
    "conflict",
    "database",
    "diagnostic",
    "effect_not_done",
    "effect_unknown",
    "embedding",
    "image_too_large",
    "images_not_read",
    "integration",
    "internal",
    "invalid_config",
    "invalid_filter",
    "invalid_payload",
    "model_unavailable",
    "no_sitemap",
    "not_as_written",
    "not_configured",
    "not_found",
    "panicked",
    "parser_crashed",
    "parser_out_of_memory",
    "parser_output_too_large",
    "parser_timed_out",
    "parser_unavailable",
    "rate_limit",
    "recogniser_unavailable",
    "recognition_failed",
    "replica",
    "robots_unavailable",
    "search_too_costly",
    "stale",
    "too_many_pixels",
    "unreadable",
    "vector_server",
    "worker_lost",
];

/// Files that make an error of a code which stands elsewhere. Of `error.rs` those are [`BudgetLimit::reason`] and `model_unavailable`.
const OF_OTHERS: [&str; 4] = [
    "error.rs",
    "handlers/deliver_webhook.rs",
    "handlers/images.rs",
    "parser/error.rs",
];

const CONSTRUCTORS: [&str; 6] = [
    "JobError::retry(",
    "JobError::retry_after(",
    "JobError::permanent(",
    "Self::retry(",
    "Self::retry_after(",
    "Self::permanent(",
];

fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") && !path.ends_with("error_codes.rs") {
            found.push(path);
        }
    }
    found
}

/// The text that begins with a quotation mark.
fn literal(text: &str) -> Option<&str> {
    Some(text.trim_start().strip_prefix('"')?.split_once('"')?.0)
}

#[test]
fn every_error_of_a_job_has_a_code_of_the_list() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let (mut seen, mut elsewhere) = (BTreeSet::new(), BTreeSet::new());
    for path in sources(&root) {
        let text = fs::read_to_string(&path).unwrap();
        let name = path.strip_prefix(&root).unwrap().display().to_string();
        for constructor in CONSTRUCTORS {
            for (at, _) in text.match_indices(constructor) {
                match literal(&text[at + constructor.len()..]) {
                    Some(code) => {
                        assert!(CODES.contains(&code), "{name}: {code} is not in the list");
                        seen.insert(code.to_owned());
                    }
                    None => {
                        elsewhere.insert(name.clone());
                    }
                }
            }
        }
    }
    assert!(seen.len() >= 25, "{seen:?}");
    assert_eq!(elsewhere.into_iter().collect::<Vec<_>>(), OF_OTHERS);
    for limit in [BudgetLimit::Cost, BudgetLimit::Requests] {
        assert!(CODES.contains(&limit.reason()), "{}", limit.reason());
    }
}

#[test]
fn the_documentation_explains_every_code_of_a_jobs_error() {
    let documentation = include_str!("../../docs/API.md");
    let mut explained = BTreeSet::new();
    let mut tables = documentation.split("| `error.code` | |\n");
    tables.next();
    for table in tables {
        for row in table.lines().take_while(|line| line.starts_with('|')) {
            let first = row.split('|').nth(1).unwrap_or_default();
            // What stands between backticks.
            explained.extend(
                first
                    .split('`')
                    .enumerate()
                    .filter(|(at, _)| at % 2 == 1)
                    .map(|(_, code)| code),
            );
        }
    }
    for code in CODES {
        assert!(explained.contains(code), "docs/API.md does not explain {code}");
    }
}
