use std::cell::RefCell;
use std::collections::HashMap;

use super::CountTokens;
use super::tokens::cost;
use crate::whitespace::truncate;

/// The title line of a chunk's `embed_text`, within a third of what the model takes.
pub(super) struct Prefixes<'t> {
    title: &'t str,
    limit: usize,
    tokens: &'t dyn CountTokens,
    /// Prefix and cost by heading path: neighbouring chunks share them.
    known: RefCell<HashMap<Vec<String>, (String, usize)>>,
}

pub(super) const MAX_TITLE_BYTES: usize = 300;
/// Paths remembered at a time.
const MAX_KNOWN: usize = 256;

impl<'t> Prefixes<'t> {
    pub(super) fn new(title: &'t str, max_tokens: usize, tokens: &'t dyn CountTokens) -> Self {
        Prefixes {
            title: truncate(title, MAX_TITLE_BYTES),
            limit: max_tokens / 3,
            tokens,
            known: RefCell::default(),
        }
    }

    /// Whether the first heading only repeats the title.
    pub(super) fn repeats_title(&self, headings: &[String]) -> bool {
        headings.first().is_some_and(|first| first == self.title)
    }

    /// The prefix for text under `headings`, and what it takes up.
    pub(super) fn get(&self, headings: &[String]) -> (String, usize) {
        if let Some(known) = self.known.borrow().get(headings) {
            return known.clone();
        }
        let made = self.make(headings);
        let mut known = self.known.borrow_mut();
        if known.len() >= MAX_KNOWN {
            known.clear();
        }
        known.insert(headings.to_vec(), made.clone());
        made
    }

    /// The whole path if it fits, else less and less of it.
    fn make(&self, headings: &[String]) -> (String, usize) {
        let headings = headings
            .get(usize::from(self.repeats_title(headings))..)
            .unwrap_or_default();
        let path: Vec<&str> = std::iter::once(self.title)
            .chain(headings.iter().map(String::as_str))
            .filter(|part| !part.is_empty())
            .collect();
        let first = path.first().copied().unwrap_or_default();
        let last = path.last().copied().unwrap_or_default();
        let shorter = [
            path.join(" > "),
            if path.len() > 2 {
                format!("{first} > {last}")
            } else {
                String::new()
            },
            last.to_owned(),
            // Even one byte a token fits then.
            truncate(last, self.limit).trim_end().to_owned(),
        ];
        for prefix in shorter.into_iter().filter(|prefix| !prefix.is_empty()) {
            let line = format!("{prefix}\n");
            let cost = cost(&line, self.tokens);
            if cost <= self.limit {
                return (line, cost);
            }
        }
        (String::new(), 0)
    }
}
