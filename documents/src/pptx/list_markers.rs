use crate::numerals::{letters, roman};

/// Levels of a text frame.
const LEVELS: usize = 9;

/// Numbers the paragraphs of one text frame, level by level.
#[derive(Debug, Default)]
pub(super) struct ListMarkers {
    counters: [Option<u32>; LEVELS],
}

impl ListMarkers {
    /// The next number of a level, as `a:buAutoNum` wants it shown; deeper levels begin anew.
    pub(super) fn number(&mut self, level: usize, kind: &str, start: u32) -> String {
        let mut number = start;
        if let Some(counter) = self.counters.get_mut(level) {
            number = counter.map_or(start, |counter| counter.saturating_add(1));
            *counter = Some(number);
        }
        self.end_below(level + 1);
        let open = if kind.ends_with("ParenBoth") { "(" } else { "" };
        let close = if kind.contains("Paren") { ")" } else { "." };
        let label = match kind.get(..7).unwrap_or_default() {
            "alphaLc" => letters(number),
            "alphaUc" => letters(number).to_uppercase(),
            "romanLc" => roman(number),
            "romanUc" => roman(number).to_uppercase(),
            _ => number.to_string(),
        };
        format!("{open}{label}{close} ")
    }

    /// A paragraph that is not numbered ends the count of its level.
    pub(super) fn end_below(&mut self, level: usize) {
        for counter in self.counters.iter_mut().skip(level) {
            *counter = None;
        }
    }
}
