use super::media_type::{content_type, is_json};
use super::{document_form, document_json};
use crate::{ApiState, Problem, ProblemCode};
use axum::extract::{FromRequest, Request};
use serde_json::Value;
use store::{BatchId, CollectionId};

/// A document as a client submits it.
#[derive(Debug)]
pub(crate) struct Submission {
    pub(crate) title: Option<String>,
    pub(crate) external_id: Option<String>,
    /// What it is said to be: a type that can be ingested, with its charset where that is not UTF-8.
    pub(crate) mime_type: String,
    pub(crate) file_name: Option<String>,
    /// `None`: of a document that is replaced, those of the version before.
    pub(crate) metadata: Option<Value>,
    pub(crate) acl: Option<Value>,
    pub(crate) collection_id: Option<CollectionId>,
    pub(crate) batch_id: Option<BatchId>,
    /// Not empty; text is UTF-8 or in the encoding that was declared, without NUL, and not blank.
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
