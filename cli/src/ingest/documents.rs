//! One document on its way to the API.

use std::path::PathBuf;

use api::document_types::declares_encoding;
use bytes::Bytes;
use reqwest::multipart::{Form, Part};
use reqwest::{Body, Method, RequestBuilder};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::client::Client;

/// What is read of a file into memory. How large a document may be is the installation's to say, and its answer says it.
const MAX_FILE_BYTES: u64 = 512 * MIB;

const MIB: u64 = 1024 * 1024;

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
    File {
        path: PathBuf,
        mime_type: &'static str,
        /// The encoding of a text that is neither UTF-8 nor marked as UTF-16.
        charset: Option<String>,
    },
    /// Plain text, sent as JSON.
    Text { title: String, text: String },
}

/// Where documents are put, and what is said of all of them there. What is not said stays as an earlier version of a document has it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Place {
    pub(crate) base: Uuid,
    pub(crate) collection: Option<Uuid>,
    /// Who may see them.
    pub(crate) acl: Option<Value>,
    pub(crate) metadata: Option<Value>,
}

impl Place {
    /// The fields of a submission, by their names.
    fn said(&self) -> impl Iterator<Item = (&'static str, Value)> {
        let said = [("acl", self.acl.clone()), ("metadata", self.metadata.clone())];
        said.into_iter().filter_map(|(name, value)| Some((name, value?)))
    }

    /// In no collection, for the tenant alone.
    pub(crate) fn base(base: Uuid) -> Self {
        Self {
            base,
            collection: None,
            acl: None,
            metadata: None,
        }
    }
}

/// A document that is ready to be sent, as often as needed.
pub(super) enum Upload {
    File {
        bytes: Bytes,
        file_name: String,
        mime_type: String,
        external_id: String,
        place: Place,
    },
    Json(Value),
}

impl NewDocument {
    /// The same, of a file in this encoding if it is a text that is neither UTF-8 nor marked as UTF-16.
    pub(crate) fn in_charset(mut self, name: &str) -> Self {
        if let Content::File { charset, .. } = &mut self.content {
            *charset = Some(name.to_owned());
        }
        self
    }

    /// How many bytes it has.
    ///
    /// # Errors
    /// A code and a sentence: the file cannot be read, or not into memory.
    pub(super) async fn size(&self) -> Result<u64, (String, String)> {
        let path = match &self.content {
            Content::Text { text, .. } => return Ok(u64::try_from(text.len()).unwrap_or(u64::MAX)),
            Content::File { path, .. } => path,
        };
        let size = tokio::fs::metadata(path).await.map_err(unreadable)?.len();
        if size > MAX_FILE_BYTES {
            let (size, most) = (size / MIB, MAX_FILE_BYTES / MIB);
            let message = format!("is {size} MiB; files of more than {most} MiB are not read");
            return Err(("too_large".into(), message));
        }
        Ok(size)
    }

    /// Reads what has to be read.
    ///
    /// # Errors
    /// A code and a sentence: the file cannot be read.
    pub(super) async fn prepare(&self, place: &Place) -> Result<Upload, (String, String)> {
        let external_id = self.external_id.clone();
        let (path, mime_type, charset) = match &self.content {
            Content::Text { title, text } => {
                let mut body = json!({
                    "external_id": external_id, "title": title, "content": text, "mime_type": "text/plain",
                });
                if let Some(fields) = body.as_object_mut() {
                    fields.extend(place.said().map(|(name, value)| (name.to_owned(), value)));
                    fields.extend(place.collection.map(|id| ("collection_id".into(), json!(id))));
                }
                return Ok(Upload::Json(body));
            }
            Content::File {
                path,
                mime_type,
                charset,
            } => (path, mime_type, charset),
        };
        let bytes: Bytes = tokio::fs::read(path).await.map_err(unreadable)?.into();
        let file_name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        Ok(Upload::File {
            mime_type: media_type(mime_type, &bytes, charset.as_deref()),
            bytes,
            file_name,
            external_id,
            place: place.clone(),
        })
    }
}

fn unreadable(error: std::io::Error) -> (String, String) {
    ("unreadable".to_owned(), format!("cannot be read: {error}"))
}

/// Says of a text in another encoding than UTF-8 which it is, unless it does so itself: what is said of a document counts more than what it says.
fn media_type(mime_type: &str, bytes: &[u8], charset: Option<&str>) -> String {
    let is_text = mime_type.starts_with("text/") || mime_type.ends_with("json");
    let says_itself = mime_type == "text/html" && declares_encoding(bytes);
    if !is_text || says_itself || std::str::from_utf8(bytes).is_ok() {
        return mime_type.to_owned();
    }
    if bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff") {
        return format!("{mime_type}; charset=utf-16");
    }
    charset.map_or_else(
        || mime_type.to_owned(),
        |charset| format!("{mime_type}; charset={charset}"),
    )
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
                place,
            } => {
                let size = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
                let part = Part::stream_with_length(Body::from(bytes.clone()), size).file_name(file_name.clone());
                // Our own constants: they always parse. If one did not, the server would go by the content alone.
                let part = part.mime_str(mime_type).unwrap_or_else(|_| Part::bytes(bytes.to_vec()));
                let mut form = Form::new().part("file", part).text("external_id", external_id.clone());
                if let Some(collection) = place.collection {
                    form = form.text("collection_id", collection.to_string());
                }
                for (name, value) in place.said() {
                    form = form.text(name, value.to_string());
                }
                request.multipart(form)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::media_type;

    #[test]
    fn a_text_in_another_encoding_says_so() {
        let of = |mime_type, bytes: &[u8]| media_type(mime_type, bytes, Some("windows-1252"));
        assert_eq!(of("text/plain", b"\xff\xfeh\0i\0"), "text/plain; charset=utf-16");
        assert_eq!(
            of("application/json", b"\xfe\xff\0[\0]"),
            "application/json; charset=utf-16"
        );
        assert_eq!(
            of("text/markdown", b"M\xfcnchen"),
            "text/markdown; charset=windows-1252"
        );
        assert_eq!(of("text/markdown", "München".as_bytes()), "text/markdown");
        assert_eq!(of("application/pdf", b"%PDF-1.7\n\xe2"), "application/pdf");
        assert_eq!(of("text/html", b"<meta charset=latin2><p>\xb1"), "text/html");
        assert_eq!(of("text/html", b"<p>\xb1"), "text/html; charset=windows-1252");
        assert_eq!(media_type("text/plain", b"M\xfcnchen", None), "text/plain");
    }
}
