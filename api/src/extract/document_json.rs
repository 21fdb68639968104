use super::body::{document_too_large, read_body};
use super::canonical::json_hash;
use super::content::content_error;
use super::document_fields::{TITLE_CHARS, acl, batch_id, collection_id, external_id, metadata};
use super::fields::Fields;
use super::format::{ANY_TEXT, DocumentType, type_of_text};
use super::json::parse_json;
use super::submission::{DocumentSubmission, Submission};
use crate::{ApiState, Problem, ProblemCode};
use axum::extract::Request;
use serde_json::Value;

/// Reads `{title, content, mime_type, external_id?, metadata?, acl?, collection_id?, batch_id?}`.
///
/// # Errors
/// Any problem of the body.
pub(super) async fn read(request: Request, state: &ApiState) -> Result<DocumentSubmission, Problem> {
    let (parts, body) = request.into_parts();
    let max_document_bytes = state.settings.server.max_document_bytes;
    let read = read_body(&parts.headers, body, state.max_json_document_bytes()).await;
    let bytes = read.map_err(|problem| match problem.code() {
        ProblemCode::TooLarge => document_too_large(max_document_bytes),
        _ => problem,
    })?;
    parse(&bytes, max_document_bytes)
}

fn parse(bytes: &[u8], max_document_bytes: usize) -> Result<DocumentSubmission, Problem> {
    let value = parse_json(bytes)?;
    let hash = json_hash(&value);
    let mut fields = Fields::of(value);
    let title = fields.text("title", TITLE_CHARS);
    let content = fields.value("content");
    let document_type = fields
        .text("mime_type", 1..=255)
        .map(|said| type_of_text(&said))
        .transpose()?;
    let (external_id, metadata, acl) = (external_id(&mut fields), metadata(&mut fields), acl(&mut fields));
    let (collection_id, batch_id) = (collection_id(&mut fields), batch_id(&mut fields));
    let content = content_bytes(&mut fields, content, document_type);
    if content.len() > max_document_bytes {
        return Err(document_too_large(max_document_bytes));
    }
    let document_type = fields.finish(document_type).map_err(Problem::invalid)?;
    let submission = Submission {
        title,
        external_id,
        mime_type: document_type.kept(),
        file_name: None,
        metadata,
        acl,
        collection_id,
        batch_id,
        bytes: content,
    };
    Ok(DocumentSubmission { submission, hash })
}

/// The content's bytes; empty when an error was noted.
fn content_bytes(fields: &mut Fields, content: Option<Value>, document_type: Option<DocumentType>) -> Vec<u8> {
    match content {
        Some(Value::String(text)) => {
            fields.note(content_error(
                "content",
                text.as_bytes(),
                document_type.unwrap_or(ANY_TEXT),
            ));
            return text.into_bytes();
        }
        Some(_) => fields.error("content", "type", "must be a string"),
        None => fields.error("content", "required", "is required"),
    }
    Vec::new()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use serde_json::json;

    fn read(value: &Value) -> Result<DocumentSubmission, Problem> {
        parse(value.to_string().as_bytes(), 64)
    }

    #[test]
    fn a_document_is_read_whole() {
        let sent = json!({"title": "Lantern", "content": "# Lantern", "mime_type": "text/markdown", "external_id": "lantern", "acl": {"public": true}});
        let read = read(&sent).unwrap().submission;
        assert_eq!(
            (
                read.title.as_deref(),
                read.external_id.as_deref(),
                read.mime_type.as_str()
            ),
            (Some("Lantern"), Some("lantern"), "text/markdown")
        );
        assert_eq!(read.bytes, b"# Lantern");
    }

    #[test]
    fn each_way_to_be_wrong_has_its_problem() {
        let with = |content: Value, mime_type: &str| json!({"title": "a", "content": content, "mime_type": mime_type});
        let code = |value: Value| read(&value).unwrap_err().code();
        assert_eq!(code(with(json!("x".repeat(65)), "text/plain")), ProblemCode::TooLarge);
        assert_eq!(code(with(json!(" "), "text/plain")), ProblemCode::Invalid);
        assert_eq!(code(with(json!("a\0b"), "text/plain")), ProblemCode::ContainsNul);
        assert_eq!(
            code(with(json!("words"), "application/pdf")),
            ProblemCode::UnsupportedMediaType
        );
        assert_eq!(code(with(json!(7), "text/plain")), ProblemCode::Invalid);
        assert_eq!(code(json!({})), ProblemCode::Invalid);
    }
}
