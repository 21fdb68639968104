//! One document on its way to the API.

use std::path::PathBuf;

use bytes::Bytes;
use reqwest::multipart::{Form, Part};
use reqwest::{Body, Method, RequestBuilder};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::client::Client;

/// The API's limit for one document.
pub(crate) const MAX_DOCUMENT_BYTES: u64 = 25 * 1024 * 1024;

/// A document to send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NewDocument {
    /// Sending another document with the same one replaces it.
    pub(crate) external_id: String,
    pub(crate) content: Content,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Content {
    /// Uploaded as it is; read only when its turn comes.
    File { path: PathBuf, mime_type: &'static str },
    /// Plain text, sent as JSON.
    Text { title: String, text: String },
}

/// A document that is ready to be sent, as often as needed.
pub(super) enum Upload {
    File {
        bytes: Bytes,
        file_name: String,
        mime_type: &'static str,
        external_id: String,
        public: bool,
    },
    Json(Value),
}

impl NewDocument {
    /// Reads what has to be read.
    ///
    /// # Errors
    /// A code and a sentence: the file cannot be read or is larger than the API takes.
    pub(super) async fn prepare(&self, public: bool) -> Result<Upload, (String, String)> {
        let external_id = self.external_id.clone();
        let (path, mime_type) = match &self.content {
            Content::Text { title, text } => {
                let mut body = json!({
                    "external_id": external_id, "title": title, "content": text, "mime_type": "text/plain",
                });
                if let (true, Some(fields)) = (public, body.as_object_mut()) {
                    fields.insert("acl".into(), json!({ "public": true }));
                }
                return Ok(Upload::Json(body));
            }
            Content::File { path, mime_type } => (path, mime_type),
        };
        let unreadable = |error: std::io::Error| ("unreadable".to_owned(), format!("cannot be read: {error}"));
        let size = tokio::fs::metadata(path).await.map_err(unreadable)?.len();
        if size > MAX_DOCUMENT_BYTES {
            return Err((
                "too_large".into(),
                format!("is {} MiB; the limit is 25 MiB", size / (1024 * 1024)),
            ));
        }
        let bytes = tokio::fs::read(path).await.map_err(unreadable)?.into();
        let file_name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        Ok(Upload::File {
            bytes,
            file_name,
            mime_type,
            external_id,
            public,
        })
    }
}

impl Upload {
    /// The request that sends it; built anew for every attempt.
    pub(super) fn request(&self, client: &Client, base: Uuid) -> RequestBuilder {
        let request = client.request(Method::POST, &["knowledge-bases", &base.to_string(), "documents"]);
        match self {
            Self::Json(body) => request.json(body),
            Self::File {
                bytes,
                file_name,
                mime_type,
                external_id,
                public,
            } => {
                let size = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
                let part = Part::stream_with_length(Body::from(bytes.clone()), size).file_name(file_name.clone());
                // Our own constants: they always parse. If one did not, the server would go by the content alone.
                let part = part.mime_str(mime_type).unwrap_or_else(|_| Part::bytes(bytes.to_vec()));
                let form = Form::new().part("file", part).text("external_id", external_id.clone());
                request.multipart(if *public {
                    form.text("acl", r#"{"public":true}"#)
                } else {
                    form
                })
            }
        }
    }
}
