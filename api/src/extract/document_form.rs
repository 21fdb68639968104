use super::body::{document_too_large, refuse_announced, too_large};
use super::canonical::{add_bytes, json_hash};
use super::content::content_error;
use super::document_fields::{acl, batch_id, collection_id, external_id, metadata, title};
use super::fields::Fields;
use super::format::type_of_file;
use super::submission::{DocumentSubmission, Submission};
use crate::{ApiState, Problem, ProblemCode};
use axum::extract::multipart::{Field, Multipart, MultipartError};
use axum::extract::{FromRequest, Request};
use jobs::FieldError;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

/// The most bytes a field other than the file has.
const MAX_FIELD_BYTES: usize = 64 << 10;
/// A list of 1,000 users and 1,000 groups, of 256 characters each.
const MAX_ACL_BYTES: usize = 3 << 20;
const MAX_PARTS: usize = 20;
const MAY_BE_EMPTY: [&str; 6] = ["title", "external_id", "collection_id", "batch_id", "metadata", "acl"];

/// Reads a form of `file`, `title`, `external_id`, `collection_id`, `batch_id`, `metadata` and `acl`; the last two as JSON text.
///
/// # Errors
/// Any problem of the body.
pub(super) async fn read(request: Request, state: &ApiState) -> Result<DocumentSubmission, Problem> {
    let max_file = state.settings.server.max_document_bytes;
    refuse_announced(request.headers(), max_form_bytes(max_file)).map_err(|_| document_too_large(max_file))?;
    let malformed = |_| {
        Problem::new(
            ProblemCode::MalformedMultipart,
            "The Content-Type names no usable boundary.",
        )
    };
    let mut parts = Multipart::from_request(request, state).await.map_err(malformed)?;
    let mut form = Form::default();
    while let Some(part) = parts.next_field().await.map_err(|error| broken(&error, max_file))? {
        form.add(part, max_file).await?;
    }
    form.finish()
}

/// The largest whole form: the file, the fields, and what frames them.
pub(crate) fn max_form_bytes(max_file: usize) -> usize {
    max_file.saturating_add(MAX_PARTS * MAX_FIELD_BYTES + MAX_ACL_BYTES)
}

#[derive(Default)]
struct Form {
    parts: usize,
    fields: Map<String, Value>,
    file: Option<File>,
    errors: Vec<FieldError>,
}

struct File {
    name: Option<String>,
    said: Option<String>,
    bytes: Vec<u8>,
}

impl Form {
    async fn add(&mut self, part: Field<'_>, max_file: usize) -> Result<(), Problem> {
        self.parts += 1;
        if self.parts > MAX_PARTS {
            return Err(Problem::new(
                ProblemCode::MalformedMultipart,
                format!("A form has at most {MAX_PARTS} parts."),
            ));
        }
        let name: String = part.name().unwrap_or("").chars().take(100).collect();
        let repeated = self.fields.contains_key(&name) || (name == "file" && self.file.is_some());
        if repeated {
            self.errors.push(FieldError::new(name, "duplicate", "is there twice"));
            return Ok(());
        }
        if name == "file" {
            let file_name = part.file_name().and_then(base_name);
            let said = part.content_type().map(str::to_owned);
            let bytes = read_part(part, max_file, max_file, document_too_large).await?;
            self.file = Some(File {
                name: file_name,
                said,
                bytes,
            });
            return Ok(());
        }
        let limit = if name == "acl" { MAX_ACL_BYTES } else { MAX_FIELD_BYTES };
        let bytes = read_part(part, limit, max_file, too_large).await?;
        match (name.as_str(), String::from_utf8(bytes)) {
            (_, Err(_)) => self.errors.push(FieldError::new(name, "invalid_utf8", "is not UTF-8")),
            // A form sends an empty text for a field that was left empty.
            (name, Ok(text)) if MAY_BE_EMPTY.contains(&name) && text.trim().is_empty() => {}
            ("metadata" | "acl", Ok(text)) => match serde_json::from_str(&text) {
                Ok(value) => drop(self.fields.insert(name, value)),
                Err(error) => {
                    self.errors
                        .push(FieldError::new(name, "malformed_json", format!("is not JSON: {error}")))
                }
            },
            (_, Ok(text)) => drop(self.fields.insert(name, Value::String(text))),
        }
        Ok(())
    }

    fn finish(self) -> Result<DocumentSubmission, Problem> {
        let file = self.file.as_ref();
        let document_type = file
            .map(|file| type_of_file(file.said.as_deref(), file.name.as_deref()))
            .transpose()?;
        let value = Value::Object(self.fields);
        let mut hasher = Sha256::new();
        hasher.update(json_hash(&value));
        let mut fields = Fields::of(value);
        fields.note(self.errors);
        let (title, external_id) = (title(&mut fields), external_id(&mut fields));
        let (metadata, acl) = (metadata(&mut fields), acl(&mut fields));
        let (collection_id, batch_id) = (collection_id(&mut fields), batch_id(&mut fields));
        match file.zip(document_type) {
            Some((file, document_type)) => fields.note(content_error("file", &file.bytes, document_type)),
            None => fields.error("file", "required", "is required"),
        }
        let (file, document_type) = fields.finish(self.file.zip(document_type)).map_err(Problem::invalid)?;
        add_bytes(&mut hasher, b"n", file.name.as_deref().unwrap_or("").as_bytes());
        add_bytes(&mut hasher, b"t", file.said.as_deref().unwrap_or("").as_bytes());
        add_bytes(&mut hasher, b"b", &file.bytes);
        let submission = Submission {
            title,
            external_id,
            mime_type: document_type.kept(),
            file_name: file.name,
            metadata,
            acl,
            collection_id,
            batch_id,
            bytes: file.bytes,
        };
        Ok(DocumentSubmission {
            submission,
            hash: hasher.finalize().into(),
        })
    }
}

async fn read_part(
    mut part: Field<'_>,
    limit: usize,
    max_file: usize,
    over: fn(usize) -> Problem,
) -> Result<Vec<u8>, Problem> {
    let mut read = Vec::new();
    while let Some(bytes) = part.chunk().await.map_err(|error| broken(&error, max_file))? {
        if read.len() + bytes.len() > limit {
            return Err(over(limit));
        }
        read.extend_from_slice(&bytes);
    }
    Ok(read)
}

fn broken(error: &MultipartError, max_file: usize) -> Problem {
    if error.status().as_u16() == 413 {
        return document_too_large(max_file);
    }
    Problem::new(
        ProblemCode::MalformedMultipart,
        format!("The form cannot be read: {}.", error.body_text()),
    )
}

/// The last part of a path that says anything: some clients send all of it. Control characters are no part of a name.
fn base_name(path: &str) -> Option<String> {
    path.rsplit(['/', '\\'])
        .map(|part| part.chars().filter(|c| !c.is_control()).take(255).collect::<String>())
        .find(|name| !name.trim().is_empty())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
    use super::*;
    use axum::body::Body;
    use axum::http::header;

    async fn read(parts: &[(&str, &[u8])]) -> Result<DocumentSubmission, Problem> {
        let mut body = Vec::new();
        for (head, bytes) in parts {
            body.extend_from_slice(format!("--b\r\nContent-Disposition: form-data; {head}\r\n\r\n").as_bytes());
            body.extend_from_slice(bytes);
            body.extend_from_slice(b"\r\n");
        }
        body.extend_from_slice(b"--b--\r\n");
        let request = Request::builder()
            .header(header::CONTENT_TYPE, "multipart/form-data; boundary=b")
            .body(Body::from(body))
            .unwrap();
        let mut parts = Multipart::from_request(request, &()).await.unwrap();
        let mut form = Form::default();
        while let Some(part) = parts.next_field().await.map_err(|error| broken(&error, 64))? {
            form.add(part, 64).await?;
        }
        form.finish()
    }

    const FILE: &str = "name=\"file\"; filename=\"dir/kettle.md\"";

    #[tokio::test]
    async fn a_form_is_read_with_its_json_fields() {
        let read = read(&[
            (FILE, b"# Kettle"),
            ("name=\"external_id\"", b"kettle"),
            ("name=\"acl\"", b"{\"public\": true}"),
            ("name=\"title\"", b""),
        ]);
        let read = read.await.unwrap().submission;
        assert_eq!(
            (read.file_name.as_deref(), read.mime_type.as_str(), read.title),
            (Some("kettle.md"), "text/markdown", None)
        );
        assert_eq!(read.acl, Some(serde_json::json!({"public": true})));
        assert_eq!(read.metadata, None);
    }

    #[test]
    fn a_file_goes_by_the_last_part_of_its_path_that_says_anything() {
        for (path, name) in [
            ("dir/kettle.md", Some("kettle.md")),
            ("C:\\dir\\kettle.md", Some("kettle.md")),
            ("notes/", Some("notes")),
            ("notes/\u{1}//", Some("notes")),
            ("/", None),
            (" ", None),
            ("", None),
        ] {
            assert_eq!(base_name(path).as_deref(), name, "{path:?}");
        }
    }

    #[tokio::test]
    async fn all_errors_of_a_form_are_found() {
        let read = read(&[
            ("name=\"metadata\"", b"{"),
            ("name=\"colour\"", b"red"),
            ("name=\"title\"", b"\xff"),
        ])
        .await;
        let body: Value = serde_json::from_slice(&read.unwrap_err().render("r")).unwrap();
        let fields: Vec<_> = body["errors"]
            .as_array()
            .unwrap()
            .iter()
            .map(|error| error["field"].as_str().unwrap())
            .collect();
        assert_eq!(fields, ["metadata", "title", "file", "colour"]);
    }

    #[tokio::test]
    async fn bad_files_have_their_problems() {
        assert_eq!(
            read(&[(FILE, &[b'x'; 65])]).await.unwrap_err().code(),
            ProblemCode::TooLarge
        );
        let said_utf8 = "name=\"file\"; filename=\"a.md\"\r\nContent-Type: text/markdown; charset=utf-8";
        assert_eq!(
            read(&[(said_utf8, b"M\xfcnchen")]).await.unwrap_err().code(),
            ProblemCode::InvalidUtf8
        );
        assert_eq!(
            read(&[(FILE, b"\xff\xfeh")]).await.unwrap_err().code(),
            ProblemCode::Invalid
        );
        assert_eq!(
            read(&[(FILE, b"a\0")]).await.unwrap_err().code(),
            ProblemCode::ContainsNul
        );
        assert_eq!(
            read(&[(
                "name=\"file\"; filename=\"a.tiff\"\r\nContent-Type: image/tiff",
                b"words"
            )])
            .await
            .unwrap_err()
            .code(),
            ProblemCode::UnsupportedMediaType
        );
        assert_eq!(
            read(&[(FILE, b"a"), (FILE, b"b")]).await.unwrap_err().code(),
            ProblemCode::Invalid
        );
    }

    #[tokio::test]
    async fn the_same_form_has_the_same_hash_and_another_file_another() {
        let hash = async |bytes: &[u8]| read(&[(FILE, bytes)]).await.unwrap().hash;
        assert_eq!(hash(b"one").await, hash(b"one").await);
        assert_ne!(hash(b"one").await, hash(b"two").await);
    }
}
