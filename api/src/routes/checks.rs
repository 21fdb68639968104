use crate::extract::{AnswersRead, Authorized, Fields, FromFields, JsonBody, WorkOptions};
use crate::views::CheckJob;
use crate::work::{self, Begin, start_work};
use crate::{ApiState, Problem};
use axum::extract::State;
use axum::response::Response;
use jobs::kinds::CheckResponse;
use jobs::{EnqueueOptions, Enqueued};
use store::TenantTx;
use utoipa::ToSchema;

/// The most bytes that one source has.
const MAX_SOURCE_BYTES: usize = 100_000;

/// A text to be checked.
#[derive(Debug, ToSchema)]
pub(crate) struct CheckRequest {
    #[schema(min_length = 1, max_length = 20_000)]
    response: String,
    /// What the response must be supported by; at most 100,000 bytes each.
    #[schema(min_items = 1, max_items = 20)]
    sources: Vec<String>,
    /// What the response answers, if it answers something.
    #[schema(min_length = 1, max_length = 2000)]
    question: Option<String>,
}

impl FromFields for CheckRequest {
    fn from_fields(fields: &mut Fields) -> Option<Self> {
        let response = fields.text("response", 1..=20_000);
        let sources = fields.required_value("sources");
        let sources = sources.and_then(|sources| fields.texts("sources", sources, 1..=20, 1..=MAX_SOURCE_BYTES));
        for (at, source) in sources.iter().flatten().enumerate() {
            if source.len() > MAX_SOURCE_BYTES {
                fields.error(
                    &format!("sources.{at}"),
                    "too_large",
                    format!("must have at most {MAX_SOURCE_BYTES} bytes"),
                );
            }
        }
        let question = fields.optional_text("question", 1..=2000);
        Some(Self {
            response: response?,
            sources: sources?,
            question,
        })
    }
}

struct Check(CheckRequest);

impl Begin for Check {
    const INTERACTIVE: bool = true;

    async fn begin(self, tx: &mut TenantTx, options: EnqueueOptions) -> Result<Enqueued, Problem> {
        let CheckRequest {
            response,
            sources,
            question,
        } = self.0;
        Ok(jobs::enqueue(
            tx,
            &CheckResponse {
                response,
                sources,
                question,
            },
            options,
        )
        .await?)
    }
}

/// Check a text
///
/// Says of each claim whether the sources support it, contradict it, or neither, and shows the evidence. Waits up to 10 seconds unless
/// told otherwise.
#[utoipa::path(
    post,
    path = "/v1/checks",
    tag = "Search and answers",
    security(("api_key" = ["answers:read"])),
    params(
        ("Prefer" = Option<String>, Header, description = "`wait=N` (at most 30 seconds) or `respond-async`."),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes the request safe to send again; kept one hour."),
    ),
    request_body = CheckRequest,
    responses(
        (status = 200, description = "The job has ended; its state says how.", body = CheckJob),
        (status = 202, description = "The job has not ended yet.", body = CheckJob, headers(("Location" = String, description = "The job."))),
        (status = 409, description = "The idempotency key was used for another request."),
        (status = 413, description = "The body is over the limit."),
        (status = 415, description = "The body is not sent as JSON."),
        (status = 422, description = "Fields are missing, wrong or unknown."),
    )
)]
pub(crate) async fn check_response(
    State(state): State<ApiState>,
    Authorized { caller, .. }: Authorized<AnswersRead>,
    options: WorkOptions,
    JsonBody { value, hash }: JsonBody<CheckRequest>,
) -> Result<Response, Problem> {
    let request = work::Request {
        caller: &caller,
        options: &options,
        body_hash: hash,
    };
    start_work(&state, request, Check(value)).await
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use serde_json::{Value, json};

    fn errors(value: Value) -> Vec<String> {
        let mut fields = Fields::of(value);
        let read = CheckRequest::from_fields(&mut fields);
        fields
            .finish(read)
            .err()
            .unwrap_or_default()
            .into_iter()
            .map(|error| format!("{} {}", error.field, error.code))
            .collect()
    }

    #[test]
    fn a_check_needs_a_response_and_sources() {
        assert_eq!(errors(json!({})), ["response required", "sources required"]);
        assert_eq!(
            errors(json!({"response": "a", "sources": ["b", " ", 3]})),
            ["sources.1 empty", "sources.2 type"]
        );
        assert!(errors(json!({"response": "a", "sources": ["b"], "question": "c"})).is_empty());
    }

    #[test]
    fn a_source_is_bounded_in_bytes() {
        assert_eq!(
            errors(json!({"response": "a", "sources": ["ü".repeat(50_001)]})),
            ["sources.0 too_large"]
        );
    }
}
