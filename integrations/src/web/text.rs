use encoding_rs::{Encoding, UTF_8, WINDOWS_1252};

/// How far into a page its own word about its encoding is looked for, as browsers do (WHATWG HTML, 13.2.3.2).
const PRESCAN_BYTES: usize = 1024;

/// The text of a page: by its byte order mark, or what its header says, or what it says itself; otherwise it is UTF-8 if it can be, and Windows-1252,
/// which anything can be, if not. What does not fit the encoding becomes U+FFFD.
#[must_use]
pub fn to_utf8(bytes: &[u8], said: Option<&str>) -> String {
    let named = |label: &str| Encoding::for_label(label.as_bytes());
    let encoding = Encoding::for_bom(bytes)
        .map(|(encoding, _)| encoding)
        .or_else(|| said.and_then(named))
        .or_else(|| own_word(bytes).as_deref().and_then(named))
        .unwrap_or_else(|| {
            if std::str::from_utf8(bytes).is_ok() {
                UTF_8
            } else {
                WINDOWS_1252
            }
        });
    encoding.decode(bytes).0.into_owned()
}

/// `charset=…` in a `meta` tag, with or without `http-equiv`.
fn own_word(bytes: &[u8]) -> Option<String> {
    let head = String::from_utf8_lossy(bytes.get(..PRESCAN_BYTES).unwrap_or(bytes)).to_ascii_lowercase();
    head.split("<meta").skip(1).find_map(|tag| {
        let tag = tag.split('>').next()?;
        let (_, value) = tag.split_once("charset")?;
        let value = value.trim_start().strip_prefix('=')?.trim_start();
        let label = value.trim_start_matches(['"', '\'']);
        let end = label.find(['"', '\'', ';', ' ', '/']).unwrap_or(label.len());
        label.get(..end).map(str::to_owned)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_header_counts_before_the_page_and_the_mark_before_both() {
        assert_eq!(to_utf8(b"M\xfcller", Some("ISO-8859-1")), "Müller");
        assert_eq!(
            to_utf8("<meta charset='latin1'>Müller".as_bytes(), Some("utf-8")),
            "<meta charset='latin1'>Müller"
        );
        assert_eq!(to_utf8("\u{feff}Müller".as_bytes(), Some("latin1")), "Müller");
        let old = b"<meta http-equiv=\"Content-Type\" content=\"text/html; charset=Shift_JIS\">\x83e\x83X\x83g";
        assert!(to_utf8(old, None).ends_with("テスト"));
    }

    #[test]
    fn a_wrong_word_does_no_more_harm_than_it_must() {
        assert_eq!(to_utf8("Müller".as_bytes(), Some("no-such-thing")), "Müller");
        assert_eq!(to_utf8(b"M\xfcller", None), "Müller");
        assert_eq!(to_utf8(b"M\xfcller", Some("utf-8")), "M\u{fffd}ller");
    }
}
