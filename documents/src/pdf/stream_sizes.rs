//! Refuses files that unpack to more than memory holds. The PDF library inflates streams without a limit, so the streams are
//! inflated here first, into nothing.

use std::io::Read;

use flate2::read::ZlibDecoder;

use super::FORMAT;
use crate::ParseError;

/// The largest stream read; a page of text is a few kilobytes.
const MAX_STREAM_BYTES: u64 = 128 * 1024 * 1024;
/// All streams of a file together.
const MAX_TOTAL_BYTES: u64 = 2 * 1024 * 1024 * 1024;
/// The dictionary before a stream, as far back as it is looked at.
const DICTIONARY_BYTES: usize = 1_024;
const MAX_FILTERS: usize = 4;

/// Streams that are encrypted are not seen here; their size is left to the limits of the process.
///
/// # Errors
/// [`ParseError::TooLarge`] for a stream, or a sum of them, beyond the limits; [`ParseError::TooComplex`] for a stream packed more than
/// [`MAX_FILTERS`] times.
pub(super) fn check(bytes: &[u8]) -> Result<(), ParseError> {
    let mut total = 0;
    let mut at = 0;
    while let Some(found) = find(bytes.get(at..).unwrap_or_default(), b"stream") {
        let keyword = at + found;
        at = keyword + b"stream".len();
        let data = bytes.get(at..).unwrap_or_default();
        let data = data.strip_prefix(b"\r").unwrap_or(data);
        let data = data.strip_prefix(b"\n").unwrap_or(data);
        if data.first().is_none_or(|first| first & 0x0F != 8) {
            continue;
        }
        let dictionary = bytes
            .get(keyword.saturating_sub(DICTIONARY_BYTES)..keyword)
            .unwrap_or_default();
        let size = inflated(data, times_packed(dictionary)?);
        total += size;
        if size > MAX_STREAM_BYTES {
            return Err(too_large("one of its streams", "128 MB"));
        }
        if total > MAX_TOTAL_BYTES {
            return Err(too_large("its streams together", "2 GB"));
        }
    }
    Ok(())
}

fn too_large(what: &str, limit: &'static str) -> ParseError {
    ParseError::TooLarge {
        format: FORMAT,
        what: what.to_owned(),
        limit,
    }
}

/// How often the stream after this dictionary is deflated, at least once.
fn times_packed(dictionary: &[u8]) -> Result<usize, ParseError> {
    // What stands before belongs to another object.
    let own = (0..dictionary.len())
        .rev()
        .find(|&start| dictionary.get(start..).is_some_and(|rest| rest.starts_with(b" obj")))
        .map_or(dictionary, |start| dictionary.get(start..).unwrap_or_default());
    let count = |name: &[u8]| own.windows(name.len()).filter(|window| *window == name).count();
    let times = count(b"/FlateDecode") + count(b"/Fl ") + count(b"/Fl/") + count(b"/Fl]");
    if times > MAX_FILTERS {
        return Err(ParseError::TooComplex {
            reason: "a stream of the PDF is packed many times over",
        });
    }
    Ok(times.max(1))
}

/// Bytes after unpacking, counted no further than just beyond [`MAX_STREAM_BYTES`], of the largest step.
fn inflated(data: &[u8], times: usize) -> u64 {
    let mut largest = 0;
    let mut reader: Box<dyn Read + '_> = Box::new(data);
    for step in 0..times {
        reader = Box::new(ZlibDecoder::new(reader));
        if step + 1 == times {
            largest = count(reader.as_mut());
        }
    }
    largest
}

fn count(reader: &mut dyn Read) -> u64 {
    let mut buffer = [0; 16 * 1024];
    let mut size = 0;
    while size <= MAX_STREAM_BYTES {
        match reader.read(&mut buffer) {
            Ok(0) | Err(_) => break,
            Ok(read) => size += read as u64,
        }
    }
    size
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    memchr::memmem::find(bytes, wanted)
}
