use std::io::Cursor;

use ::image::error::LimitErrorKind;
use ::image::imageops::FilterType;
use ::image::metadata::Orientation;
use ::image::{DynamicImage, ImageDecoder, ImageError, ImageFormat, ImageReader, Limits};

use super::called;
use crate::picture::{DOTS_PER_INCH, MAX_PIXELS, Picture};
use crate::{Format, ParseError};

/// Pictures of more pixels are not decoded.
const MAX_DECODED: u64 = 120_000_000;
/// A screen's letters are some 10 pixels high, and recognisers want 20: pictures of fewer pixels are drawn twice as large.
const SMALL: u64 = 2_500_000;

/// A picture in shades of grey, upright as its camera says, on white.
pub(crate) fn draw(bytes: &[u8], format: Format) -> Result<Picture, ParseError> {
    let picture = decode(bytes, format)?;
    let pixels = u64::from(picture.width()) * u64::from(picture.height());
    let picture = if pixels > MAX_PIXELS {
        let factor = (MAX_PIXELS as f64 / pixels as f64).sqrt();
        scaled(&picture, factor)
    } else if pixels < SMALL {
        scaled(&picture, 2.0)
    } else {
        picture
    };
    let grey = picture.to_luma_alpha8();
    Ok(Picture {
        width: grey.width(),
        height: grey.height(),
        dots_per_inch: DOTS_PER_INCH,
        grey: grey.pixels().map(|pixel| on_white(pixel.0)).collect(),
    })
}

fn decode(bytes: &[u8], format: Format) -> Result<DynamicImage, ParseError> {
    let called = called(format);
    let damaged = |error: ImageError| match error {
        ImageError::Limits(limit) if matches!(limit.kind(), LimitErrorKind::InsufficientMemory) => too_large(called),
        error => ParseError::Damaged {
            format: called,
            reason: error.to_string().chars().take(200).collect(),
        },
    };
    let mut reader = ImageReader::with_format(
        Cursor::new(bytes),
        match format {
            Format::Jpeg => ImageFormat::Jpeg,
            Format::Gif => ImageFormat::Gif,
            Format::Webp => ImageFormat::WebP,
            _ => ImageFormat::Png,
        },
    );
    reader.limits(Limits::default());
    let mut decoder = reader.into_decoder().map_err(damaged)?;
    let (width, height) = decoder.dimensions();
    if u64::from(width) * u64::from(height) > MAX_DECODED {
        return Err(too_large(called));
    }
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let mut picture = DynamicImage::from_decoder(decoder).map_err(damaged)?;
    picture.apply_orientation(orientation);
    Ok(picture)
}

fn too_large(format: &'static str) -> ParseError {
    ParseError::TooLarge {
        format,
        what: "its number of pixels".to_owned(),
        limit: "120 million",
    }
}

fn scaled(picture: &DynamicImage, factor: f64) -> DynamicImage {
    let edge = |edge: u32| ((f64::from(edge) * factor) as u32).max(1);
    picture.resize_exact(edge(picture.width()), edge(picture.height()), FilterType::Triangle)
}

fn on_white([luma, alpha]: [u8; 2]) -> u8 {
    let (luma, alpha) = (u32::from(luma), u32::from(alpha));
    ((luma * alpha + 255 * (255 - alpha)) / 255) as u8
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
    use super::*;
    use ::image::{Rgba, RgbaImage};

    fn png(picture: &RgbaImage) -> Vec<u8> {
        let mut bytes = Cursor::new(Vec::new());
        picture.write_to(&mut bytes, ImageFormat::Png).unwrap();
        bytes.into_inner()
    }

    #[test]
    fn a_small_picture_is_drawn_twice_as_large_on_white() {
        let mut picture = RgbaImage::from_pixel(40, 30, Rgba([0, 0, 0, 0]));
        for x in 0..20 {
            for y in 0..30 {
                picture.put_pixel(x, y, Rgba([0, 0, 0, 255]));
            }
        }
        let drawn = draw(&png(&picture), Format::Png).unwrap();
        assert_eq!((drawn.width, drawn.height, drawn.grey.len()), (80, 60, 4800));
        assert_eq!((drawn.grey[10], drawn.grey[70]), (0, 255), "nothing is white");
    }

    #[test]
    fn a_picture_that_cannot_be_decoded_is_damaged() {
        let whole = png(&RgbaImage::from_pixel(40, 30, Rgba([9, 9, 9, 255])));
        let cut = whole.get(..whole.len() - 30).unwrap();
        for (bytes, format) in [
            (cut, Format::Png),
            (b"GIF89a".as_slice(), Format::Gif),
            (b"".as_slice(), Format::Jpeg),
            (b"RIFF".as_slice(), Format::Webp),
        ] {
            assert!(
                matches!(draw(bytes, format), Err(ParseError::Damaged { .. })),
                "{format:?}"
            );
        }
    }
}
