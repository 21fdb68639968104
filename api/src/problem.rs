use crate::ProblemCode;
use axum::body::Body;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use jobs::FieldError;
use serde::Serialize;
use store::StoreError;
use utoipa::ToSchema;

/// Any answer that is not what was asked for: RFC 9457 `application/problem+json`.
///
/// As a response it is an empty body and itself among the extensions: the outermost layer, which knows the request id, writes it.
#[derive(Clone, Debug)]
pub struct Problem {
    code: ProblemCode,
    detail: String,
    errors: Vec<FieldError>,
    retry_after_secs: Option<u32>,
}

/// A problem as it is sent.
#[derive(Serialize, ToSchema)]
#[schema(as = Problem)]
pub struct ProblemBody<'a> {
    /// `/problems/` and the code.
    pub r#type: String,
    /// The same for every problem of the code.
    pub title: &'a str,
    /// The HTTP status.
    #[schema(minimum = 400, maximum = 599)]
    pub status: u16,
    /// Stable, for programs.
    pub code: &'a str,
    /// For people: what happened, and what to do.
    pub detail: &'a str,
    /// Name it when you ask us.
    pub request_id: &'a str,
    /// Every field that is wrong.
    #[serde(skip_serializing_if = "<[FieldError]>::is_empty")]
    #[schema(required = false)]
    pub errors: &'a [FieldError],
}

impl Problem {
    pub(crate) fn new(code: ProblemCode, detail: impl Into<String>) -> Self {
        Self {
            code,
            detail: detail.into(),
            errors: Vec::new(),
            retry_after_secs: None,
        }
    }

    pub(crate) fn code(&self) -> ProblemCode {
        self.code
    }

    /// All fields that are wrong at once. The code is the errors' own when they agree on one that has a problem of its name.
    pub(crate) fn invalid(errors: Vec<FieldError>) -> Self {
        let all = |code: ProblemCode| errors.iter().all(|error| error.code == code.as_str());
        let own = [
            ProblemCode::ContainsNul,
            ProblemCode::InvalidUtf8,
            ProblemCode::InvalidCursor,
        ];
        let own = own.into_iter().find(|code| all(*code));
        let unknown_kind = errors
            .iter()
            .any(|error| error.code == ProblemCode::UnknownKind.as_str());
        let code = if unknown_kind {
            ProblemCode::UnknownKind
        } else {
            own.unwrap_or(ProblemCode::Invalid)
        };
        Self::with_errors(code, errors)
    }

    pub(crate) fn invalid_query(errors: Vec<FieldError>) -> Self {
        Self::with_errors(ProblemCode::InvalidQuery, errors)
    }

    fn with_errors(code: ProblemCode, errors: Vec<FieldError>) -> Self {
        let errors: Vec<FieldError> = errors.into_iter().map(clipped).collect();
        let detail = match errors.as_slice() {
            [error] if error.field.is_empty() => error.message.clone(),
            [error] => format!("`{}` {}.", error.field, error.message),
            errors => format!("{} fields cannot be accepted; `errors` lists them.", errors.len()),
        };
        Self {
            errors,
            ..Self::new(code, detail)
        }
    }

    /// Both at once, where each is about fields; else the one before.
    pub(crate) fn and(self, other: Self) -> Self {
        if self.errors.is_empty() || other.errors.is_empty() {
            return self;
        }
        Self::invalid(self.errors.into_iter().chain(other.errors).collect())
    }

    pub(crate) fn not_found(what: &str) -> Self {
        // Of these a base has one or none, and what was named is there.
        let detail = match what {
            "gate" => "The knowledge base has no gate.".to_owned(),
            "embedding migration" => "The knowledge base has had no embedding migration.".to_owned(),
            what => format!("There is no such {what}."),
        };
        Self::new(ProblemCode::NotFound, detail)
    }

    /// Not found, and a field of the body named it.
    pub(crate) fn not_found_in(errors: Vec<FieldError>) -> Self {
        Self::with_errors(ProblemCode::NotFound, errors)
    }

    pub(crate) fn unavailable(detail: impl Into<String>) -> Self {
        Self {
            retry_after_secs: Some(1),
            ..Self::new(ProblemCode::Unavailable, detail)
        }
    }

    /// Asks the client to wait.
    pub(crate) fn retry_after(self, secs: u32) -> Self {
        Self {
            retry_after_secs: Some(secs),
            ..self
        }
    }

    pub(crate) fn timed_out() -> Self {
        let detail =
            "The request took too long and was given up. Send it again; with an Idempotency-Key nothing happens twice.";
        Self {
            retry_after_secs: Some(1),
            ..Self::new(ProblemCode::TimedOut, detail)
        }
    }

    /// Logs the error whole, once; the client gets a fixed sentence.
    pub(crate) fn internal(error: &(dyn std::error::Error + 'static)) -> Self {
        tracing::error!(error, "request failed");
        Self::new(
            ProblemCode::Internal,
            "Something went wrong on our side. It is logged under this request id.",
        )
    }

    /// Writes it, now that the request id is known.
    pub(crate) fn render(&self, request_id: &str) -> Vec<u8> {
        let body = ProblemBody {
            r#type: format!("/problems/{}", self.code.as_str()),
            title: self.code.title(),
            status: self.code.status().as_u16(),
            code: self.code.as_str(),
            detail: &self.detail,
            request_id,
            errors: &self.errors,
        };
        serde_json::to_vec(&body).unwrap_or_default()
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = self.code.status();
        let headers = response.headers_mut();
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/problem+json"),
        );
        if self.code == ProblemCode::Unauthenticated {
            headers.insert(
                header::WWW_AUTHENTICATE,
                HeaderValue::from_static("Bearer realm=\"visualkit\""),
            );
        }
        if let Some(secs) = self.retry_after_secs {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(secs));
        }
        response.extensions_mut().insert(self);
        response
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::NotFound { what } => Self::not_found(what),
            StoreError::Conflict { what } => Self::new(ProblemCode::Conflict, sentence(what)),
            error if error.is_transient() => {
                tracing::warn!(error = &error as &dyn std::error::Error, "database unavailable");
                Self::unavailable("The database does not answer. Try again in a moment.")
            }
            error => Self::internal(&error),
        }
    }
}

impl From<jobs::EnqueueError> for Problem {
    fn from(error: jobs::EnqueueError) -> Self {
        match error {
            jobs::EnqueueError::Store(error) => error.into(),
            error @ jobs::EnqueueError::Payload(_) => Self::internal(&error),
        }
    }
}

/// How many bytes of a field's place are shown: names within a body are as long as their author likes, and deep.
const MAX_FIELD_BYTES: usize = 256;

fn clipped(mut error: FieldError) -> FieldError {
    if error.field.len() > MAX_FIELD_BYTES {
        error.field.truncate(error.field.floor_char_boundary(MAX_FIELD_BYTES));
        error.field.push('…');
    }
    error
}

/// `the job has ended` as a sentence.
fn sentence(what: &str) -> String {
    let mut letters = what.chars();
    letters.next().map_or_else(String::new, |first| {
        format!("{}{}.", first.to_uppercase(), letters.as_str())
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
    use super::*;
    use serde_json::{Value, json};

    fn rendered(problem: &Problem) -> Value {
        serde_json::from_slice(&problem.render("r-1")).unwrap()
    }

    #[test]
    fn a_problem_has_every_field_of_the_contract() {
        let expected = json!({"type": "/problems/not_found", "title": "Not found", "status": 404, "code": "not_found",
            "detail": "There is no such job.", "request_id": "r-1"});
        assert_eq!(rendered(&Problem::not_found("job")), expected);
    }

    #[test]
    fn all_field_errors_are_listed() {
        let errors = vec![
            FieldError::new("a", "required", "is required"),
            FieldError::new("b", "contains_nul", "contains NUL"),
        ];
        let problem = rendered(&Problem::invalid(errors));
        assert_eq!(problem["code"], "invalid");
        assert_eq!(problem["errors"][1]["field"], "b");
    }

    #[test]
    fn of_a_long_place_the_beginning_is_shown() {
        let errors = vec![FieldError::new("ä".repeat(1000), "unknown", "is unknown")];
        let problem = rendered(&Problem::invalid(errors));
        assert_eq!(problem["errors"][0]["field"], format!("{}…", "ä".repeat(128)));
        assert!(problem["detail"].as_str().unwrap().len() < 300);
    }

    #[test]
    fn errors_that_agree_name_the_problem() {
        let problem = Problem::invalid(vec![FieldError::new("title", "contains_nul", "contains NUL")]);
        assert_eq!(problem.code(), ProblemCode::ContainsNul);
        let errors = vec![
            FieldError::new("kind", "unknown_kind", "is unknown"),
            FieldError::new("priority", "out_of_range", "must be 0 to 2"),
        ];
        assert_eq!(Problem::invalid(errors).code(), ProblemCode::UnknownKind);
    }

    #[test]
    fn an_error_of_the_store_is_answered_by_its_kind() {
        let conflict = Problem::from(StoreError::Conflict {
            what: "the job has ended",
        });
        assert_eq!(
            (conflict.code(), conflict.detail.as_str()),
            (ProblemCode::Conflict, "The job has ended.")
        );
        let away = Problem::from(StoreError::Unavailable("password=hunter2".to_owned())).into_response();
        assert_eq!(away.headers()["retry-after"], "1");
        let internal = Problem::from(StoreError::Corrupt("secret".to_owned()));
        assert_eq!(internal.code(), ProblemCode::Internal);
        assert!(!internal.detail.contains("secret"));
    }
}
