use super::model::RemoteModel;
use super::voyage;
use crate::embedding::InputMeasure;

/// Why a model does not read a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ImageFault {
    /// It reads texts only.
    NotRead,
    /// It has more pixels than the model reads of one.
    TooManyPixels { most: u64 },
    /// Its file is larger.
    TooManyBytes { most: usize },
}

/// What a vendor takes of a picture, and how it counts it.
pub(super) struct ImageLimits {
    pub(super) pixels: u64,
    pub(super) bytes: usize,
    /// That many count as a token.
    pub(super) pixels_a_token: u64,
    /// A smaller picture is billed as one of so many pixels.
    pub(super) billed_least: u64,
    /// A larger one as one of so many.
    pub(super) billed_most: u64,
}

impl RemoteModel {
    pub(super) fn image_limits(&self) -> Option<&'static ImageLimits> {
        self.reads_images.then_some(&voyage::IMAGES)
    }

    /// Whether the input, whose text has `text_tokens`, is within what the model reads. An input without a picture is.
    pub(super) fn check_image(&self, input: &InputMeasure<'_>, text_tokens: usize) -> Result<(), ImageFault> {
        let Some(image) = input.image else { return Ok(()) };
        let limits = self.image_limits().ok_or(ImageFault::NotRead)?;
        let tokens = self.max_tokens.saturating_sub(text_tokens);
        let pixels = limits.pixels.min(tokens as u64 * limits.pixels_a_token);
        if image.pixels > pixels {
            return Err(ImageFault::TooManyPixels { most: pixels });
        }
        if image.bytes > limits.bytes {
            return Err(ImageFault::TooManyBytes { most: limits.bytes });
        }
        Ok(())
    }

    /// What the picture of an input counts as, in tokens.
    pub(super) fn image_tokens(&self, input: &InputMeasure<'_>) -> usize {
        let pixels = input.image.map_or(0, |image| image.pixels);
        let a_token = self.image_limits().map_or(1, |limits| limits.pixels_a_token);
        usize::try_from(pixels.div_ceil(a_token)).unwrap_or(usize::MAX)
    }

    /// The least and the most pixels that the vendor bills for one picture.
    pub(super) fn billed_pixels(&self) -> (u64, u64) {
        self.image_limits()
            .map_or((0, 0), |limits| (limits.billed_least, limits.billed_most))
    }
}
