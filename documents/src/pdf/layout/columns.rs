//! The order in which a page is read: across gutters column by column, elsewhere from top to bottom.

use super::geometry::Area;
use super::script::reads_right_to_left;
use super::segments::Segment;
use super::table::Table;

/// What stands on a page.
#[derive(Debug, Clone)]
pub(super) enum Item {
    Text(Segment),
    Table(Table),
}

impl Item {
    pub(super) fn area(&self) -> Area {
        match self {
            Item::Text(segment) => segment.area,
            Item::Table(table) => table.area,
        }
    }
}

/// Columns side by side have at least so many lines each.
const MIN_LINES: usize = 4;
/// Lines of running text have at least so many characters, on average.
const MIN_CHARACTERS: usize = 16;
const MAX_DEPTH: usize = 12;
/// Pages with more are drawings or giant tables; they are read from top to bottom.
const MAX_ITEMS: usize = 3_000;
/// Where gutters are looked for, in points apart.
const STEP: f32 = 3.0;
const MIN_GUTTER: f32 = 6.0;

/// Regions in reading order; each is read from top to bottom.
pub(super) fn regions(items: Vec<Item>) -> Vec<Vec<Item>> {
    let mut regions = Vec::new();
    let small = items.len() <= MAX_ITEMS;
    cut(items, if small { 0 } else { MAX_DEPTH }, &mut regions);
    regions
}

fn cut(items: Vec<Item>, depth: usize, regions: &mut Vec<Vec<Item>>) {
    if items.is_empty() {
        return;
    }
    let gutter = if depth < MAX_DEPTH { best_gutter(&items) } else { None };
    let Some(gutter) = gutter else {
        regions.push(items);
        return;
    };
    let (mut above, mut left, mut right, mut below) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for item in items {
        let (x, y) = item.area().centre();
        if y < gutter.top {
            above.push(item);
        } else if y > gutter.bottom {
            below.push(item);
        } else if x < gutter.x {
            left.push(item);
        } else {
            right.push(item);
        }
    }
    let text: String = left
        .iter()
        .chain(&right)
        .filter_map(|item| match item {
            Item::Text(segment) => Some(segment.text()),
            Item::Table(_) => None,
        })
        .collect();
    if reads_right_to_left(&text) {
        std::mem::swap(&mut left, &mut right);
    }
    for part in [above, left, right, below] {
        cut(part, depth + 1, regions);
    }
}

/// White space from `top` to `bottom` with text on both sides.
struct Gutter {
    x: f32,
    top: f32,
    bottom: f32,
    lines: usize,
}

fn best_gutter(items: &[Item]) -> Option<Gutter> {
    let area = Area::around(items.iter().map(Item::area))?;
    if items.len() < 2 * MIN_LINES || !area.width().is_finite() {
        return None;
    }
    let mut sorted: Vec<&Item> = items.iter().collect();
    sorted.sort_by(|a, b| a.area().top.total_cmp(&b.area().top));
    let steps = ((area.width() / STEP) as usize).min(1_000);
    (1..steps)
        .filter_map(|step| gutter_at(&sorted, area.left + step as f32 * STEP))
        .max_by_key(|gutter| gutter.lines)
}

/// The longest white stretch at `x`.
fn gutter_at(sorted: &[&Item], x: f32) -> Option<Gutter> {
    let mut best: Option<Gutter> = None;
    let mut stretch: Vec<&Item> = Vec::new();
    let mut consider = |stretch: &mut Vec<&Item>| {
        if let Some(gutter) = gutter_of(stretch, x)
            && best.as_ref().is_none_or(|best| gutter.lines > best.lines)
        {
            best = Some(gutter);
        }
        stretch.clear();
    };
    for item in sorted {
        let area = item.area();
        if area.left < x && area.right > x {
            consider(&mut stretch);
        } else {
            stretch.push(item);
        }
    }
    consider(&mut stretch);
    best
}

fn gutter_of(stretch: &[&Item], x: f32) -> Option<Gutter> {
    let (mut left, mut right): (Vec<&Item>, Vec<&Item>) =
        stretch.iter().copied().partition(|item| item.area().right <= x);
    let left_area = around(&left)?;
    let right_area = around(&right)?;
    // Only where both sides have text; what is above and below stays out of it.
    let (top, bottom) = (
        left_area.top.max(right_area.top) - 1.0,
        left_area.bottom.min(right_area.bottom) + 1.0,
    );
    let shared = |side: &mut Vec<&Item>| {
        side.retain(|item| (top..=bottom).contains(&item.area().centre().1));
    };
    shared(&mut left);
    shared(&mut right);
    let (left_shared, right_shared) = (around(&left)?, around(&right)?);
    let white = right_shared.left - left_shared.right;
    let lines = prose_lines(&left)?.min(prose_lines(&right)?);
    // One side may go on further than the other: its rest belongs to the column.
    let top = if (left_area.top - right_area.top).abs() < 40.0 {
        left_area.top.min(right_area.top) - 1.0
    } else {
        top
    };
    (lines >= MIN_LINES && white >= MIN_GUTTER).then_some(Gutter {
        x,
        top,
        bottom: left_area.bottom.max(right_area.bottom) + 1.0,
        lines,
    })
}

fn around(items: &[&Item]) -> Option<Area> {
    Area::around(items.iter().map(|item| item.area()))
}

/// The number of lines, if they are running text: long enough, and most of them filling their column.
fn prose_lines(side: &[&Item]) -> Option<usize> {
    let area = around(side)?;
    let segments: Vec<&Segment> = side
        .iter()
        .filter_map(|item| match item {
            Item::Text(segment) => Some(segment),
            Item::Table(_) => None,
        })
        .collect();
    if segments.is_empty() {
        return None;
    }
    let characters: usize = segments.iter().map(|segment| segment.characters()).sum();
    let full = segments
        .iter()
        .filter(|segment| segment.area.width() > 0.6 * area.width())
        .count();
    (characters >= MIN_CHARACTERS * segments.len() && full * 5 >= segments.len() * 2).then_some(segments.len())
}
