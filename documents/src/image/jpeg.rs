//! JPEG (ITU-T T.81, annex B): segments behind markers, from SOI to EOI; the picture's size is in the frame header (SOF).
use super::bytes::Bytes;
use super::{CUT_OFF, Fault, Size};
use memchr::memchr;

const START: u8 = 0xd8;
const END: u8 = 0xd9;
const SCAN: u8 = 0xda;

pub(super) fn size(bytes: &[u8]) -> Result<Size, Fault> {
    let mut rest = Bytes(bytes);
    let mut size: Option<Size> = None;
    let mut is_scanned = false;
    rest.take(2)?;
    loop {
        match next_marker(&mut rest)? {
            START => return Err("a second picture begins in it"),
            END if is_scanned => return size.ok_or(NO_FRAME),
            END => return Err("it has no picture data"),
            marker => {
                let segment = segment(&mut rest)?;
                if marker == SCAN {
                    size.ok_or(NO_FRAME)?;
                    is_scanned = true;
                }
                if is_frame(marker) {
                    let found = frame(segment)?;
                    if size.is_some_and(|size| size != found) {
                        return Err("its headers name two sizes");
                    }
                    size = Some(found);
                }
            }
        }
    }
}

const NO_FRAME: Fault = "it has no frame header";

/// The next marker that begins a segment or ends the picture: what is between is compressed data, where a 0xff is followed by 0 or a restart marker.
fn next_marker(rest: &mut Bytes<'_>) -> Result<u8, Fault> {
    loop {
        let at = memchr(0xff, rest.0).ok_or(CUT_OFF)?;
        rest.take(at + 1)?;
        let marker = *rest.0.first().ok_or(CUT_OFF)?;
        // A 0xff before another one fills.
        if marker != 0xff {
            rest.take(1)?;
        }
        if !matches!(marker, 0 | 1 | 0xff | 0xd0..=0xd7) {
            return Ok(marker);
        }
    }
}

/// What follows a marker: two bytes of length, which count themselves, and the data.
fn segment<'b>(rest: &mut Bytes<'b>) -> Result<&'b [u8], Fault> {
    let length = usize::from(u16::from_be_bytes(rest.array()?));
    rest.take(length.checked_sub(2).ok_or("a length in it is wrong")?)
}

/// SOF0 to SOF15, without the tables (DHT, JPG, DAC) that lie between.
fn is_frame(marker: u8) -> bool {
    matches!(marker, 0xc0..=0xcf) && !matches!(marker, 0xc4 | 0xc8 | 0xcc)
}

fn frame(segment: &[u8]) -> Result<Size, Fault> {
    let mut segment = Bytes(segment);
    let _precision = segment.byte()?;
    let (height, width) = (
        u16::from_be_bytes(segment.array()?),
        u16::from_be_bytes(segment.array()?),
    );
    Ok((u32::from(width), u32::from(height)))
}
