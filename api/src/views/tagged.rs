use super::{Versioned, etag};
use axum::Json;
use axum::http::header;
use axum::response::{IntoResponse, Response};

/// A resource with the entity tag that a change of it can name.
pub(crate) struct Tagged<T>(pub(crate) T);

impl<T: Versioned> IntoResponse for Tagged<T> {
    fn into_response(self) -> Response {
        match etag(&self.0) {
            Ok(tag) => ([(header::ETAG, tag)], Json(self.0)).into_response(),
            Err(problem) => problem.into_response(),
        }
    }
}
