//! WebP (RFC 9649): a RIFF file whose first chunk is the picture, or says what its canvas measures.
use super::bytes::{Bytes, length};
use super::{CUT_OFF, Fault, Size};

pub(super) fn size(bytes: &[u8]) -> Result<Size, Fault> {
    let mut head = Bytes(bytes);
    head.take(4)?;
    let len = length(u32::from_le_bytes(head.array()?));
    let mut file = Bytes(head.take(len)?);
    file.take(4)?;
    let mut canvas: Option<Size> = None;
    while !file.0.is_empty() {
        let kind: [u8; 4] = file.array()?;
        let len = length(u32::from_le_bytes(file.array()?));
        let data = file.take(len)?;
        // Some writers leave out the last byte that makes a length even.
        if len % 2 == 1 && !file.0.is_empty() {
            file.take(1)?;
        }
        let found = match &kind {
            b"VP8 " => lossy(data)?,
            b"VP8L" => lossless(data)?,
            b"VP8X" if canvas.is_none() => {
                canvas = Some(extended(data)?);
                continue;
            }
            // A frame of an animation, which lies on the canvas.
            b"ANMF" => return canvas.ok_or("it does not begin with its header"),
            _ => continue,
        };
        return match canvas {
            Some(canvas) if canvas != found => Err("its headers name two sizes"),
            _ => Ok(found),
        };
    }
    Err("it has no picture data")
}

/// RFC 6386, 9.1: a key frame's header.
fn lossy(data: &[u8]) -> Result<Size, Fault> {
    let mut data = Bytes(data);
    let tag: [u8; 3] = data.array()?;
    let start: [u8; 3] = data.array()?;
    if tag.first().is_none_or(|first| first & 1 != 0) || start != [0x9d, 0x01, 0x2a] {
        return Err("its picture data have no header");
    }
    let side = |pair: [u8; 2]| u32::from(u16::from_le_bytes(pair) & 0x3fff);
    let size = (side(data.array()?), side(data.array()?));
    if data.0.is_empty() {
        return Err(CUT_OFF);
    }
    Ok(size)
}

/// RFC 9649, 3.4: two numbers of 14 bits, each one less than it means.
fn lossless(data: &[u8]) -> Result<Size, Fault> {
    let mut data = Bytes(data);
    if data.byte()? != 0x2f {
        return Err("its picture data have no header");
    }
    let sides = u32::from_le_bytes(data.array()?);
    if data.0.is_empty() {
        return Err(CUT_OFF);
    }
    Ok(((sides & 0x3fff) + 1, (sides >> 14 & 0x3fff) + 1))
}

/// RFC 9649, 2.7: flags, and two numbers of 24 bits, each one less than it means.
fn extended(data: &[u8]) -> Result<Size, Fault> {
    let mut data = Bytes(data);
    data.take(4)?;
    let side = |[a, b, c]: [u8; 3]| u32::from_le_bytes([a, b, c, 0]) + 1;
    Ok((side(data.array()?), side(data.array()?)))
}
