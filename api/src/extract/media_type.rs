use axum::http::{HeaderMap, header};

/// The type and subtype of the content type, in lower case, without parameters; `None` when there is none.
pub(super) fn content_type(headers: &HeaderMap) -> Option<String> {
    headers
        .get(header::CONTENT_TYPE)
        .map(|value| essence(value.to_str().unwrap_or("")))
}

pub(super) fn essence(text: &str) -> String {
    text.split(';').next().unwrap_or("").trim().to_ascii_lowercase()
}

pub(super) fn is_json(content_type: &str) -> bool {
    content_type == "application/json" || (content_type.starts_with("application/") && content_type.ends_with("+json"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_known_by_its_type_whatever_its_parameters() {
        assert!(is_json(&essence("Application/JSON; charset=utf-8")));
        assert!(is_json("application/merge-patch+json"));
        assert!(!is_json("text/json") && !is_json("application/x-www-form-urlencoded") && !is_json(""));
    }
}
