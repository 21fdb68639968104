//! Text in units of two or four bytes: UTF-16 and UTF-32.

use encoding_rs::{Encoding, UTF_16BE, UTF_16LE};

/// How much of a text without a byte order mark is looked at.
const HEAD: usize = 8 << 10;
/// What is shorter could be anything.
const SHORTEST: usize = 8;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wide {
    Utf32Le,
    Utf32Be,
    Utf16Le,
    Utf16Be,
}

impl Wide {
    /// UTF-32 first: its mark begins like that of UTF-16, which has no NUL behind it.
    const ALL: [Wide; 4] = [Wide::Utf32Le, Wide::Utf32Be, Wide::Utf16Le, Wide::Utf16Be];

    /// What the byte order mark says, and what follows it.
    pub(crate) fn marked(bytes: &[u8]) -> Option<(Wide, &[u8])> {
        let marked = |wide: Wide| Some((wide, bytes.strip_prefix(wide.mark())?));
        Self::ALL.into_iter().find_map(marked)
    }

    /// What the beginning looks like: characters and no control characters, half of them at least ASCII, as in what is written in Latin letters. By chance no file of another kind is so.
    pub(crate) fn unmarked(bytes: &[u8]) -> Option<Wide> {
        Self::ALL.into_iter().find(|wide| wide.looks_like(bytes))
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Utf32Le => "UTF-32LE",
            Self::Utf32Be => "UTF-32BE",
            Self::Utf16Le => "UTF-16LE",
            Self::Utf16Be => "UTF-16BE",
        }
    }

    /// What follows the mark as text; nothing where a unit is cut off or no character.
    pub(crate) fn decode(self, bytes: &[u8]) -> Option<String> {
        match self.encoding() {
            Some(encoding) => encoding
                .decode_without_bom_handling_and_without_replacement(bytes)
                .map(String::from),
            None if bytes.len().is_multiple_of(self.size()) => self.units(bytes).map(char::from_u32).collect(),
            None => None,
        }
    }

    /// As [`decode`](Self::decode), with U+FFFD for what is no character, or cut off.
    pub(crate) fn decode_lossily(self, bytes: &[u8]) -> String {
        match self.encoding() {
            Some(encoding) => encoding.decode_without_bom_handling(bytes).0.into_owned(),
            None => {
                let is_cut_off = !bytes.len().is_multiple_of(self.size());
                self.units(bytes)
                    .map(|unit| char::from_u32(unit).unwrap_or(char::REPLACEMENT_CHARACTER))
                    .chain(is_cut_off.then_some(char::REPLACEMENT_CHARACTER))
                    .collect()
            }
        }
    }

    /// That of the library, which knows no UTF-32.
    fn encoding(self) -> Option<&'static Encoding> {
        match self {
            Self::Utf32Le | Self::Utf32Be => None,
            Self::Utf16Le => Some(UTF_16LE),
            Self::Utf16Be => Some(UTF_16BE),
        }
    }

    fn mark(self) -> &'static [u8] {
        match self {
            Self::Utf32Le => b"\xff\xfe\0\0",
            Self::Utf32Be => b"\0\0\xfe\xff",
            Self::Utf16Le => b"\xff\xfe",
            Self::Utf16Be => b"\xfe\xff",
        }
    }

    fn size(self) -> usize {
        match self {
            Self::Utf32Le | Self::Utf32Be => 4,
            Self::Utf16Le | Self::Utf16Be => 2,
        }
    }

    fn units(self, bytes: &[u8]) -> impl Iterator<Item = u32> {
        bytes
            .chunks_exact(self.size())
            .filter_map(move |unit| match (self, unit) {
                (Self::Utf32Le, &[a, b, c, d]) => Some(u32::from_le_bytes([a, b, c, d])),
                (Self::Utf32Be, &[a, b, c, d]) => Some(u32::from_be_bytes([a, b, c, d])),
                (Self::Utf16Le, &[a, b]) => Some(u16::from_le_bytes([a, b]).into()),
                (Self::Utf16Be, &[a, b]) => Some(u16::from_be_bytes([a, b]).into()),
                _ => None,
            })
    }

    fn looks_like(self, bytes: &[u8]) -> bool {
        if bytes.len() < SHORTEST || !bytes.len().is_multiple_of(self.size()) {
            return false;
        }
        let (mut ascii, mut all) = (0_usize, 0_usize);
        for unit in self.units(bytes.get(..HEAD).unwrap_or(bytes)) {
            if !is_of_text(unit) {
                return false;
            }
            ascii += usize::from(unit < 0x80);
            all += 1;
        }
        ascii * 2 >= all
    }
}

/// No control characters but tabs and line ends; a half of a pair of UTF-16 is left to who decodes.
fn is_of_text(unit: u32) -> bool {
    match unit {
        0x09 | 0x0a | 0x0c | 0x0d => true,
        ..0x20 | 0x7f..0xa0 | 0xfffe | 0xffff | 0x11_0000.. => false,
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::Wide;

    const TEXT: &str = "Die Lampe heißt Grün 🤠.\r\n";

    fn written(wide: Wide, text: &str) -> Vec<u8> {
        let utf32 = || text.chars().map(u32::from);
        match wide {
            Wide::Utf32Le => utf32().flat_map(u32::to_le_bytes).collect(),
            Wide::Utf32Be => utf32().flat_map(u32::to_be_bytes).collect(),
            Wide::Utf16Le => text.encode_utf16().flat_map(u16::to_le_bytes).collect(),
            Wide::Utf16Be => text.encode_utf16().flat_map(u16::to_be_bytes).collect(),
        }
    }

    #[test]
    fn each_is_told_by_its_mark_and_without_one_by_its_looks() {
        for wide in Wide::ALL {
            let bytes = written(wide, TEXT);
            let marked = [wide.mark(), &bytes].concat();
            assert_eq!(Wide::marked(&marked), Some((wide, bytes.as_slice())));
            assert_eq!(Wide::unmarked(&bytes), Some(wide));
            assert_eq!(wide.decode(&bytes).unwrap(), TEXT);
            assert_eq!(wide.decode_lossily(&bytes), TEXT);
            let cut_off = [bytes, vec![0]].concat();
            assert_eq!(wide.decode_lossily(&cut_off), format!("{TEXT}\u{fffd}"));
        }
    }

    #[test]
    fn what_is_cut_off_or_no_character_is_not_decoded() {
        for (wide, wrong) in [
            (Wide::Utf16Le, b"\x00\xd8a\0".as_slice()),
            (Wide::Utf16Be, b"\0a\0"),
            (Wide::Utf32Le, b"\0\xd8\0\0"),
            (Wide::Utf32Be, b"\0\x11\0\0"),
            (Wide::Utf32Le, b"a\0\0\0b"),
        ] {
            assert_eq!(wide.decode(wrong), None, "{wide:?} {wrong:?}");
        }
    }

    #[test]
    fn what_only_holds_nul_is_not_taken_for_text() {
        for other in [
            b"before\0after".as_slice(),
            b"a\0b\0",
            b"a\0b\0c\0d\0e",
            b"\0\0\0\0\0\0\0\0",
            b"\x01\0\0\0\x02\0\0\0",
            b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0",
            b"words of a text that has none at all",
            "返金の手続き".as_bytes(),
        ] {
            assert_eq!(Wide::unmarked(other), None, "{other:?}");
        }
        // Without ASCII nothing tells it from other bytes.
        assert_eq!(Wide::unmarked(&written(Wide::Utf16Le, "返金の手続きを開始")), None);
    }
}
