use roxmltree::Node;

use crate::numerals::{letters, roman};
use crate::package::attribute;
use crate::whitespace::truncate;

/// OpenDocument's own limit.
pub(super) const LEVELS: usize = 10;
/// Of what stands before and behind a number.
const MAX_AFFIX_BYTES: usize = 40;

#[derive(Debug, Clone, Default)]
struct Level {
    is_number: bool,
    /// `1`, `a`, `A`, `i` or `I`; empty where nothing is shown.
    format: String,
    prefix: String,
    suffix: String,
    /// How many numbers are shown, with those of the levels above.
    shown: usize,
    start: u32,
}

/// A list style: what stands before the items of each level.
#[derive(Debug, Clone, Default)]
pub(super) struct List {
    levels: [Option<Level>; LEVELS],
}

/// What stands before a paragraph.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Marker {
    Bullet,
    /// As it is shown: `3.`, `2.1`, `b)`.
    Number(String),
    None,
}

/// How far the levels of a list are counted.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Counts([Option<u32>; LEVELS]);

impl List {
    pub(super) fn read(node: Node<'_, '_>) -> List {
        let mut list = List::default();
        for node in node.children().filter(Node::is_element) {
            let number = |name| attribute(node, name).and_then(|value| value.parse::<u32>().ok());
            let is_number = matches!(
                node.tag_name().name(),
                "list-level-style-number" | "outline-level-style"
            );
            let affix = |name| truncate(attribute(node, name).unwrap_or_default(), MAX_AFFIX_BYTES).to_owned();
            let level = Level {
                is_number,
                format: attribute(node, "num-format").unwrap_or_default().to_owned(),
                prefix: affix("num-prefix"),
                suffix: affix("num-suffix"),
                shown: number("display-levels").map_or(1, |shown| (shown as usize).clamp(1, LEVELS)),
                start: number("start-value").unwrap_or(1),
            };
            let index = number("level").and_then(|level| (level as usize).checked_sub(1));
            if let Some(slot) = index.and_then(|index| list.levels.get_mut(index)) {
                *slot = Some(level);
            }
        }
        list
    }

    fn level(&self, index: usize) -> Option<&Level> {
        self.levels.get(index)?.as_ref()
    }

    /// Counts an item of a level, from 0; `start` is where it says that it begins anew.
    pub(super) fn next(&self, level: usize, start: Option<u32>, counts: &mut Counts) -> Marker {
        let level = level.min(LEVELS - 1);
        let Some(style) = self.level(level) else {
            return Marker::Bullet;
        };
        if let Some(count) = counts.0.get_mut(level) {
            let next = count.map_or(style.start, |count| count.saturating_add(1));
            *count = Some(start.unwrap_or(next));
        }
        for deeper in counts.0.iter_mut().skip(level + 1) {
            *deeper = None;
        }
        match style.is_number {
            false => Marker::Bullet,
            true => self.label(level, style, counts),
        }
    }

    fn label(&self, level: usize, style: &Level, counts: &Counts) -> Marker {
        if style.format.is_empty() {
            return Marker::None;
        }
        let first = (level + 1).saturating_sub(style.shown);
        let numbers: Vec<String> = (first..=level)
            .filter_map(|index| {
                let of_level = self.level(index).filter(|level| !level.format.is_empty())?;
                let count = counts.0.get(index).copied().flatten().unwrap_or(of_level.start);
                Some(shown(count, &of_level.format))
            })
            .collect();
        Marker::Number(
            format!("{}{}{}", style.prefix, numbers.join("."), style.suffix)
                .trim()
                .to_owned(),
        )
    }
}

fn shown(count: u32, format: &str) -> String {
    match format {
        "a" => letters(count),
        "A" => letters(count).to_uppercase(),
        "i" => roman(count),
        "I" => roman(count).to_uppercase(),
        _ => count.to_string(),
    }
}
