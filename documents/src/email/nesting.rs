use memchr::memchr_iter;

use crate::ParseError;

/// Real mail nests two or three deep. Each message inside a message costs stack when the tree is dropped.
const MAX_NESTED: usize = 500;

/// Refuses mail built to exhaust the stack.
pub(super) fn check(bytes: &[u8]) -> Result<(), ParseError> {
    let starts = |from: usize, word: &[u8]| {
        bytes
            .get(from..from + word.len())
            .is_some_and(|found| found.eq_ignore_ascii_case(word))
    };
    // "message/rfc822" and "multipart/digest", whose parts are messages without saying so.
    let nested = memchr_iter(b'/', bytes)
        .filter(|&slash| starts(slash + 1, b"rfc822") || starts(slash + 1, b"global") || starts(slash + 1, b"digest"))
        .count();
    if nested > MAX_NESTED {
        return Err(ParseError::TooComplex {
            reason: "the e-mail holds more than 500 messages inside of messages",
        });
    }
    Ok(())
}

/// A message saved as UTF-16, which some programs do, as UTF-8; `None` when it is not.
pub(super) fn from_utf16(bytes: &[u8]) -> Option<Vec<u8>> {
    let (rest, little_endian) = match bytes {
        [0xFF, 0xFE, rest @ ..] => (rest, true),
        [0xFE, 0xFF, rest @ ..] => (rest, false),
        // Without a mark: a header begins with a letter, whose other byte is zero.
        [letter, 0, ..] if letter.is_ascii_alphabetic() => (bytes, true),
        [0, letter, ..] if letter.is_ascii_alphabetic() => (bytes, false),
        _ => return None,
    };
    let unit = |pair: &[u8; 2]| {
        if little_endian {
            u16::from_le_bytes(*pair)
        } else {
            u16::from_be_bytes(*pair)
        }
    };
    let units: Vec<u16> = rest.as_chunks::<2>().0.iter().map(unit).collect();
    Some(String::from_utf16_lossy(&units).into_bytes())
}
