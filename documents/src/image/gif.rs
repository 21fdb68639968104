//! GIF (CompuServe, 89a): a screen, and blocks up to the trailer.
use super::bytes::Bytes;
use super::{Fault, Size};

const SIGNATURE: usize = 6;

/// The screen's size, or larger where a frame goes beyond it.
pub(super) fn size(bytes: &[u8]) -> Result<Size, Fault> {
    let mut rest = Bytes(bytes);
    rest.take(SIGNATURE)?;
    let (mut width, mut height) = (pair(&mut rest)?, pair(&mut rest)?);
    let flags = rest.byte()?;
    rest.take(2)?;
    skip_colours(&mut rest, flags)?;
    let mut frames = 0_usize;
    loop {
        match rest.byte()? {
            b'!' => {
                rest.take(1)?;
                skip_blocks(&mut rest)?;
            }
            b',' => {
                let (left, top) = (pair(&mut rest)?, pair(&mut rest)?);
                width = width.max(left + pair(&mut rest)?);
                height = height.max(top + pair(&mut rest)?);
                let flags = rest.byte()?;
                skip_colours(&mut rest, flags)?;
                rest.take(1)?;
                skip_blocks(&mut rest)?;
                frames += 1;
            }
            b';' if frames > 0 => return Ok((width, height)),
            b';' => return Err("it has no frame"),
            _ => return Err("a block in it is of no kind that GIF has"),
        }
    }
}

fn pair(rest: &mut Bytes<'_>) -> Result<u32, Fault> {
    Ok(u32::from(u16::from_le_bytes(rest.array()?)))
}

/// A table of colours, where the flags say that there is one.
fn skip_colours(rest: &mut Bytes<'_>, flags: u8) -> Result<(), Fault> {
    if flags & 0x80 != 0 {
        rest.take(3 << ((flags & 7) + 1))?;
    }
    Ok(())
}

/// Blocks of data, each behind its length, up to one of length 0.
fn skip_blocks(rest: &mut Bytes<'_>) -> Result<(), Fault> {
    loop {
        match rest.byte()? {
            0 => return Ok(()),
            length => rest.take(usize::from(length))?,
        };
    }
}
