use crate::http::HeaderMap;
use crate::http::header::{CONTENT_TYPE, ETAG, LAST_MODIFIED};

/// Validators longer than this are not kept.
const VALIDATOR_BYTES_MAX: usize = 1024;

/// What an answer's headers say of the page.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PageHead {
    /// In lower case, without parameters.
    pub media_type: Option<String>,
    pub charset: Option<String>,
    pub etag: Option<String>,
    pub last_modified: Option<String>,
    /// By `X-Robots-Tag`, for everybody or for us.
    pub noindex: bool,
    pub nofollow: bool,
}

impl PageHead {
    #[must_use]
    pub fn of(headers: &HeaderMap) -> Self {
        let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
        let validator = |name| {
            text(name)
                .filter(|value| value.len() <= VALIDATOR_BYTES_MAX)
                .map(str::to_owned)
        };
        let content_type = text(CONTENT_TYPE).unwrap_or_default();
        let mut head = Self {
            media_type: media_type(content_type),
            charset: charset(content_type),
            etag: validator(ETAG),
            last_modified: validator(LAST_MODIFIED),
            noindex: false,
            nofollow: false,
        };
        for value in headers.get_all("x-robots-tag") {
            let (noindex, nofollow) = directives(value.to_str().unwrap_or_default());
            head.noindex |= noindex;
            head.nofollow |= nofollow;
        }
        head
    }
}

/// `text/html` of `Text/HTML; charset=utf-8`.
#[must_use]
pub fn media_type(content_type: &str) -> Option<String> {
    let essence = content_type.split(';').next().unwrap_or_default().trim();
    (!essence.is_empty()).then(|| essence.to_ascii_lowercase())
}

fn charset(content_type: &str) -> Option<String> {
    content_type.split(';').skip(1).find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        name.trim()
            .eq_ignore_ascii_case("charset")
            .then(|| value.trim().trim_matches('"').to_owned())
    })
}

/// Rules that have a value, and are no agent.
const WITH_VALUE: [&str; 4] = [
    "unavailable_after",
    "max-snippet",
    "max-image-preview",
    "max-video-preview",
];

/// Whether not to index, and whether not to follow: `noindex, nofollow`, `none`, or with an agent before it, which counts where it is ours.
fn directives(value: &str) -> (bool, bool) {
    let value = value.to_ascii_lowercase();
    let rules = match value.split_once(':') {
        Some((agent, rules)) if !agent.contains(',') && !WITH_VALUE.contains(&agent.trim()) => {
            if agent.trim() != "visualkit" {
                return (false, false);
            }
            rules
        }
        _ => value.as_str(),
    };
    robots_words(rules)
}

/// The same words stand in headers and in `meta` tags.
pub(super) fn robots_words(rules: &str) -> (bool, bool) {
    let has = |wanted: &str| {
        rules
            .split([',', ' '])
            .any(|word| word.eq_ignore_ascii_case(wanted) || word.eq_ignore_ascii_case("none"))
    };
    (has("noindex"), has("nofollow"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_type_is_taken_apart() {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, "Text/HTML; Charset=\"ISO-8859-1\"".parse().unwrap());
        headers.insert(ETAG, "W/\"1\"".parse().unwrap());
        let head = PageHead::of(&headers);
        assert_eq!(head.media_type.as_deref(), Some("text/html"));
        assert_eq!(
            (head.charset.as_deref(), head.etag.as_deref()),
            (Some("ISO-8859-1"), Some("W/\"1\""))
        );
        assert_eq!(PageHead::of(&HeaderMap::new()), PageHead::default());
    }

    #[test]
    fn robots_tags_are_heard_where_they_are_meant_for_us() {
        assert_eq!(directives("noindex, nofollow"), (true, true));
        assert_eq!(directives("NONE"), (true, true));
        assert_eq!(directives("visualkit: noindex"), (true, false));
        assert_eq!(directives("otherbot: noindex"), (false, false));
        assert_eq!(directives("unavailable_after: 25 Jun 2010, nofollow"), (false, true));
        assert_eq!(directives("max-snippet:20, noindex"), (true, false));
        assert_eq!(directives("max-image-preview: large, none"), (true, true));
        assert_eq!(directives("max-video-preview:-1"), (false, false));
        assert_eq!(directives("otherbot: max-snippet:20, noindex"), (false, false));
        assert_eq!(directives("all"), (false, false));
    }
}
