use hayro::hayro_interpret::InterpreterSettings;
use hayro::vello_cpu::color::palette::css::WHITE;
use hayro::{PixmapSettings, RenderCache, RenderSettings, render};

use super::content::guarded;
use super::{FORMAT, File, damaged};
use crate::ParseError;
use crate::picture::{MAX_PIXELS, Picture};

const POINTS_PER_INCH: f32 = 72.0;
/// 300 dots an inch, which recognisers are trained on; rounded up, so that whole inches are whole pixels.
const PIXELS_A_POINT: f32 = 4.166_667;
/// The longest edge in pixels.
const MAX_EDGE: f32 = 20_000.0;

impl File {
    /// A page, from 1, as a person sees it. Takes as long as the page asks for.
    pub(crate) fn draw(&self, page: usize) -> Result<Picture, ParseError> {
        guarded(|| self.drawn(page))?
    }

    fn drawn(&self, page: usize) -> Result<Picture, ParseError> {
        let page = page.checked_sub(1).and_then(|index| self.pdf.pages().get(index));
        let page = page.ok_or_else(|| damaged("it has no such page"))?;
        let (width, height) = page.render_dimensions();
        let scale = scale(width, height).ok_or_else(|| ParseError::TooLarge {
            format: FORMAT,
            what: "a page".to_owned(),
            limit: "what can be drawn",
        })?;
        let pixmap = render(
            page,
            &RenderCache::new(),
            &InterpreterSettings::default(),
            &RenderSettings::default(),
            &PixmapSettings {
                x_scale: scale,
                y_scale: scale,
                bg_color: WHITE,
            },
        );
        Ok(Picture {
            width: pixmap.width().into(),
            height: pixmap.height().into(),
            dots_per_inch: (scale * POINTS_PER_INCH) as u32,
            grey: pixmap.data().iter().map(|p| luma(p.r, p.g, p.b)).collect(),
        })
    }
}

/// Pixels a point; `None` for a page that has no area, or an edge of which would vanish.
fn scale(width: f32, height: f32) -> Option<f32> {
    let area = width * height;
    if !(area.is_finite() && width >= 1.0 && height >= 1.0) {
        return None;
    }
    let scale = PIXELS_A_POINT
        .min((MAX_PIXELS as f32 / area).sqrt())
        .min(MAX_EDGE / width.max(height));
    (width.min(height) * scale >= 1.0).then_some(scale)
}

/// ITU-R BT.601.
fn luma(red: u8, green: u8, blue: u8) -> u8 {
    ((299 * u32::from(red) + 587 * u32::from(green) + 114 * u32::from(blue)) / 1000) as u8
}
