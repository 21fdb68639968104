use crate::Problem;
use crate::extract::{Fields, FromFields};
use jobs::FieldError;
use serde_json::Value;
use std::collections::HashSet;
use store::test_sets::{Judgement, Named, unknown_documents};
use store::{DocumentId, KnowledgeBaseId, TenantTx};
use utoipa::ToSchema;
use uuid::Uuid;

/// Documents that can be judged for one question.
const MAX_RELEVANT: usize = 500;

/// How relevant a document is; it is named in one of two ways.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes the body; it is read field by field")]
pub(crate) struct NewJudgement {
    /// Of a document of the knowledge base; the judgement goes with it.
    document_id: Option<Uuid>,
    /// There need be no such document yet: until there is, it counts as one that is not found.
    #[schema(min_length = 1, max_length = 512)]
    external_id: Option<String>,
    /// 0 is not relevant; 1 by default.
    #[schema(minimum = 0, maximum = 100)]
    relevance: Option<i32>,
}

struct ReadJudgement(Judgement);

impl FromFields for ReadJudgement {
    fn from_fields(fields: &mut Fields) -> Option<Self> {
        let id = fields.value("document_id");
        let id = id.and_then(|value| {
            let id = value.as_str().and_then(|text| Uuid::try_parse(text).ok());
            if id.is_none() {
                fields.error("document_id", "invalid", "must be an id");
            }
            id
        });
        let external = fields.optional_text("external_id", 1..=512);
        let relevance = fields.optional_integer("relevance", 0..=100);
        let document = match (id, external) {
            (Some(id), None) => Named::Id(DocumentId(id)),
            (None, Some(external)) => Named::External(external),
            _ => {
                fields.error(
                    "document_id",
                    "conflict",
                    "or `external_id`, one of the two, is required",
                );
                return None;
            }
        };
        let relevance = relevance.and_then(|relevance| i32::try_from(relevance).ok());
        Some(Self(Judgement {
            document,
            relevance: relevance.unwrap_or(1),
        }))
    }
}

/// `relevant`, where there is one: each document once.
pub(super) fn read(fields: &mut Fields, value: Value) -> Option<Vec<Judgement>> {
    let read = fields.list("relevant", value, 0..=MAX_RELEVANT, |fields, name, item| {
        fields.nested::<ReadJudgement>(name, item)
    })?;
    let judgements: Vec<Judgement> = read.into_iter().map(|read| read.0).collect();
    let mut seen = HashSet::new();
    if let Some(at) = judgements
        .iter()
        .position(|judgement| !seen.insert(&judgement.document))
    {
        fields.error(&format!("relevant.{at}"), "duplicate", "names a document twice");
        return None;
    }
    Some(judgements)
}

/// That every document that is named by its id is one of the base's. `lists` come with the field that each stands in.
///
/// # Errors
/// Not found, naming every one that is not there.
pub(super) async fn check_documents(
    tx: &mut TenantTx,
    base: KnowledgeBaseId,
    lists: &[(String, &[Judgement])],
) -> Result<(), Problem> {
    let named = lists.iter().flat_map(|(field, judgements)| {
        let numbered = judgements.iter().enumerate();
        numbered.filter_map(move |(at, judgement)| match &judgement.document {
            Named::Id(id) => Some((format!("{field}.{at}.document_id"), *id)),
            Named::External(_) => None,
        })
    });
    let named: Vec<(String, DocumentId)> = named.collect();
    let ids: Vec<DocumentId> = named.iter().map(|(_, id)| *id).collect();
    let unknown: HashSet<DocumentId> = unknown_documents(tx, base, &ids).await?.into_iter().collect();
    let errors: Vec<FieldError> = named
        .into_iter()
        .filter(|(_, id)| unknown.contains(id))
        .map(|(field, _)| FieldError::new(field, "not_found", "names no document of the knowledge base"))
        .collect();
    if errors.is_empty() {
        Ok(())
    } else {
        Err(Problem::not_found_in(errors))
    }
}
