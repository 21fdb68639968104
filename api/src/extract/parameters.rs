use super::{NoParameters, Query};
use crate::{ApiState, Problem};
use axum::extract::{FromRequestParts, MatchedPath};
use axum::http::Method;
use axum::http::request::Parts;
use std::collections::HashSet;
use std::sync::LazyLock;
use utoipa::openapi::RefOr;
use utoipa::openapi::path::{Operation, ParameterIn};

/// Methods and paths of the operations that take query parameters, as the API's description says. Their handlers read them with [`Query`].
static WITH_PARAMETERS: LazyLock<HashSet<(Method, String)>> = LazyLock::new(|| {
    let document = crate::router::openapi();
    let of_path = document.paths.paths.into_iter().flat_map(|(path, item)| {
        let operations = [
            (Method::GET, item.get),
            (Method::POST, item.post),
            (Method::PUT, item.put),
            (Method::PATCH, item.patch),
            (Method::DELETE, item.delete),
        ];
        operations.map(|(method, operation)| (method, path.clone(), operation))
    });
    of_path
        .filter(|(_, _, operation)| operation.as_ref().is_some_and(takes_parameters))
        .map(|(method, path, _)| (method, path))
        .collect()
});

/// What is sent to an operation that takes no parameters is refused like an unknown one of any other: who puts `dry_run` into the address of a deletion means it.
///
/// # Errors
/// [`ProblemCode::InvalidQuery`](crate::ProblemCode::InvalidQuery).
pub(super) async fn refuse_surplus(parts: &mut Parts, state: &ApiState) -> Result<(), Problem> {
    if parts.uri.query().is_none_or(str::is_empty) || is_read_by_its_handler(parts) {
        return Ok(());
    }
    Query::<NoParameters>::from_request_parts(parts, state).await.map(drop)
}

fn is_read_by_its_handler(parts: &Parts) -> bool {
    let Some(path) = parts.extensions.get::<MatchedPath>() else {
        return false;
    };
    // Whoever handles GET handles HEAD.
    let method = match &parts.method {
        head if head == Method::HEAD => Method::GET,
        other => other.clone(),
    };
    WITH_PARAMETERS.contains(&(method, path.as_str().to_owned()))
}

fn takes_parameters(operation: &Operation) -> bool {
    let mut parameters = operation.parameters.iter().flatten();
    parameters.any(|parameter| {
        let RefOr::T(parameter) = parameter else { return false };
        matches!(parameter.parameter_in, ParameterIn::Query)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_description_tells_which_operations_take_parameters() {
        let takes = |method: Method, path: &str| WITH_PARAMETERS.contains(&(method, path.to_owned()));
        assert!(takes(Method::GET, "/v1/jobs") && takes(Method::GET, "/v1/limits"));
        assert!(takes(Method::DELETE, "/v1/sources/{id}"));
        assert!(!takes(Method::POST, "/v1/jobs") && !takes(Method::DELETE, "/v1/documents/{id}"));
    }
}
