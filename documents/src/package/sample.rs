//! Packages made by tests.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::io::{Cursor, Write};

use zip::ZipWriter;
use zip::write::SimpleFileOptions;

/// Zips the parts in the order given.
pub(crate) fn package(parts: &[(&str, &str)]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in parts {
        zip.start_file(*name, SimpleFileOptions::default()).unwrap();
        zip.write_all(content.as_bytes()).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

/// A relationships part: id, last segment of the type, target.
pub(crate) fn relationships(entries: &[(&str, &str, &str)]) -> String {
    let entries: String = entries
        .iter()
        .map(|(id, kind, target)| {
            format!(r#"<Relationship Id="{id}" Type="http://x/relationships/{kind}" Target="{target}"/>"#)
        })
        .collect();
    format!("<Relationships>{entries}</Relationships>")
}

/// Changes one byte of `text` after another, deterministically: what is damaged is the XML, not the archive around it.
pub(crate) fn mutations(text: &str, count: usize) -> impl Iterator<Item = String> + '_ {
    let mut state = 0x2545_F491_4F6C_DD1D_u64;
    let mut next = move |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state >> 16).unwrap() % below.max(1)
    };
    (0..count).map(move |round| {
        let mut bytes = text.as_bytes().to_vec();
        for _ in 0..=round % 4 {
            let at = next(bytes.len());
            match next(4) {
                0 => bytes[at] = b"<>/=\"'&0-9aZ "[next(13)],
                1 if bytes.len() > 1 => {
                    bytes.remove(at);
                }
                1 | 2 => bytes.truncate(at.max(1)),
                _ => {
                    let from = next(bytes.len());
                    let piece: Vec<u8> = bytes[from..].iter().take(next(60)).copied().collect();
                    bytes.splice(at..at, piece);
                }
            }
        }
        String::from_utf8_lossy(&bytes).into_owned()
    })
}
