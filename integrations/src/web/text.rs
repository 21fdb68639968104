use encoding_rs::UTF_8;
use std::borrow::Cow;

/// What a file for robots says, which is UTF-8 unless a byte order mark says UTF-16. What is not becomes U+FFFD. (What encoding a page is in, whoever reads pages knows.)
#[must_use]
pub fn to_utf8(bytes: &[u8]) -> Cow<'_, str> {
    UTF_8.decode(bytes).0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_counts_and_nothing_is_refused() {
        assert_eq!(to_utf8("Müller".as_bytes()), "Müller");
        assert_eq!(to_utf8("\u{feff}Müller".as_bytes()), "Müller");
        assert_eq!(to_utf8(b"\xff\xfeM\0\xfc\0"), "Mü");
        assert_eq!(to_utf8(b"M\xfcller"), "M\u{fffd}ller");
    }
}
