use crate::{Problem, ProblemCode};
use axum::response::{IntoResponse, Response};
use std::any::Any;

/// A panic in a handler is a bug: it is logged, and the client gets what any internal error gets.
pub(crate) fn panic_problem(panic: Box<dyn Any + Send + 'static>) -> Response {
    let message = panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied());
    tracing::error!(panic = message.unwrap_or("not a message"), "a handler panicked");
    Problem::new(
        ProblemCode::Internal,
        "Something went wrong on our side. It is logged under this request id.",
    )
    .into_response()
}
