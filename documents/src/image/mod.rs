//! Pictures: what their headers say. No pixel is decoded but for a recogniser, so that a picture of any size costs a walk over its parts.
mod bytes;
mod draw;
mod gif;
mod jpeg;
mod png;
#[cfg(test)]
mod tests;
mod webp;

pub(crate) use self::draw::draw;
use crate::{Format, ParseError, ParsedDocument};
use serde::{Deserialize, Serialize};

/// What a picture is and measures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Image {
    /// PNG, JPEG, GIF or WebP.
    pub format: Format,
    /// In pixels, at least 1.
    pub width: u32,
    /// In pixels, at least 1.
    pub height: u32,
}

impl Image {
    /// Width times height; of an animation, one frame's.
    #[must_use]
    pub fn pixels(&self) -> u64 {
        u64::from(self.width) * u64::from(self.height)
    }
}

/// Width and height.
type Size = (u32, u32);

/// Why a picture is not whole: what comes after "cannot be read: ".
type Fault = &'static str;

const CUT_OFF: Fault = "it ends in the middle";

/// Walks over the parts of a picture to its end. It has a title nowhere, and no text.
///
/// # Errors
/// [`ParseError::Damaged`] for one that is cut off, or whose headers contradict each other or what follows.
pub(crate) fn parse(bytes: &[u8], format: Format) -> Result<ParsedDocument, ParseError> {
    let size = match format {
        Format::Jpeg => jpeg::size(bytes),
        Format::Gif => gif::size(bytes),
        Format::Webp => webp::size(bytes),
        _ => png::size(bytes),
    };
    let damaged = |fault: Fault| ParseError::Damaged {
        format: called(format),
        reason: fault.to_owned(),
    };
    let (width, height) = size.map_err(damaged)?;
    if width == 0 || height == 0 {
        return Err(damaged("its header says that it has no pixels"));
    }
    Ok(ParsedDocument {
        image: Some(Image { format, width, height }),
        ..ParsedDocument::default()
    })
}

/// As a person calls it.
fn called(format: Format) -> &'static str {
    match format {
        Format::Jpeg => "JPEG picture",
        Format::Gif => "GIF picture",
        Format::Webp => "WebP picture",
        _ => "PNG picture",
    }
}
