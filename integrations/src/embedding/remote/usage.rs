use super::model::RemoteModel;
use super::vendor::Billed;
use crate::embedding::InputMeasure;

/// What a call takes of a budget, or took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct EmbeddingUsage {
    /// Of texts and pictures, as the vendor's limits count them.
    pub tokens: u64,
    /// Millionths of a US dollar, rounded up.
    pub cost_micros: u64,
}

/// What a call is expected to take, where a text's tokens are counted by `text_tokens`.
pub(super) fn expected<'t>(
    model: &RemoteModel,
    inputs: impl Iterator<Item = InputMeasure<'t>>,
    text_tokens: impl Fn(&str) -> usize,
) -> EmbeddingUsage {
    let (least, most) = model.billed_pixels();
    let (mut tokens, mut of_text, mut pixels) = (0, 0, 0);
    for input in inputs {
        let text = text_tokens(input.text) as u64;
        tokens += text + model.image_tokens(&input) as u64;
        of_text += text;
        pixels += input.image.map_or(0, |image| image.pixels.clamp(least, most));
    }
    EmbeddingUsage {
        tokens,
        cost_micros: cost_micros(model, of_text, pixels),
    }
}

/// What a call of so many pictures took by what the vendor says: of their pixels, no more and no less than it bills for so many pictures.
pub(super) fn billed(model: &RemoteModel, billed: Billed, images: u64) -> EmbeddingUsage {
    let (least, most) = model.billed_pixels();
    let pixels = billed.image_pixels.clamp(images * least, images * most);
    EmbeddingUsage {
        tokens: billed.tokens,
        cost_micros: cost_micros(model, billed.text_tokens, pixels),
    }
}

fn cost_micros(model: &RemoteModel, text_tokens: u64, pixels: u64) -> u64 {
    let text = u128::from(text_tokens) * u128::from(model.price_micros_per_million_tokens) * 1_000;
    let images = u128::from(pixels) * u128::from(model.price_micros_per_billion_pixels);
    u64::try_from((text + images).div_ceil(1_000_000_000)).unwrap_or(u64::MAX)
}
