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
        let close = if kind.contains("Paren") { ")" } else { "." };
        match kind.get(..5) {
            Some("alpha") => match u8::try_from(number.saturating_sub(1)).ok().filter(|index| *index < 26) {
                Some(index) => format!("{}{close} ", char::from(b'a' + index)),
                None => format!("{number}{close} "),
            },
            _ => format!("{number}{close} "),
        }
    }

    /// A paragraph that is not numbered ends the count of its level.
    pub(super) fn end_below(&mut self, level: usize) {
        for counter in self.counters.iter_mut().skip(level) {
            *counter = None;
        }
    }
}
