/// A rectangle on a page, in points, with the origin at the top left.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in crate::pdf) struct Area {
    pub(in crate::pdf) left: f32,
    pub(in crate::pdf) top: f32,
    pub(in crate::pdf) right: f32,
    pub(in crate::pdf) bottom: f32,
}

impl Area {
    pub(super) fn width(&self) -> f32 {
        self.right - self.left
    }

    pub(super) fn height(&self) -> f32 {
        self.bottom - self.top
    }

    pub(super) fn centre(&self) -> (f32, f32) {
        ((self.left + self.right) / 2.0, (self.top + self.bottom) / 2.0)
    }

    pub(super) fn contains(&self, (x, y): (f32, f32)) -> bool {
        (self.left..=self.right).contains(&x) && (self.top..=self.bottom).contains(&y)
    }

    pub(super) fn union(self, other: Area) -> Area {
        Area {
            left: self.left.min(other.left),
            top: self.top.min(other.top),
            right: self.right.max(other.right),
            bottom: self.bottom.max(other.bottom),
        }
    }

    /// Of none it is `None`.
    pub(super) fn around(areas: impl IntoIterator<Item = Area>) -> Option<Area> {
        areas.into_iter().reduce(Area::union)
    }
}

/// One glyph as drawn.
#[derive(Debug, Clone)]
pub(in crate::pdf) struct Glyph {
    /// What it stands for; several characters for a ligature.
    pub(in crate::pdf) text: String,
    pub(in crate::pdf) x: f32,
    pub(in crate::pdf) baseline: f32,
    pub(in crate::pdf) advance: f32,
    /// The size of the font on the page.
    pub(in crate::pdf) size: f32,
    /// Where the line of text goes; not normalised.
    pub(in crate::pdf) direction: (f32, f32),
    /// `None` where the font does not tell.
    pub(in crate::pdf) bold: Option<bool>,
}

/// A ruling line: thin, and level or upright.
#[derive(Debug, Clone, Copy)]
pub(in crate::pdf) enum Rule {
    Level { y: f32, left: f32, right: f32 },
    Upright { x: f32, top: f32, bottom: f32 },
}

/// Shorter lines are strokes of a drawing.
const MIN_RULE: f32 = 6.0;
const MAX_THICKNESS: f32 = 3.0;

impl Rule {
    pub(in crate::pdf) fn of(area: Area) -> Option<Rule> {
        if area.height() <= MAX_THICKNESS && area.width() >= MIN_RULE {
            return Some(Rule::Level {
                y: area.centre().1,
                left: area.left,
                right: area.right,
            });
        }
        (area.width() <= MAX_THICKNESS && area.height() >= MIN_RULE).then_some(Rule::Upright {
            x: area.centre().0,
            top: area.top,
            bottom: area.bottom,
        })
    }
}

/// What a page draws, as far as its layout needs it.
#[derive(Debug, Default)]
pub(in crate::pdf) struct PageContent {
    pub(in crate::pdf) width: f32,
    pub(in crate::pdf) height: f32,
    pub(in crate::pdf) glyphs: Vec<Glyph>,
    pub(in crate::pdf) rules: Vec<Rule>,
}
