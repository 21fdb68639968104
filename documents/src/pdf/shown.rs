use hayro_interpret::kurbo::{Affine, Rect};

use super::layout::{Glyph, PageContent};

/// A scanned page may have so many letters and digits of text all the same: the stamp of a signing service, a number, a running head. A page with more has
/// been written, or was read before, and its pictures are illustrations.
const MAX_STAMP_LETTERS: usize = 200;
/// Images that cover so much of a page are the page.
const MOST_OF_A_PAGE: f64 = 0.5;

/// What a page shows besides its text.
#[derive(Debug, Default)]
pub(super) struct Shown {
    /// It has an image or a path.
    pub(super) anything: bool,
    /// Of the page, in square points; where images overlap, counted twice.
    images_area: f64,
    /// Signs that people can read and programs cannot: their font does not say what they stand for.
    pub(super) glyphs_without_text: usize,
}

impl Shown {
    /// An image of `width` by `height` pixels, which `transform` puts on the page.
    pub(super) fn add_image(&mut self, (width, height): (u32, u32), transform: Affine, page: Rect) {
        self.anything = true;
        let pixels = Rect::new(0.0, 0.0, f64::from(width), f64::from(height));
        // The box around it is larger where it is turned.
        let on_page = transform.transform_rect_bbox(pixels).intersect(page).area();
        let area = on_page.min(transform.determinant().abs() * pixels.area());
        if area.is_finite() {
            self.images_area += area;
        }
    }

    /// Whether a recogniser would find more on the page than the text it has: where it has none, where that is no more than a stamp on an image, and where
    /// most of its signs do not say what they stand for.
    pub(super) fn is_picture(&self, page: &PageContent) -> bool {
        let letters = letters(&page.glyphs);
        if letters == 0 {
            return self.anything || self.glyphs_without_text > 0;
        }
        let of_page = self.images_area / (f64::from(page.width) * f64::from(page.height));
        let readable = page.glyphs.iter().filter(|glyph| !glyph.text.trim().is_empty()).count();
        (letters <= MAX_STAMP_LETTERS && of_page >= MOST_OF_A_PAGE) || self.glyphs_without_text > readable
    }
}

/// How many letters and digits these are.
pub(super) fn letters(glyphs: &[Glyph]) -> usize {
    let texts = glyphs.iter().flat_map(|glyph| glyph.text.chars());
    texts.filter(|c| c.is_alphanumeric()).count()
}
