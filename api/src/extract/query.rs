use super::cursor::invalid_cursor;
use super::fields::parse_time;
use crate::{ApiState, Problem};
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use chrono::{DateTime, Utc};
use jobs::FieldError;
use std::ops::RangeInclusive;
use uuid::Uuid;

/// A query string that is read parameter by parameter.
pub(crate) trait FromQuery: Sized + Send {
    /// # Errors
    /// Only what concerns no single parameter; the others are noted in `query`.
    fn from_query(query: &mut QueryFields) -> Result<Self, Problem>;
}

/// The query, read and validated whole.
#[derive(Debug)]
pub(crate) struct Query<T>(pub(crate) T);

impl<T: FromQuery> FromRequestParts<ApiState> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &ApiState) -> Result<Self, Problem> {
        let malformed = |_| {
            Problem::invalid_query(vec![FieldError::new(
                "",
                "malformed",
                "The query string cannot be read.",
            )])
        };
        let pairs = axum::extract::Query::<Vec<(String, String)>>::try_from_uri(&parts.uri).map_err(malformed)?;
        Self::parse(pairs.0)
    }
}

impl<T: FromQuery> Query<T> {
    fn parse(pairs: Vec<(String, String)>) -> Result<Self, Problem> {
        let mut query = QueryFields {
            left: pairs,
            errors: Vec::new(),
        };
        let read = T::from_query(&mut query)?;
        let unknown: Vec<String> = query
            .left
            .iter()
            .take(20)
            .map(|(name, _)| name.chars().take(100).collect())
            .collect();
        for name in unknown {
            query.error(&name, "unknown", "is no parameter here, or is there twice");
        }
        if query.errors.is_empty() {
            Ok(Self(read))
        } else {
            Err(Problem::invalid_query(query.errors))
        }
    }
}

/// The query of a request that takes no parameters.
#[derive(Debug)]
pub(crate) struct NoParameters;

impl FromQuery for NoParameters {
    fn from_query(_query: &mut QueryFields) -> Result<Self, Problem> {
        Ok(Self)
    }
}

/// The query of a list that is one page whatever it holds. `limit` is taken, since who reads any list by pages sends one, and changes nothing.
#[derive(Debug)]
pub(crate) struct OnePage;

impl FromQuery for OnePage {
    fn from_query(query: &mut QueryFields) -> Result<Self, Problem> {
        query.limit();
        match query.text("cursor") {
            None => Ok(Self),
            Some(_) => Err(invalid_cursor()),
        }
    }
}

/// The parameters that have not been read yet, and what was wrong with those that have.
pub(crate) struct QueryFields {
    left: Vec<(String, String)>,
    errors: Vec<FieldError>,
}

impl QueryFields {
    pub(crate) fn error(&mut self, field: &str, code: &str, message: impl Into<String>) {
        self.errors.push(FieldError::new(field, code, message));
    }

    pub(crate) fn text(&mut self, name: &str) -> Option<String> {
        let at = self.left.iter().position(|(given, _)| given == name)?;
        Some(self.left.remove(at).1)
    }

    /// `limit`: 1 to 100, by default 20.
    pub(crate) fn limit(&mut self) -> i64 {
        match self.text("limit").map(|text| text.parse::<i64>()) {
            None => 20,
            Some(Ok(limit @ 1..=100)) => limit,
            Some(_) => {
                self.error("limit", "out_of_range", "must be 1 to 100");
                20
            }
        }
    }

    /// One of a few words, as `read` knows them.
    pub(crate) fn choice<T>(&mut self, name: &str, words: &[&str], read: impl Fn(&str) -> Option<T>) -> Option<T> {
        let text = self.text(name)?;
        let chosen = read(&text);
        if chosen.is_none() {
            self.error(name, "invalid", format!("must be one of {}", words.join(", ")));
        }
        chosen
    }

    /// Any text of so many characters.
    pub(crate) fn bounded_text(&mut self, name: &str, length: RangeInclusive<usize>) -> Option<String> {
        let text = self.text(name)?;
        if text.contains('\0') {
            self.error(name, "contains_nul", "must not contain U+0000");
            return None;
        }
        if !length.contains(&text.chars().count()) {
            let (least, most) = (length.start(), length.end());
            self.error(name, "length", format!("must have {least} to {most} characters"));
            return None;
        }
        Some(text)
    }

    /// A name such as `diagnostics.noop`.
    pub(crate) fn name(&mut self, name: &str) -> Option<String> {
        let text = self.text(name)?;
        let plain = (1..=100).contains(&text.len())
            && text
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte));
        if !plain {
            self.error(name, "invalid", "must be 1 to 100 letters, digits, '.', '_' or '-'");
            return None;
        }
        Some(text)
    }

    pub(crate) fn id(&mut self, name: &str) -> Option<Uuid> {
        let text = self.text(name)?;
        let id = Uuid::try_parse(&text).ok();
        if id.is_none() {
            self.error(name, "invalid", "must be an id");
        }
        id
    }

    pub(crate) fn time(&mut self, name: &str) -> Option<DateTime<Utc>> {
        let text = self.text(name)?;
        let time = parse_time(&text);
        if time.is_none() {
            self.error(
                name,
                "invalid",
                "must be an RFC 3339 time, such as 2030-01-31T08:00:00Z ('+' is written %2B)",
            );
        }
        time
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use crate::ProblemCode;

    #[derive(Debug)]
    struct Page(i64, Option<String>, Option<String>);

    impl FromQuery for Page {
        fn from_query(query: &mut QueryFields) -> Result<Self, Problem> {
            Ok(Self(query.limit(), query.name("kind"), query.bounded_text("q", 1..=3)))
        }
    }

    fn page(pairs: &[(&str, &str)]) -> Result<Query<Page>, Problem> {
        Query::parse(
            pairs
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect(),
        )
    }

    #[test]
    fn a_query_is_read_with_its_defaults() {
        assert_eq!(page(&[]).unwrap().0.0, 20);
        assert_eq!(
            page(&[("kind", "diagnostics.noop")]).unwrap().0.1.unwrap(),
            "diagnostics.noop"
        );
    }

    #[test]
    fn a_text_is_measured_in_characters() {
        assert_eq!(page(&[("q", "ä%_")]).unwrap().0.2.unwrap(), "ä%_");
    }

    #[test]
    fn a_wrong_query_is_refused() {
        for (name, value) in [
            ("limit", "0"),
            ("limit", "101"),
            ("limit", "x"),
            ("kind", "\0"),
            ("kind", ""),
            ("foo", "1"),
            ("q", ""),
            ("q", "\0"),
            ("q", "four"),
        ] {
            assert_eq!(
                page(&[(name, value)]).unwrap_err().code(),
                ProblemCode::InvalidQuery,
                "{name}={value}"
            );
        }
        assert!(page(&[("limit", "1"), ("limit", "2")]).is_err());
    }

    #[test]
    fn what_takes_no_parameters_refuses_any() {
        assert!(Query::<NoParameters>::parse(Vec::new()).is_ok());
        let refused = Query::<NoParameters>::parse(vec![("dry_run".to_owned(), "true".to_owned())]);
        assert_eq!(refused.unwrap_err().code(), ProblemCode::InvalidQuery);
    }

    #[test]
    fn a_list_of_one_page_takes_a_limit_and_no_cursor() {
        let read = |name: &str, value: &str| Query::<OnePage>::parse(vec![(name.to_owned(), value.to_owned())]);
        assert!(Query::<OnePage>::parse(Vec::new()).is_ok() && read("limit", "100").is_ok());
        assert_eq!(read("limit", "0").unwrap_err().code(), ProblemCode::InvalidQuery);
        assert_eq!(read("limt", "5").unwrap_err().code(), ProblemCode::InvalidQuery);
        assert_eq!(read("cursor", "00").unwrap_err().code(), ProblemCode::InvalidCursor);
    }
}
