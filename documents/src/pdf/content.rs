use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use hayro_interpret::font::{Glyph as DrawnGlyph, GlyphRun};
use hayro_interpret::hayro_cmap::BfString;
use hayro_interpret::hayro_syntax::Pdf;
use hayro_interpret::hayro_syntax::page::Page;
use hayro_interpret::kurbo::{Affine, BezPath, PathEl, Point, Rect};
use hayro_interpret::{
    BlendMode, ClipPath, Context, Device, DrawMode, DrawProps, Image, ImageDrawProps, InterpreterCache,
    InterpreterSettings, SoftMask, TransformExt, interpret_page,
};

use super::cid_text::CidText;
use super::font_weights::FontWeights;
use super::layout::{Area, Glyph, PageContent, PageLayout, Rule};
use super::recognised::{self, RecognisedPage};
use super::shown::{Shown, letters};
use super::{FORMAT, damaged, unreadable};
use crate::ParseError;

/// Drawing operations and glyphs of one page; what a page draws beyond them is not read.
const MAX_DRAWN_ON_PAGE: usize = 400_000;
/// The same of a whole document, which is refused beyond it.
const MAX_DRAWN: usize = 20_000_000;
/// Ruling lines of one page. A page with more is a drawing, whose lines are not those of tables.
const MAX_RULES: usize = 4_000;

/// Every page, laid out.
pub(super) struct Content {
    pub(super) pages: Vec<PageLayout>,
    /// The numbers, from 1, of pages without text and of those whose text nobody has read but for a stamp.
    pub(super) pages_without_text: Vec<usize>,
    /// Those of them that are pictures.
    pub(super) pictures: Vec<usize>,
    pub(super) recognised: Recognised,
}

/// What a recogniser gave.
#[derive(Debug, Default)]
pub(super) struct Recognised {
    /// The numbers of the pages whose text it is.
    pub(super) pages: Vec<usize>,
    /// Of each word, 0 to 100.
    pub(super) certainties: Vec<f32>,
}

/// Ends the drawing of a page that draws without end: forms may draw forms that draw forms, and the library has no other way to stop.
struct Stopped;

/// Runs what may panic on a damaged file: the library's own slips, and [`Stopped`].
pub(super) fn guarded<T>(work: impl FnOnce() -> T) -> Result<T, ParseError> {
    catch_unwind(AssertUnwindSafe(work)).map_err(|_| damaged("a part of it makes no sense"))
}

pub(super) fn read(pdf: &Pdf, recognised: &[RecognisedPage]) -> Result<Content, ParseError> {
    let cache = InterpreterCache::new();
    let mut content = Content {
        pages: Vec::new(),
        pages_without_text: Vec::new(),
        pictures: Vec::new(),
        recognised: Recognised::default(),
    };
    let mut weights = FontWeights::default();
    let mut drawn = 0;
    let mut cid_text: Option<CidText> = None;
    let mut looked_for_cid_text = false;
    for (index, page) in pdf.pages().iter().enumerate() {
        let mut device = PageDevice::of(page, &mut weights, cid_text.as_ref());
        let mut ended = draw(pdf, page, &cache, &mut device);
        if device.shown.glyphs_without_text > 0 && !looked_for_cid_text {
            looked_for_cid_text = true;
            drawn += device.drawn;
            cid_text = guarded(|| CidText::of(pdf)).unwrap_or_default();
            device = PageDevice::of(page, &mut weights, cid_text.as_ref());
            ended = draw(pdf, page, &cache, &mut device);
        }
        drawn += device.drawn;
        if drawn > MAX_DRAWN || (!ended && device.drawn > MAX_DRAWN_ON_PAGE && device.page.glyphs.is_empty()) {
            return Err(ParseError::TooLarge {
                format: FORMAT,
                what: "what its pages draw".to_owned(),
                limit: "400,000 signs and lines a page or 20,000,000 in all",
            });
        }
        let number = index + 1;
        let is_unreadable = unreadable::is_unreadable(&device.page.glyphs);
        if is_unreadable {
            device.page.glyphs.clear();
        }
        let is_picture = is_unreadable || device.shown.is_picture(&device.page);
        let own = letters(&device.page.glyphs);
        let mut is_read = own > 0 && !is_picture;
        if !is_read && let Some(page) = recognised.iter().find(|page| page.page == number) {
            let mut recognition = recognised::read(&page.hocr, Some(device.page.width));
            let found = match unreadable::are_glyph_numbers(&recognition.glyphs) {
                true => 0,
                false => letters(&recognition.glyphs),
            };
            // It reads the stamp too, so that one of both is enough.
            if found > 0 && found >= own {
                device.page.glyphs = recognition.glyphs;
                content.recognised.pages.push(number);
                content.recognised.certainties.append(&mut recognition.certainties);
            }
            is_read = found > 0;
        }
        if !is_read {
            content.pages_without_text.push(number);
            if is_picture {
                content.pictures.push(number);
            }
        }
        content.pages.push(PageLayout::of(device.page));
    }
    Ok(content)
}

/// False for a page that cannot be drawn to its end; it is read as far as it was.
fn draw<'a>(pdf: &'a Pdf, page: &Page<'a>, cache: &InterpreterCache<'a>, device: &mut PageDevice<'_>) -> bool {
    let (width, height) = (device.page.width, device.page.height);
    let drawing = AssertUnwindSafe(|| {
        let transform = page.initial_transform(true).to_kurbo();
        let area = Rect::new(0.0, 0.0, f64::from(width), f64::from(height));
        let mut context = Context::new(transform, area, cache, pdf.xref(), InterpreterSettings::default());
        interpret_page(page, &mut context, device);
    });
    catch_unwind(drawing).is_ok()
}

/// Collects what a page draws, with the origin at the top left.
struct PageDevice<'w> {
    page: PageContent,
    weights: &'w mut FontWeights,
    cid_text: Option<&'w CidText>,
    shown: Shown,
    drawn: usize,
}

impl<'w> PageDevice<'w> {
    fn of(page: &Page<'_>, weights: &'w mut FontWeights, cid_text: Option<&'w CidText>) -> PageDevice<'w> {
        let (width, height) = page.render_dimensions();
        PageDevice {
            page: PageContent {
                width,
                height,
                ..PageContent::default()
            },
            weights,
            cid_text,
            shown: Shown::default(),
            drawn: 0,
        }
    }

    fn count(&mut self) {
        self.drawn += 1;
        if self.drawn > MAX_DRAWN_ON_PAGE {
            // Does not call the panic hook: nothing is printed.
            resume_unwind(Box::new(Stopped));
        }
    }

    fn glyph(&mut self, glyph: &DrawnGlyph<'_>, transform: Affine) {
        let said = glyph.as_unicode();
        let text = match said.or_else(|| self.cid_text?.text(glyph.char_code())) {
            Some(BfString::Char(c)) => c.to_string(),
            Some(BfString::String(text)) => text,
            None => {
                self.shown.glyphs_without_text += 1;
                return;
            }
        };
        let advance = match glyph {
            DrawnGlyph::Outline(outline) => outline.advance_width(),
            DrawnGlyph::Type3(type3) => type3.advance_width(),
        };
        let origin = transform * Point::ZERO;
        let along = transform * Point::new(1000.0, 0.0) - origin;
        let up = transform * Point::new(0.0, 1000.0) - origin;
        let size = up.hypot();
        let makes_sense = origin.is_finite() && along.is_finite() && (0.5..=5_000.0).contains(&size);
        if !makes_sense {
            return;
        }
        let bold = self.weights.is_bold(glyph, &text);
        self.page.glyphs.push(Glyph {
            text,
            x: origin.x as f32,
            baseline: origin.y as f32,
            // Along the line, where text may be set narrower or wider than it is high.
            advance: (f64::from(advance.unwrap_or(500.0)) / 1000.0 * along.hypot()) as f32,
            size: size as f32,
            direction: (along.x as f32, along.y as f32),
            bold,
        });
    }

    fn rule(&mut self, a: Point, b: Point) {
        if self.page.rules.len() > MAX_RULES || !(a.is_finite() && b.is_finite()) {
            return;
        }
        let area = Area {
            left: a.x.min(b.x) as f32,
            top: a.y.min(b.y) as f32,
            right: a.x.max(b.x) as f32,
            bottom: a.y.max(b.y) as f32,
        };
        self.page.rules.extend(Rule::of(area));
    }

    fn stroke(&mut self, path: &BezPath, transform: Affine) {
        let (mut start, mut last) = (Point::ZERO, Point::ZERO);
        for element in path.elements() {
            match *element {
                PathEl::MoveTo(point) => {
                    start = transform * point;
                    last = start;
                }
                PathEl::LineTo(point) => {
                    let point = transform * point;
                    self.rule(last, point);
                    last = point;
                }
                PathEl::ClosePath => self.rule(last, start),
                PathEl::QuadTo(_, point) | PathEl::CurveTo(_, _, point) => last = transform * point,
            }
        }
    }

    fn path_drawn(&mut self, path: &BezPath, transform: Affine, mode: &DrawMode) {
        self.count();
        self.shown.anything = true;
        match mode {
            DrawMode::Stroke(_) | DrawMode::FillAndStroke(..) => self.stroke(path, transform),
            DrawMode::Fill(_) => {
                // A thin filled rectangle is how many programs draw a line.
                let area = (transform * path.clone()).control_box();
                if area.width().min(area.height()) < 3.0 {
                    self.rule(Point::new(area.x0, area.y0), Point::new(area.x1, area.y1));
                }
            }
            DrawMode::Invisible => {}
        }
    }
}

impl<'a> Device<'a> for PageDevice<'_> {
    fn draw_path(&mut self, path: &BezPath, props: DrawProps<'a>, mode: &DrawMode) {
        self.path_drawn(path, props.transform, mode);
    }

    fn draw_glyph_run(&mut self, run: &GlyphRun<'_, 'a>, props: DrawProps<'a>, _mode: &DrawMode) {
        for glyph in run.glyphs() {
            self.count();
            self.glyph(glyph, props.transform * glyph.transform());
        }
    }

    fn draw_image(&mut self, image: Image<'a, '_>, props: ImageDrawProps<'a>) {
        self.count();
        let page = Rect::new(0.0, 0.0, self.page.width.into(), self.page.height.into());
        self.shown
            .add_image((image.width(), image.height()), props.transform, page);
    }

    fn push_clip_path(&mut self, _path: &ClipPath) {
        self.count();
    }

    fn push_clip_rect(&mut self, _area: &Rect) {
        self.count();
    }

    fn push_transparency_group(&mut self, _opacity: f32, _mask: Option<SoftMask<'a>>, _blend: BlendMode) {
        self.count();
    }

    fn pop_clip(&mut self) {}

    fn pop_transparency_group(&mut self) {}
}
