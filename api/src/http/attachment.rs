use axum::http::HeaderValue;

/// File systems take 255 bytes; a character has up to four.
const MAX_CHARS: usize = 60;

/// `Content-Disposition` (RFC 6266) of something that is to be saved under a name which a tenant chose: `filename` for who reads no more than ASCII, and
/// `filename*` (RFC 8187). Neither has a path in it, nor anything that ends a quoted string or turns the direction of writing.
pub(crate) fn attachment(name: &str) -> HeaderValue {
    let name = file_name(name);
    let plain: String = name.chars().map(|c| if c.is_ascii() { c } else { '_' }).collect();
    let encoded: String = name.bytes().map(encoded).collect();
    HeaderValue::try_from(format!("attachment; filename=\"{plain}\"; filename*=UTF-8''{encoded}"))
        .unwrap_or(HeaderValue::from_static("attachment"))
}

/// Letters and digits of any script, and a few signs. Its last dot and what follows stay when it is cut.
fn file_name(name: &str) -> String {
    let is_kept = |c: char| c.is_alphanumeric() || " .-_()+@=,".contains(c);
    let safe: String = name.chars().map(|c| if is_kept(c) { c } else { '_' }).collect();
    // Hidden files, `..`, and what Windows drops.
    let safe = safe.trim_matches([' ', '.']);
    if !safe.chars().any(char::is_alphanumeric) {
        return "document".to_owned();
    }
    let (stem, extension) = match safe.rsplit_once('.') {
        Some((stem, extension)) if extension.chars().count() <= 10 => (stem, format!(".{extension}")),
        _ => (safe, String::new()),
    };
    let room = MAX_CHARS - extension.chars().count();
    let stem: String = stem.chars().take(room).collect();
    format!("{stem}{extension}")
}

/// `attr-char` of RFC 8187 as it is, other bytes by their percent code.
fn encoded(byte: u8) -> String {
    if byte.is_ascii_alphanumeric() || b"!#$&+-.^_`|~".contains(&byte) {
        char::from(byte).to_string()
    } else {
        format!("%{byte:02X}")
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn said(name: &str) -> String {
        attachment(name).to_str().unwrap().to_owned()
    }

    #[test]
    fn a_plain_name_stays() {
        assert_eq!(
            said("manual (2).pdf"),
            "attachment; filename=\"manual (2).pdf\"; filename*=UTF-8''manual%20%282%29.pdf"
        );
    }

    #[test]
    fn other_scripts_are_kept_for_who_reads_them() {
        assert_eq!(
            said("Mühle 日本.md"),
            "attachment; filename=\"M_hle __.md\"; filename*=UTF-8''M%C3%BChle%20%E6%97%A5%E6%9C%AC.md"
        );
    }

    #[test]
    fn a_name_is_no_path_and_ends_no_header() {
        assert_eq!(file_name("../../etc/passwd"), "_.._etc_passwd");
        assert_eq!(file_name("..\\a:b.txt"), "_a_b.txt");
        assert_eq!(file_name("a\"; filename=b\r\nX: y"), "a__ filename=b__X_ y");
        assert_eq!(file_name("annex\u{202e}fdp.exe"), "annex_fdp.exe");
        for nothing in ["", "...", " ", "\u{1}", "/"] {
            assert_eq!(file_name(nothing), "document", "{nothing:?}");
        }
    }

    #[test]
    fn a_long_name_is_cut_before_its_extension() {
        let name = file_name(&format!("{}.markdown", "ä".repeat(500)));
        assert_eq!(name.chars().count(), MAX_CHARS);
        assert!(name.ends_with("ä.markdown") && name.len() < 255);
        assert_eq!(file_name(&"x".repeat(500)).len(), MAX_CHARS);
    }
}
