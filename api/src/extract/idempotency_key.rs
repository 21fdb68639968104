use crate::{Problem, ProblemCode};
use axum::http::HeaderMap;

/// What makes a request safe to send again: 1 to 255 visible ASCII characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct IdempotencyKey(String);

impl IdempotencyKey {
    /// # Errors
    /// [`ProblemCode::InvalidHeader`]: a key that were ignored would let the client believe that it is safe.
    pub(crate) fn of(headers: &HeaderMap) -> Result<Option<Self>, Problem> {
        let mut given = headers.get_all("idempotency-key").iter();
        let Some(value) = given.next() else {
            return Ok(None);
        };
        let key = value.to_str().ok().filter(|key| is_key(key) && given.next().is_none());
        let key = key.ok_or_else(|| {
            Problem::new(
                ProblemCode::InvalidHeader,
                "Idempotency-Key must be 1 to 255 visible ASCII characters, sent once.",
            )
        })?;
        Ok(Some(Self(key.to_owned())))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

fn is_key(text: &str) -> bool {
    (1..=255).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn key(values: &[&[u8]]) -> Result<Option<IdempotencyKey>, Problem> {
        let value = |bytes: &[u8]| axum::http::HeaderValue::from_bytes(bytes).unwrap();
        IdempotencyKey::of(
            &values
                .iter()
                .map(|bytes| ("idempotency-key".parse().unwrap(), value(bytes)))
                .collect(),
        )
    }

    #[test]
    fn a_key_is_read_as_it_is() {
        assert_eq!(key(&[]).unwrap(), None);
        assert_eq!(key(&[b"\"8e03978e\""]).unwrap().unwrap().as_str(), "\"8e03978e\"");
    }

    #[test]
    fn a_key_that_cannot_be_kept_is_refused_not_ignored() {
        let long = [b'x'; 256];
        for bad in [
            &[b"".as_slice()][..],
            &[b"a b"],
            &["ü".as_bytes()],
            &[&long],
            &[b"a", b"a"],
        ] {
            assert_eq!(key(bad).unwrap_err().code(), ProblemCode::InvalidHeader);
        }
    }
}
