use super::body::read_body;
use super::json::parse_json;
use super::json_body::require_json;
use super::{Fields, FromFields};
use crate::{ApiState, Problem};
use axum::extract::{FromRequest, Request};
use serde_json::{Value, json};

/// A JSON body that need not be there: without one, or with `null`, every field is absent.
#[derive(Debug)]
pub(crate) struct OptionalJsonBody<T>(pub(crate) T);

impl<T: FromFields> FromRequest<ApiState> for OptionalJsonBody<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &ApiState) -> Result<Self, Problem> {
        let is_json = require_json(&request);
        let (parts, body) = request.into_parts();
        let bytes = read_body(&parts.headers, body, state.settings.server.max_json_bytes).await?;
        let value = if bytes.trim_ascii().is_empty() {
            json!({})
        } else {
            is_json?;
            match parse_json(&bytes)? {
                Value::Null => json!({}),
                value => value,
            }
        };
        let mut fields = Fields::of(value);
        let read = T::from_fields(&mut fields);
        fields.finish(read).map(Self).map_err(Problem::invalid)
    }
}
