use super::body::read_body;
use super::canonical::json_hash;
use super::json::parse_json;
use super::media_type::{content_type, is_json};
use super::{Fields, FromFields};
use crate::{ApiState, Problem, ProblemCode};
use axum::extract::{FromRequest, Request};

/// A JSON body, read and validated whole.
#[derive(Debug)]
pub(crate) struct JsonBody<T> {
    pub(crate) value: T,
    /// SHA-256 of the JSON as sent, whatever the order of its keys: what an idempotency key stands for.
    pub(crate) hash: [u8; 32],
}

impl<T: FromFields> FromRequest<ApiState> for JsonBody<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &ApiState) -> Result<Self, Problem> {
        require_json(&request)?;
        let (parts, body) = request.into_parts();
        let bytes = read_body(&parts.headers, body, state.settings.server.max_json_bytes).await?;
        Self::parse(&bytes, |fields| T::check_against(fields, &state.settings))
    }
}

impl<T: FromFields> JsonBody<T> {
    /// # Errors
    /// As [`parse_json`], and [`ProblemCode::Invalid`] with every field that is wrong.
    pub(super) fn parse(bytes: &[u8], check: impl FnOnce(&mut Fields)) -> Result<Self, Problem> {
        let value = parse_json(bytes)?;
        let hash = json_hash(&value);
        let mut fields = Fields::of(value);
        check(&mut fields);
        let read = T::from_fields(&mut fields);
        Ok(Self {
            value: fields.finish(read).map_err(Problem::invalid)?,
            hash,
        })
    }
}

pub(super) fn require_json(request: &Request) -> Result<(), Problem> {
    if content_type(request.headers()).as_deref().is_some_and(is_json) {
        return Ok(());
    }
    Err(Problem::new(
        ProblemCode::UnsupportedMediaType,
        "Send JSON: `Content-Type: application/json`.",
    ))
}
