/// Ranges of rows or columns remembered; a sheet that hides more shows the rest.
const MAX_RANGES: usize = 600_000;

/// The rows and columns of a sheet that its author hid. Those that a filter hides, or a group that is folded, are data like the others: they
/// are shown by a click.
#[derive(Debug, Default)]
pub(super) struct Hidden {
    pub(super) rows: Lines,
    pub(super) columns: Lines,
}

/// Hidden rows, or hidden columns.
#[derive(Debug, Default)]
pub(super) struct Lines {
    /// First and last of each range.
    ranges: Vec<(u32, u32)>,
}

impl Lines {
    pub(super) fn hide(&mut self, first: u32, last: u32) {
        let last = last.max(first);
        let room = self.ranges.len() < MAX_RANGES;
        match self.ranges.last_mut() {
            Some(range) if first == range.1.saturating_add(1) => range.1 = last,
            _ if room => self.ranges.push((first, last)),
            _ => {}
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.ranges.is_empty()
    }

    pub(super) fn show_all(&mut self) {
        self.ranges.clear();
    }

    /// Where what is shown stands once nothing is hidden.
    pub(super) fn shown(&self) -> Shown {
        let mut ranges = self.ranges.clone();
        ranges.sort_unstable();
        let mut shown = Shown { ranges: Vec::new() };
        let mut before = 0;
        for (first, last) in ranges {
            let from = match shown.ranges.last() {
                Some(&(_, known, _)) if first <= known => known.saturating_add(1),
                _ => first,
            };
            if from <= last {
                before += last - from + 1;
                shown.ranges.push((from, last, before));
            }
        }
        shown
    }
}

/// Hidden ranges in order, each with how many lines are hidden up to its end.
pub(super) struct Shown {
    ranges: Vec<(u32, u32, u32)>,
}

impl Shown {
    /// `None` for a line that is hidden.
    pub(super) fn place(&self, line: u32) -> Option<u32> {
        let after = self.ranges.partition_point(|(first, _, _)| *first <= line);
        match after.checked_sub(1).and_then(|index| self.ranges.get(index)) {
            Some((_, last, _)) if line <= *last => None,
            Some((_, _, before)) => Some(line - before),
            None => Some(line),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Lines;

    #[test]
    fn what_is_shown_closes_up() {
        let mut lines = Lines::default();
        for (first, last) in [(8, 9), (2, 3), (4, 4), (3, 5), (0, 0)] {
            lines.hide(first, last);
        }
        let shown = lines.shown();
        let places: Vec<Option<u32>> = (0..11).map(|line| shown.place(line)).collect();
        let expected = [
            None,
            Some(0),
            None,
            None,
            None,
            None,
            Some(1),
            Some(2),
            None,
            None,
            Some(3),
        ];
        assert_eq!(places, expected);
    }
}
