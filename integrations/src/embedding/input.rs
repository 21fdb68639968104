use std::fmt;
use std::sync::Arc;

/// What one vector is made of: words, and a picture beside them or none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EmbeddingInput {
    /// May be empty where there is a picture.
    pub text: String,
    pub image: Option<EmbeddingImage>,
}

/// A picture as it was uploaded; cheap to clone.
#[derive(Clone, PartialEq, Eq)]
pub struct EmbeddingImage {
    /// `image/png`, `image/jpeg`, `image/gif` or `image/webp`, as its bytes are.
    pub media_type: &'static str,
    pub pixels: u64,
    pub bytes: Arc<Vec<u8>>,
}

/// What an input measures, for whoever plans a call without its bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InputMeasure<'t> {
    pub text: &'t str,
    pub image: Option<ImageMeasure>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ImageMeasure {
    pub pixels: u64,
    pub bytes: usize,
}

impl EmbeddingInput {
    #[must_use]
    pub fn measure(&self) -> InputMeasure<'_> {
        InputMeasure {
            text: &self.text,
            image: self.image.as_ref().map(|image| ImageMeasure {
                pixels: image.pixels,
                bytes: image.bytes.len(),
            }),
        }
    }
}

impl From<String> for EmbeddingInput {
    fn from(text: String) -> Self {
        Self { text, image: None }
    }
}

impl fmt::Debug for EmbeddingImage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EmbeddingImage")
            .field("media_type", &self.media_type)
            .field("pixels", &self.pixels)
            .field("bytes", &self.bytes.len())
            .finish()
    }
}
