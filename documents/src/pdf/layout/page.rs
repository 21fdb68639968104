use super::columns::{self, Item};
use super::geometry::{Glyph, PageContent};
use super::lines::{self, Line, Piece};
use super::{ruled_tables, segments, words};

/// One page in reading order.
#[derive(Debug)]
pub(in crate::pdf) struct PageLayout {
    pub(super) height: f32,
    /// Columns, and what is above and below them, in reading order.
    pub(super) regions: Vec<Vec<Piece>>,
}

impl PageLayout {
    pub(in crate::pdf) fn of(content: PageContent) -> PageLayout {
        let PageContent {
            width,
            height,
            glyphs,
            rules,
        } = content;
        let turned = Turned::split(glyphs, width, height);
        let mut regions = read(turned.upright, &rules);
        for glyphs in turned.others {
            regions.extend(read(glyphs, &[]));
        }
        PageLayout { height, regions }
    }

    pub(super) fn lines(&self) -> impl Iterator<Item = &Line> {
        self.regions.iter().flatten().filter_map(|piece| match piece {
            Piece::Line(line) => Some(line),
            Piece::Table(_) => None,
        })
    }
}

fn read(glyphs: Vec<Glyph>, rules: &[super::Rule]) -> Vec<Vec<Piece>> {
    let mut segments = segments::segments(words::rows(glyphs));
    let tables = ruled_tables::take(rules, &mut segments);
    let items = segments
        .into_iter()
        .map(Item::Text)
        .chain(tables.into_iter().map(Item::Table))
        .collect();
    columns::regions(items).into_iter().map(lines::pieces).collect()
}

/// Glyphs by the direction of their text, turned so that all go from left to right.
struct Turned {
    upright: Vec<Glyph>,
    others: Vec<Vec<Glyph>>,
}

impl Turned {
    /// Text at other angles, as of a watermark, and what lies outside the page are left out.
    fn split(glyphs: Vec<Glyph>, width: f32, height: f32) -> Turned {
        let mut upright = Vec::with_capacity(glyphs.len());
        let (mut up, mut down, mut over) = (Vec::new(), Vec::new(), Vec::new());
        for mut glyph in glyphs {
            let (x, y) = (glyph.x, glyph.baseline);
            let slack = glyph.size;
            if x < -slack || y < -slack || x > width + slack || y > height + slack {
                continue;
            }
            let (along, across) = glyph.direction;
            if along.abs() > 5.0 * across.abs() {
                if along > 0.0 {
                    upright.push(glyph);
                } else {
                    (glyph.x, glyph.baseline) = (width - x, height - y);
                    over.push(glyph);
                }
            } else if across.abs() > 5.0 * along.abs() {
                if across < 0.0 {
                    (glyph.x, glyph.baseline) = (height - y, x);
                    up.push(glyph);
                } else {
                    (glyph.x, glyph.baseline) = (y, width - x);
                    down.push(glyph);
                }
            }
        }
        let others = [up, down, over]
            .into_iter()
            .filter(|glyphs| !glyphs.is_empty())
            .collect();
        Turned { upright, others }
    }
}
