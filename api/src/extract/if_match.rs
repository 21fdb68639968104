use crate::{Problem, ProblemCode};
use axum::extract::FromRequestParts;
use axum::http::HeaderMap;
use axum::http::request::Parts;

/// The `If-Match` header (RFC 9110, section 13.1.1): what the client believes the resource to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum IfMatch {
    /// Without the header: whatever it is.
    Absent,
    /// `*`: anything, as long as it is there.
    Any,
    /// One of these strong tags, quotes included.
    Tags(Vec<String>),
}

impl<S: Sync> FromRequestParts<S> for IfMatch {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        Self::of(&parts.headers)
    }
}

impl IfMatch {
    fn of(headers: &HeaderMap) -> Result<Self, Problem> {
        let wrong = || {
            Problem::new(
                ProblemCode::InvalidHeader,
                "If-Match must be `*`, or entity tags as an ETag header gives them, with their quotes.",
            )
        };
        let mut tags: Option<Vec<String>> = None;
        let mut any = false;
        for value in headers.get_all("if-match") {
            let mut rest = value.to_str().map_err(|_| wrong())?.trim();
            any |= rest == "*";
            let known = tags.get_or_insert_default();
            while !rest.is_empty() && rest != "*" {
                let (weak, quoted) = rest.strip_prefix("W/").map_or((false, rest), |quoted| (true, quoted));
                let (tag, after) = quoted
                    .strip_prefix('"')
                    .and_then(|tag| tag.split_once('"'))
                    .ok_or_else(wrong)?;
                // The comparison is a strong one: a weak tag matches nothing.
                if !weak {
                    known.push(format!("\"{tag}\""));
                }
                let after = after.trim_start();
                rest = match after.strip_prefix(',') {
                    Some(next) => next.trim_start(),
                    None if after.is_empty() => after,
                    None => return Err(wrong()),
                };
            }
        }
        Ok(match tags {
            None => Self::Absent,
            Some(_) if any => Self::Any,
            Some(tags) => Self::Tags(tags),
        })
    }

    /// # Errors
    /// [`ProblemCode::PreconditionFailed`] when the resource, which is there, has another tag.
    pub(crate) fn check(&self, etag: &str) -> Result<(), Problem> {
        match self {
            Self::Tags(tags) if !tags.iter().any(|tag| tag == etag) => Err(Problem::new(
                ProblemCode::PreconditionFailed,
                "It has changed since you read it. Read it again, and send the change with its ETag as If-Match.",
            )),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn read(values: &[&str]) -> Result<IfMatch, ProblemCode> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append("if-match", value.parse().unwrap());
        }
        IfMatch::of(&headers).map_err(|problem| problem.code())
    }

    #[test]
    fn tags_are_compared_strongly() {
        let several = read(&["\"a\" , W/\"b\",\"c,d\"", "\"e\""]).unwrap();
        for (etag, passes) in [("\"a\"", true), ("\"b\"", false), ("\"c,d\"", true), ("\"e\"", true)] {
            assert_eq!(several.check(etag).is_ok(), passes, "{etag}");
        }
        assert_eq!(read(&["W/\"a\""]), Ok(IfMatch::Tags(Vec::new())));
    }

    #[test]
    fn a_star_and_no_header_let_everything_pass() {
        assert_eq!(read(&["*"]), Ok(IfMatch::Any));
        assert_eq!(read(&[]), Ok(IfMatch::Absent));
        assert!(IfMatch::Any.check("\"a\"").is_ok() && IfMatch::Absent.check("\"a\"").is_ok());
    }

    #[test]
    fn anything_else_is_refused() {
        for wrong in ["a", "\"a", "\"a\" \"b\"", "W/a"] {
            assert_eq!(read(&[wrong]), Err(ProblemCode::InvalidHeader), "{wrong}");
        }
    }
}
