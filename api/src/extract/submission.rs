use super::media_type::{content_type, is_json};
use super::{document_form, document_json};
use crate::{ApiState, Problem, ProblemCode};
use axum::extract::{FromRequest, Request};
use jobs::FieldError;
use serde_json::Value;
use store::BatchId;

/// A document as a client submits it.
#[derive(Debug)]
pub(crate) struct Submission {
    pub(crate) title: Option<String>,
    pub(crate) external_id: Option<String>,
    /// One that can be ingested.
    pub(crate) mime_type: &'static str,
    pub(crate) file_name: Option<String>,
    pub(crate) metadata: Value,
    pub(crate) acl: Value,
    pub(crate) batch_id: Option<BatchId>,
    /// UTF-8 without NUL, and not blank.
    pub(crate) bytes: Vec<u8>,
}

/// A submission, as JSON or as a multipart form.
#[derive(Debug)]
pub(crate) struct DocumentSubmission {
    pub(crate) submission: Submission,
    /// SHA-256 of the fields and of the file's bytes.
    pub(crate) hash: [u8; 32],
}

impl FromRequest<ApiState> for DocumentSubmission {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &ApiState) -> Result<Self, Problem> {
        match content_type(request.headers()).as_deref() {
            Some("multipart/form-data") => document_form::read(request, state).await,
            Some(content_type) if is_json(content_type) => document_json::read(request, state).await,
            _ => {
                let detail = "Send a document as application/json or multipart/form-data.";
                Err(Problem::new(ProblemCode::UnsupportedMediaType, detail))
            }
        }
    }
}

/// What is wrong with a document's text, if anything is: it must be UTF-8, hold no NUL, and say something.
pub(super) fn content_error(field: &str, bytes: &[u8]) -> Option<FieldError> {
    match std::str::from_utf8(bytes) {
        Err(error) => {
            let message = format!("is not UTF-8 from byte {} on", error.valid_up_to());
            Some(FieldError::new(field, "invalid_utf8", message))
        }
        Ok(text) if text.contains('\0') => Some(FieldError::new(
            field,
            "contains_nul",
            "contains U+0000, which no text may",
        )),
        Ok(text) if text.trim().trim_start_matches('\u{feff}').trim().is_empty() => {
            Some(FieldError::new(field, "empty", "must not be empty"))
        }
        Ok(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_that_cannot_be_a_document_says_why() {
        let code = |bytes: &[u8]| content_error("file", bytes).map(|error| error.code);
        assert_eq!(code(b"words"), None);
        assert_eq!(code(b"\xff\xfe\x00").as_deref(), Some("invalid_utf8"));
        assert_eq!(code(b"a\0b").as_deref(), Some("contains_nul"));
        for blank in ["", " \n\t", "\u{feff}", "\u{feff}\n", "\u{3000}"] {
            assert_eq!(code(blank.as_bytes()).as_deref(), Some("empty"), "{blank:?}");
        }
    }
}
