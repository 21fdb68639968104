use std::collections::HashMap;

use hayro_interpret::font::{Glyph, OutlineGlyph};
use hayro_interpret::kurbo::{Line, ParamCurve, Shape};

/// Letters with an upright stem that a line through their middle cuts.
const STEMS: &str = "hiklmnrtuHIKLMNTU1";
/// Stems of text faces are 66 to 95 thousandths of the size, those of their bold cuts 114 to 170.
const BOLD_STEM: f64 = 105.0;
/// Distinct glyphs remembered; beyond it weights are no longer known.
const MAX_GLYPHS: usize = 100_000;

/// Tells bold glyphs. Fonts say their weight if they are TrueType or OpenType; of the others the stems are measured.
#[derive(Default)]
pub(super) struct FontWeights {
    measured: HashMap<u128, Option<bool>>,
}

impl FontWeights {
    /// `None` where a glyph does not tell.
    pub(super) fn is_bold(&mut self, glyph: &Glyph<'_>, text: &str) -> Option<bool> {
        let Glyph::Outline(outline) = glyph else { return None };
        if !text.chars().all(char::is_alphanumeric) {
            return None;
        }
        let key = outline.identifier().cache_key();
        if let Some(known) = self.measured.get(&key) {
            return *known;
        }
        if self.measured.len() >= MAX_GLYPHS {
            return None;
        }
        let bold = declared(outline).or_else(|| measure(outline, text));
        self.measured.insert(key, bold);
        bold
    }
}

fn declared(outline: &OutlineGlyph) -> Option<bool> {
    let font = outline.font_data()?;
    let name = font.postscript_name.unwrap_or_default().to_ascii_lowercase();
    let named_bold = ["bold", "black", "heavy", "-medi", "cmbx"]
        .iter()
        .any(|word| name.contains(word));
    if named_bold {
        return Some(true);
    }
    // Subsets often lose the table that says the weight and then claim 400.
    font.weight.filter(|&weight| weight >= 600).map(|_| true)
}

fn measure(outline: &OutlineGlyph, text: &str) -> Option<bool> {
    if !STEMS.contains(text) {
        return None;
    }
    let path = outline.outline();
    let area = path.bounding_box();
    // Below the middle: the crossbars of H and t are above it, the arms of K and k at it.
    let y = area.y0 + area.height() * 0.3;
    let ray = Line::new((area.x0 - 10.0, y), (area.x1 + 10.0, y));
    let mut crossings: Vec<f64> = path
        .segments()
        .flat_map(|segment| segment.intersect_line(ray))
        .map(|crossing| ray.eval(crossing.line_t).x)
        .collect();
    crossings.sort_by(f64::total_cmp);
    let stem = crossings
        .as_chunks::<2>()
        .0
        .iter()
        .map(|[left, right]| right - left)
        .filter(|width| *width > 15.0)
        .min_by(f64::total_cmp)?;
    Some(stem > BOLD_STEM)
}
