use std::collections::{HashMap, HashSet};

use roxmltree::Node;

use crate::numerals::{letters, roman};
use crate::package::{attribute, child, child_named, is_on, value};

pub(super) const LEVELS: usize = 9;
/// Of a level's pattern, such as `%1.%2)`.
const MAX_PATTERN_BYTES: usize = 40;

/// Which list and level a paragraph or a style names; id `0` takes a paragraph out of its list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct NumberingRef {
    pub(super) id: Option<String>,
    pub(super) level: Option<usize>,
}

impl NumberingRef {
    /// From paragraph properties.
    pub(super) fn read(properties: Node<'_, '_>) -> NumberingRef {
        let Some(node) = child(properties, "numPr") else {
            return NumberingRef::default();
        };
        let level = value(node, "ilvl").and_then(|level| level.parse().ok());
        NumberingRef {
            id: value(node, "numId").map(str::to_owned),
            level: level.map(|level: usize| level.min(LEVELS - 1)),
        }
    }
}

#[derive(Debug, Clone, Default)]
struct Level {
    start: u32,
    format: String,
    pattern: String,
    style: Option<String>,
    /// Whatever the outer levels are, it shows their numbers in decimals.
    legal: bool,
    /// Goes on counting when an outer level moves.
    never_restarts: bool,
}

#[derive(Debug, Default)]
struct Abstract {
    levels: [Level; LEVELS],
    /// Its levels are those of the list that this style names.
    style_link: Option<String>,
}

#[derive(Debug, Default)]
struct List {
    abstract_id: String,
    starts: [Option<u32>; LEVELS],
    replaced: HashMap<usize, Level>,
}

/// What stands before a paragraph.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Marker {
    Bullet,
    /// As Word shows it: `3.`, `2.1`, `b)`.
    Number(String),
    None,
}

/// The lists of a document, and how far each has been counted.
#[derive(Debug, Default)]
pub(super) struct Numbering {
    abstracts: HashMap<String, Abstract>,
    lists: HashMap<String, List>,
    /// The list that a numbering style stands for.
    style_lists: HashMap<String, String>,
    counters: HashMap<String, [Option<u32>; LEVELS]>,
    started: HashSet<(String, usize)>,
}

impl Numbering {
    pub(super) fn read(root: Node<'_, '_>) -> Numbering {
        let mut numbering = Numbering::default();
        for node in child_named(root, "abstractNum") {
            let Some(id) = attribute(node, "abstractNumId") else {
                continue;
            };
            let mut read = Abstract {
                style_link: value(node, "numStyleLink").map(str::to_owned),
                ..Abstract::default()
            };
            for level in child_named(node, "lvl") {
                if let Some(slot) = level_index(level).and_then(|index| read.levels.get_mut(index)) {
                    *slot = read_level(level);
                }
            }
            if let Some(style) = value(node, "styleLink") {
                numbering.style_lists.insert(style.to_owned(), id.to_owned());
            }
            numbering.abstracts.insert(id.to_owned(), read);
        }
        for node in child_named(root, "num") {
            let (Some(id), Some(abstract_id)) = (attribute(node, "numId"), value(node, "abstractNumId")) else {
                continue;
            };
            let mut list = List {
                abstract_id: abstract_id.to_owned(),
                ..List::default()
            };
            for change in child_named(node, "lvlOverride") {
                let Some(index) = level_index(change) else { continue };
                if let Some(start) = list.starts.get_mut(index) {
                    *start = value(change, "startOverride").and_then(|start| start.parse().ok());
                }
                if let Some(level) = child(change, "lvl") {
                    list.replaced.insert(index, read_level(level));
                }
            }
            numbering.lists.insert(id.to_owned(), list);
        }
        numbering
    }

    /// The level of a list that belongs to a style.
    pub(super) fn level_of_style(&self, id: &str, style: &str) -> Option<usize> {
        let levels = &self.abstract_of(self.lists.get(id)?)?.1.levels;
        levels.iter().position(|level| level.style.as_deref() == Some(style))
    }

    /// Counts the next paragraph of a list; `None` when there is no such list.
    pub(super) fn next(&mut self, id: &str, level: usize) -> Option<Marker> {
        let list = self.lists.get(id)?;
        let (abstract_id, found) = self.abstract_of(list)?;
        let levels: Vec<Level> = (0..LEVELS)
            .map(|index| {
                list.replaced
                    .get(&index)
                    .or(found.levels.get(index))
                    .cloned()
                    .unwrap_or_default()
            })
            .collect();
        let abstract_id = abstract_id.to_owned();
        let restart = list.starts.get(level).copied().flatten();
        let restart = restart.filter(|_| self.started.insert((id.to_owned(), level)));
        let counters = self.counters.entry(abstract_id).or_default();
        for (index, (counter, of_level)) in counters.iter_mut().zip(&levels).enumerate() {
            match index.cmp(&level) {
                std::cmp::Ordering::Less => *counter = Some(counter.unwrap_or(of_level.start)),
                std::cmp::Ordering::Equal => {
                    *counter = Some(match (restart, *counter) {
                        (Some(start), _) => start,
                        (None, Some(counter)) => counter.saturating_add(1),
                        (None, None) => of_level.start,
                    });
                }
                std::cmp::Ordering::Greater if of_level.never_restarts => {}
                std::cmp::Ordering::Greater => *counter = None,
            }
        }
        let counters = *counters;
        levels.get(level).map(|own| marker(own, &levels, &counters))
    }

    fn abstract_of<'n>(&'n self, list: &'n List) -> Option<(&'n str, &'n Abstract)> {
        let found = self.abstracts.get(&list.abstract_id)?;
        let linked = found.style_link.as_ref().and_then(|style| {
            let id = self.style_lists.get(style)?;
            Some((id.as_str(), self.abstracts.get(id)?))
        });
        Some(linked.unwrap_or((list.abstract_id.as_str(), found)))
    }
}

fn level_index(node: Node<'_, '_>) -> Option<usize> {
    attribute(node, "ilvl")?.parse().ok()
}

fn read_level(node: Node<'_, '_>) -> Level {
    Level {
        start: value(node, "start").and_then(|start| start.parse().ok()).unwrap_or(1),
        format: value(node, "numFmt").unwrap_or("decimal").to_owned(),
        pattern: value(node, "lvlText")
            .filter(|pattern| pattern.len() <= MAX_PATTERN_BYTES)
            .unwrap_or_default()
            .to_owned(),
        style: value(node, "pStyle").map(str::to_owned),
        legal: is_on(node, "isLgl"),
        never_restarts: value(node, "lvlRestart") == Some("0"),
    }
}

fn marker(own: &Level, levels: &[Level], counters: &[Option<u32>; LEVELS]) -> Marker {
    match own.format.as_str() {
        "bullet" => return Marker::Bullet,
        "none" | "" => return Marker::None,
        _ => {}
    }
    let mut label = own.pattern.clone();
    for (index, (level, counter)) in levels.iter().zip(counters).enumerate() {
        let place = format!("%{}", index + 1);
        if label.contains(&place) {
            let number = counter.unwrap_or(level.start);
            let format = match level.format.as_str() {
                "decimalZero" => "decimalZero",
                _ if own.legal => "decimal",
                format => format,
            };
            label = label.replace(&place, &formatted(number, format));
        }
    }
    match label.trim() {
        "" => Marker::None,
        label => Marker::Number(label.to_owned()),
    }
}

fn formatted(number: u32, format: &str) -> String {
    match format {
        "decimalZero" => format!("{number:02}"),
        "lowerLetter" => letters(number),
        "upperLetter" => letters(number).to_uppercase(),
        "lowerRoman" => roman(number),
        "upperRoman" => roman(number).to_uppercase(),
        _ => number.to_string(),
    }
}
