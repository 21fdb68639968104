//! Which cells of a ruled table are one, and which of its words are one line.

use std::cmp::Ordering;
use std::collections::BTreeSet;

use super::words::Word;

/// Words of one line, whose baselines differ by less, that are nearer to each other than so many sizes, belong together.
const SAME_BASELINE: f32 = 2.0;
const WORD_GAP: f32 = 0.6;

/// Where a table's words lie between its level lines. What is on a line lies on both sides of it.
pub(super) fn by_row<'w>(ys: &[f32], words: &[&'w Word]) -> Vec<Vec<&'w Word>> {
    let mut rows: Vec<Vec<&Word>> = vec![Vec::new(); ys.len().saturating_sub(1)];
    for word in words {
        let y = word.area.centre().1;
        let (from, to) = (
            ys.partition_point(|line| *line < y),
            ys.partition_point(|line| *line <= y),
        );
        for row in from.saturating_sub(1)..to {
            if let Some(row) = rows.get_mut(row) {
                row.push(word);
            }
        }
    }
    rows
}

/// Which of the upright lines at `xs` the text of a row runs across: through a word, or between two that belong together. Takes the words in order, so that many on one row
/// take hardly longer than few.
pub(super) fn crossed<W>(words: &[W], word: impl Fn(&W) -> &Word, xs: &[f32]) -> Vec<bool> {
    let mut marks = Marks::of(xs.len());
    for it in words {
        let area = word(it).area;
        marks.add(
            xs.partition_point(|x| *x <= area.left),
            xs.partition_point(|x| *x < area.right),
        );
    }
    let mut sorted: Vec<&W> = words.iter().collect();
    sorted.sort_by(|a, b| word(a).baseline.total_cmp(&word(b).baseline));
    // Where those begin that are on a line with the one that is looked at.
    let mut beginnings: BTreeSet<(Place, usize)> = BTreeSet::new();
    let (mut gone, mut come) = (0, 0);
    for it in &sorted {
        let left = word(it);
        while let Some(next) = sorted.get(come).map(|next| word(next))
            && next.baseline - left.baseline < SAME_BASELINE
        {
            beginnings.insert((Place(next.area.left), come));
            come += 1;
        }
        while let Some(last) = sorted.get(gone).map(|last| word(last))
            && gone < come
            && left.baseline - last.baseline >= SAME_BASELINE
        {
            beginnings.remove(&(Place(last.area.left), gone));
            gone += 1;
        }
        let reach = Place(left.area.right + WORD_GAP * left.size);
        if let Some((Place(begins), _)) = beginnings.range(..(reach, 0)).next_back() {
            marks.add(
                xs.partition_point(|x| *x < left.area.right),
                xs.partition_point(|x| x <= begins),
            );
        }
    }
    marks.marked()
}

/// The nearest of the lines with these baselines, ascending, if the word is nearer to it than so many sizes.
pub(super) fn line_of(word: &Word, lines: &[f32], tolerance: f32) -> Option<usize> {
    let next = lines.partition_point(|line| *line < word.baseline);
    let distance = |line: usize| lines.get(line).map(|line| (line - word.baseline).abs());
    let candidates = [next.checked_sub(1), Some(next)].into_iter().flatten();
    let nearest = candidates
        .filter_map(|line| Some((line, distance(line)?)))
        .min_by(|a, b| a.1.total_cmp(&b.1));
    let (line, _) = nearest.filter(|(_, distance)| *distance < tolerance * word.size)?;
    Some(line)
}

/// Ranges of places, added up.
struct Marks(Vec<i64>);

impl Marks {
    fn of(places: usize) -> Marks {
        Marks(vec![0; places + 1])
    }

    fn add(&mut self, from: usize, to: usize) {
        if from < to
            && let Some(range) = self.0.get_mut(from..=to)
        {
            if let Some(first) = range.first_mut() {
                *first += 1;
            }
            if let Some(last) = range.last_mut() {
                *last -= 1;
            }
        }
    }

    fn marked(mut self) -> Vec<bool> {
        self.0.pop();
        let open = self.0.into_iter().scan(0, |open, change| {
            *open += change;
            Some(*open > 0)
        });
        open.collect()
    }
}

#[derive(Clone, Copy)]
struct Place(f32);

impl Ord for Place {
    fn cmp(&self, other: &Place) -> Ordering {
        self.0.total_cmp(&other.0)
    }
}

impl PartialOrd for Place {
    fn partial_cmp(&self, other: &Place) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Place {
    fn eq(&self, other: &Place) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Place {}

#[cfg(test)]
mod tests {
    use super::crossed;
    use crate::pdf::layout::geometry::Area;
    use crate::pdf::layout::words::Word;
    use std::cell::Cell;

    fn word(left: f32, right: f32, baseline: f32) -> Word {
        Word {
            text: "word".to_owned(),
            area: Area {
                left,
                top: baseline - 7.5,
                right,
                bottom: baseline + 2.5,
            },
            baseline,
            size: 10.0,
            weight: (0, 0),
            pitch: None,
        }
    }

    #[test]
    fn text_runs_across_a_line_through_a_word_and_between_two_that_belong_together() {
        let xs = [50.0, 100.0, 150.0, 200.0];
        let crossed = |words: &[Word]| crossed(words, |word| word, &xs);
        assert_eq!(crossed(&[word(60.0, 110.0, 20.0)]), [false, true, false, false]);
        assert_eq!(
            crossed(&[word(60.0, 98.0, 20.0), word(103.0, 152.0, 21.5)]),
            [false, true, true, false]
        );
        for apart in [word(103.0, 140.0, 23.0), word(105.0, 140.0, 20.0)] {
            assert_eq!(crossed(&[word(60.0, 98.0, 20.0), apart]), [false; 4]);
        }
        assert_eq!(crossed(&[]), [false; 4]);
    }

    #[test]
    fn many_words_in_a_row_are_looked_at_a_few_times_each() {
        // On many lines that are hardly apart, and in many columns.
        let count = 20_000_u16;
        let words: Vec<Word> = (0..count)
            .map(|n| {
                let left = f32::from(n % 100) * 8.0;
                word(left, left + 7.0, f32::from(n) / 1_000.0)
            })
            .collect();
        let xs: Vec<f32> = (0..100_u16).map(|n| f32::from(n) * 8.0).collect();
        let looks = Cell::new(0_u32);
        let crossed = crossed(
            &words,
            |word| {
                looks.set(looks.get() + 1);
                word
            },
            &xs,
        );
        assert!(crossed.iter().filter(|crossed| **crossed).count() > 90);
        assert!(looks.get() < 100 * u32::from(count), "{} looks", looks.get());
    }
}
