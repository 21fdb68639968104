use url::Url;

/// Longer addresses are not looked at.
const BYTES_MAX: usize = 1024;

/// Parameters that say where a visitor came from, and nothing of the page; and those that begin with `utm_`.
const TRACKING: [&str; 16] = [
    "_ga",
    "_gl",
    "_hsenc",
    "_hsmi",
    "dclid",
    "fbclid",
    "gad_source",
    "gbraid",
    "gclid",
    "igshid",
    "mc_cid",
    "mc_eid",
    "msclkid",
    "twclid",
    "wbraid",
    "yclid",
];

/// What becomes of an address's query.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Query {
    Keep,
    DropTracking,
    Drop,
}

/// The one name of an address: what WHATWG's URL parser gives (case of scheme and host, default port, dot segments), without its fragment, with
/// percent-encodings in the form of RFC 3986, 6.2.2, and its query as `query` has it. `None` for what is not http or https, carries a user name,
/// or is longer than 1024 bytes.
#[must_use]
pub fn normalise(url: &Url, query: Query) -> Option<Url> {
    let known = matches!(url.scheme(), "http" | "https") && url.has_host();
    if !known || !url.username().is_empty() || url.password().is_some() {
        return None;
    }
    let mut url = url.clone();
    url.set_fragment(None);
    url.set_path(&plain(url.path()));
    let kept = url.query().map(|text| match query {
        Query::Keep => plain(text),
        Query::Drop => String::new(),
        Query::DropTracking => plain(&without_tracking(text)),
    });
    url.set_query(kept.as_deref().filter(|text| !text.is_empty()));
    (url.as_str().len() <= BYTES_MAX).then_some(url)
}

/// Pairs in their order: on some sites it matters.
fn without_tracking(query: &str) -> String {
    let kept: Vec<&str> = query.split('&').filter(|pair| !is_tracking(pair)).collect();
    kept.join("&")
}

fn is_tracking(pair: &str) -> bool {
    let name = pair.split('=').next().unwrap_or(pair).to_ascii_lowercase();
    name.starts_with("utm_") || TRACKING.contains(&name.as_str())
}

/// Unreserved characters as themselves, everything else that was encoded in capitals, and what is not ASCII encoded.
pub(super) fn plain(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let encoded = (byte == b'%')
            .then(|| bytes.get(at + 1..at + 3))
            .flatten()
            .and_then(hex);
        match encoded {
            Some(decoded) => {
                if decoded.is_ascii_alphanumeric() || b"-._~".contains(&decoded) {
                    out.push(char::from(decoded));
                } else {
                    out.push_str(&format!("%{decoded:02X}"));
                }
                at += 3;
            }
            None if byte.is_ascii() => {
                out.push(char::from(byte));
                at += 1;
            }
            None => {
                out.push_str(&format!("%{byte:02X}"));
                at += 1;
            }
        }
    }
    out
}

fn hex(digits: &[u8]) -> Option<u8> {
    let text = std::str::from_utf8(digits).ok()?;
    text.bytes()
        .all(|byte| byte.is_ascii_hexdigit())
        .then(|| u8::from_str_radix(text, 16).ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str, query: Query) -> String {
        normalise(&Url::parse(text).unwrap(), query).map_or_else(|| "none".into(), String::from)
    }

    #[test]
    fn one_page_has_one_name() {
        for other in [
            "HTTPS://Example.COM:443/a/b",
            "https://example.com/a/./x/../b",
            "https://example.com/a/%62#part",
            "https://example.com/a/b?utm_source=mail&GCLID=1",
            "https://example.com/a/b?",
        ] {
            assert_eq!(name(other, Query::DropTracking), "https://example.com/a/b", "{other}");
        }
        assert_eq!(
            name("https://example.com/%7eann/%c3%bc", Query::Keep),
            "https://example.com/~ann/%C3%BC"
        );
        assert_eq!(name("https://example.com/ü", Query::Keep), "https://example.com/%C3%BC");
    }

    #[test]
    fn a_query_that_says_which_page_stays_as_it_is() {
        assert_eq!(
            name("https://example.com/?b=2&utm_medium=x&a=1", Query::DropTracking),
            "https://example.com/?b=2&a=1"
        );
        assert_eq!(name("https://example.com/?b=2", Query::Drop), "https://example.com/");
        assert_eq!(
            name("https://example.com/?utm_id=2", Query::Keep),
            "https://example.com/?utm_id=2"
        );
        // Encoded separators are data.
        assert_eq!(
            name("https://example.com/a%2fb", Query::Keep),
            "https://example.com/a%2Fb"
        );
    }

    #[test]
    fn what_is_no_page_has_no_name() {
        for other in [
            "mailto:a@example.com",
            "data:text/html,x",
            "https://user@example.com/",
            "ftp://example.com/",
        ] {
            assert_eq!(name(other, Query::Keep), "none", "{other}");
        }
        assert_eq!(
            name(&format!("https://example.com/{}", "x".repeat(1024)), Query::Keep),
            "none"
        );
    }
}
