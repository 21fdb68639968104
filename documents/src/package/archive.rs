use std::collections::{HashMap, HashSet};
use std::io::{Cursor, Read};

use zip::ZipArchive;
use zip::result::ZipError;

use super::xml::Part;
use crate::ParseError;
use crate::whitespace::{one_line, truncate};

/// Real documents have some hundred parts.
const MAX_ENTRIES: usize = 20_000;
/// Of one part that is read as a tree, unpacked.
const MAX_PART_BYTES: u64 = 64 * 1024 * 1024;
const MAX_PART: &str = "64 MiB";
/// Of all parts together, unpacked; a part read twice counts twice.
const MAX_UNPACKED_BYTES: u64 = 256 * 1024 * 1024;
const MAX_UNPACKED: &str = "256 MiB";

const OLE_MAGIC: [u8; 8] = [0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1];

/// An archive of parts that may be hostile: what is unpacked from it is bounded, whatever sizes it declares.
pub(crate) struct Package<'b> {
    zip: ZipArchive<Cursor<&'b [u8]>>,
    format: &'static str,
    /// Part names in lower case and without a leading slash.
    names: HashMap<String, usize>,
    unpacked: u64,
    /// Parts that were given out as bytes.
    given: HashSet<usize>,
}

impl<'b> Package<'b> {
    /// Opens an archive; `format` is what a person calls the file, for error messages.
    pub(crate) fn open(bytes: &'b [u8], format: &'static str) -> Result<Package<'b>, ParseError> {
        if bytes.starts_with(&OLE_MAGIC) {
            return Err(not_a_package(bytes, format));
        }
        let damaged = |error: ZipError| damaged(format, &error.to_string());
        let mut zip = ZipArchive::new(Cursor::new(bytes)).map_err(damaged)?;
        if zip.len() > MAX_ENTRIES {
            return Err(ParseError::TooLarge {
                format,
                what: "the number of its parts".to_owned(),
                limit: "20,000",
            });
        }
        let mut names = HashMap::new();
        for index in 0..zip.len() {
            let entry = zip.by_index_raw(index).map_err(damaged)?;
            if entry.encrypted() {
                return Err(ParseError::Encrypted { format });
            }
            let name = part_name(&String::from_utf8_lossy(entry.name_raw()));
            names.entry(name).or_insert(index);
        }
        if zip.has_overlapping_entries().map_err(damaged)? {
            return Err(self::damaged(format, "its parts overlap"));
        }
        Ok(Package {
            zip,
            format,
            names,
            unpacked: 0,
            given: HashSet::new(),
        })
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.names.contains_key(&part_name(name))
    }

    /// A part as text, or `None` when there is none of that name.
    pub(crate) fn part(&mut self, name: &str) -> Result<Option<Part>, ParseError> {
        let Some(bytes) = self.bytes(name)? else {
            return Ok(None);
        };
        Part::decode(bytes, self.format).map(Some)
    }

    /// The bytes of a part that is read as a tree, or `None` when there is none of that name.
    pub(crate) fn bytes(&mut self, name: &str) -> Result<Option<Vec<u8>>, ParseError> {
        let Some(&index) = self.names.get(&part_name(name)) else {
            return Ok(None);
        };
        let mut bytes = Vec::new();
        let read = self.unpack(index, MAX_PART_BYTES, &mut |piece| bytes.extend_from_slice(piece))?;
        if read > MAX_PART_BYTES {
            return Err(ParseError::TooLarge {
                format: self.format,
                what: format!("its part {}", truncate(&one_line(name), 100)),
                limit: MAX_PART,
            });
        }
        Ok(Some(bytes))
    }

    /// The bytes of a part, one more than `limit` at most, the first time they are asked for. One that is damaged is as good as none: the document is read without it. What it unpacks to
    /// is for the caller to count.
    pub(crate) fn bytes_once(&mut self, name: &str, limit: usize) -> Option<Vec<u8>> {
        let index = *self.names.get(&part_name(name))?;
        if !self.given.insert(index) {
            return None;
        }
        let mut bytes = Vec::new();
        let entry = self.zip.by_index(index).ok()?;
        entry.take(limit as u64 + 1).read_to_end(&mut bytes).ok()?;
        Some(bytes)
    }

    /// A part that the document cannot do without.
    pub(crate) fn required(&mut self, name: &str) -> Result<Part, ParseError> {
        let missing = damaged(self.format, &format!("its part {} is missing", truncate(name, 100)));
        self.part(name)?.ok_or(missing)
    }

    /// Unpacks every part that `wanted` names, for readers that open the archive themselves. `take` is given each piece of a part, after the
    /// part's name in lower case; nothing is kept.
    pub(crate) fn check(
        &mut self,
        wanted: impl Fn(&str) -> bool,
        mut take: impl FnMut(&str, &[u8]),
    ) -> Result<(), ParseError> {
        let parts: Vec<(String, usize)> = self
            .names
            .iter()
            .filter(|(name, _)| wanted(name))
            .map(|(name, index)| (name.clone(), *index))
            .collect();
        for (name, index) in parts {
            self.unpack(index, MAX_UNPACKED_BYTES, &mut |piece| take(&name, piece))?;
        }
        Ok(())
    }

    pub(crate) fn format(&self) -> &'static str {
        self.format
    }

    /// How many bytes came out, at most one more than `limit`.
    fn unpack(&mut self, index: usize, limit: u64, take: &mut dyn FnMut(&[u8])) -> Result<u64, ParseError> {
        let format = self.format;
        let entry = self
            .zip
            .by_index(index)
            .map_err(|error| damaged(format, &error.to_string()))?;
        let mut entry = entry.take(limit + 1);
        let mut buffer = vec![0; 64 * 1024];
        let mut total = 0;
        loop {
            let read = entry
                .read(&mut buffer)
                .map_err(|error| damaged(format, &error.to_string()))?;
            let Some(piece) = buffer.get(..read).filter(|piece| !piece.is_empty()) else {
                return Ok(total);
            };
            take(piece);
            total += read as u64;
            self.unpacked += read as u64;
            if self.unpacked > MAX_UNPACKED_BYTES {
                return Err(ParseError::TooLarge {
                    format,
                    what: "all it unpacks to".to_owned(),
                    limit: MAX_UNPACKED,
                });
            }
        }
    }
}

/// Names of parts compare without case; some writers use the separators of their system.
fn part_name(name: &str) -> String {
    name.replace('\\', "/").trim_start_matches('/').to_ascii_lowercase()
}

pub(crate) fn damaged(format: &'static str, reason: &str) -> ParseError {
    ParseError::Damaged {
        format,
        reason: truncate(one_line(reason).trim_end_matches('.'), 200).to_owned(),
    }
}

/// A compound file in place of an archive: how Office stores what is protected by a password.
fn not_a_package(bytes: &[u8], format: &'static str) -> ParseError {
    if is_encrypted_package(bytes) {
        ParseError::Encrypted { format }
    } else {
        damaged(format, "it is a compound file of before 2007, not a ZIP archive")
    }
}

/// The compound file has a stream named so; names are UTF-16 in its directory ([MS-OFFCRYPTO] 2.3.4.4).
pub(crate) fn is_encrypted_package(bytes: &[u8]) -> bool {
    let name: Vec<u8> = "EncryptedPackage".encode_utf16().flat_map(u16::to_le_bytes).collect();
    bytes.starts_with(&OLE_MAGIC) && bytes.windows(name.len()).any(|window| window == name)
}

pub(crate) fn is_compound_file(bytes: &[u8]) -> bool {
    bytes.starts_with(&OLE_MAGIC)
}
