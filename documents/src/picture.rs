use crate::ParseError;

/// What recognisers are trained on.
pub(crate) const DOTS_PER_INCH: u32 = 300;
/// Of one picture; a page as large as A2 is drawn coarser than 300 dots an inch.
pub(crate) const MAX_PIXELS: u64 = 40_000_000;

/// What came of drawing one of the pictures inside a document.
#[derive(Clone, PartialEq, Eq)]
pub struct Drawn {
    /// As [`ParsedDocument::pictures`](crate::ParsedDocument::pictures) has it.
    pub number: usize,
    /// Or why there is none.
    pub picture: Result<Picture, ParseError>,
}

/// A page, or a picture that somebody sent, in shades of grey: for a recogniser (OCR).
#[derive(Clone, PartialEq, Eq)]
pub struct Picture {
    /// In pixels.
    pub width: u32,
    /// In pixels.
    pub height: u32,
    /// How many pixels an inch of a page has; of a picture that somebody sent it is a guess.
    pub dots_per_inch: u32,
    /// Row by row from the top, a byte a pixel; 255 is white. At most 40 million.
    pub grey: Vec<u8>,
}

impl Picture {
    /// As a binary portable greymap ([PGM](https://netpbm.sourceforge.net/doc/pgm.html)).
    #[must_use]
    pub fn to_pgm(&self) -> Vec<u8> {
        let mut pgm = format!("P5\n{} {}\n255\n", self.width, self.height).into_bytes();
        pgm.extend_from_slice(&self.grey);
        pgm
    }
}
