//! What handlers take: authentication, authorisation and validation happen here, so that a handler's signature says who may do what.
mod authorized;
mod body;
mod caller;
mod canonical;
mod content;
mod credential_name;
mod cursor;
mod document_fields;
mod document_form;
mod document_json;
mod field_lists;
mod fields;
mod format;
mod idempotency_key;
mod if_match;
mod json;
mod json_body;
mod media_type;
mod optional_json_body;
mod parameters;
mod path_id;
mod prefer;
mod query;
mod scope;
mod submission;
mod unread;
mod work_options;

pub(crate) use self::authorized::Authorized;
pub(crate) use self::caller::Caller;
pub(crate) use self::canonical::json_hash;
pub(crate) use self::credential_name::CredentialName;
pub(crate) use self::cursor::Cursor;
pub(crate) use self::document_fields::{acl, metadata, or_empty};
pub(crate) use self::document_form::max_form_bytes;
pub(crate) use self::fields::{Fields, FromFields};
pub(crate) use self::idempotency_key::IdempotencyKey;
pub(crate) use self::if_match::IfMatch;
pub(crate) use self::json_body::JsonBody;
pub(crate) use self::optional_json_body::OptionalJsonBody;
pub(crate) use self::path_id::{DeliveryPath, PathId};
pub(crate) use self::prefer::Prefer;
pub(crate) use self::query::{FromQuery, NoParameters, OnePage, Query, QueryFields};
pub(crate) use self::scope::{
    AnswersRead, EvaluationsRead, EvaluationsWrite, JobsRead, JobsWrite, KnowledgeRead, KnowledgeWrite, SearchRead,
    WebhooksRead, WebhooksWrite,
};
pub use self::scope::{PUBLISHABLE_SCOPES, SCOPES};
pub(crate) use self::submission::{DocumentSubmission, Submission};
pub(crate) use self::unread::Unread;
pub(crate) use self::work_options::WorkOptions;
