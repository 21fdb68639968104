use super::create::read_name;
use super::search_fields::{SearchChange, SearchSettingsPatch};
use super::settings_change::{BaseChange, apply};
use crate::extract::{Authorized, Fields, FromFields, IfMatch, JsonBody, KnowledgeWrite, PathId};
use crate::routes::gates::Pass;
use crate::views::{KnowledgeBaseObject, Tagged};
use crate::{ApiState, Problem};
use axum::extract::State;
use config::Settings;
use store::KnowledgeBaseId;
use utoipa::ToSchema;

/// What is to be different; what is absent stays as it is.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes the body; it is read field by field")]
pub(crate) struct KnowledgeBasePatch {
    #[schema(min_length = 1, max_length = 200)]
    name: Option<String>,
    /// Null: as the installation says, in everything.
    search: Option<SearchSettingsPatch>,
    /// Why the search settings are to change although the base's gate does not let it; kept with the gate.
    #[schema(min_length = 1, max_length = 500)]
    override_gate: Option<String>,
}

/// What a base has from the start, and what else there is to be done.
const FIXED: [(&str, &str); 3] = [
    (
        "language",
        "cannot be changed; make another knowledge base, and submit the documents to that",
    ),
    ("embedding_model", "is changed by an embedding migration"),
    ("vector_store", "is changed by an embedding migration"),
];

#[derive(Debug)]
pub(crate) struct UpdateKnowledgeBase {
    change: BaseChange,
    override_gate: Option<String>,
}

impl FromFields for UpdateKnowledgeBase {
    fn from_fields(fields: &mut Fields) -> Option<Self> {
        for (name, message) in FIXED {
            if fields.value(name).is_some() {
                fields.error(name, "read_only", message);
            }
        }
        fields.refuse_null("name");
        let name = match fields.is_absent("name") {
            true => {
                fields.value("name");
                None
            }
            false => read_name(fields),
        };
        Some(Self {
            change: BaseChange {
                name,
                search: SearchChange::read(fields),
            },
            override_gate: fields.optional_text("override_gate", 1..=500),
        })
    }

    fn check_against(fields: &mut Fields, settings: &Settings) {
        SearchChange::check_against(fields, settings);
    }
}

/// Change a knowledge base
///
/// Its name, and how it is searched: searches that are submitted from then on see it, as far as they do not say otherwise themselves. With
/// `If-Match` it is changed only if it is still what the client has read.
#[utoipa::path(
    patch,
    path = "/v1/knowledge-bases/{id}",
    tag = "Knowledge bases",
    security(("api_key" = ["knowledge:write"])),
    params(
        ("id" = Uuid, Path, description = "The knowledge base."),
        ("If-Match" = Option<String>, Header, description = "The ETag of the knowledge base as it was read."),
    ),
    request_body = KnowledgeBasePatch,
    responses(
        (status = 200, description = "The knowledge base as it is now.", body = KnowledgeBaseObject, headers(("ETag" = String, description = "For If-Match."))),
        (status = 400, description = "If-Match cannot be understood."),
        (status = 404, description = "There is no such knowledge base."),
        (status = 409, description = "A base of this name exists, or its gate does not let the change pass."),
        (status = 412, description = "It has changed since it was read."),
        (status = 413, description = "The body is over the limit."),
        (status = 415, description = "The body is not sent as JSON."),
        (status = 422, description = "Fields are wrong or unknown, or do not go together."),
    )
)]
pub(crate) async fn update_knowledge_base(
    State(state): State<ApiState>,
    Authorized { caller, .. }: Authorized<KnowledgeWrite>,
    PathId(id): PathId<KnowledgeBaseId>,
    if_match: IfMatch,
    JsonBody { value, .. }: JsonBody<UpdateKnowledgeBase>,
) -> Result<Tagged<KnowledgeBaseObject>, Problem> {
    let UpdateKnowledgeBase { change, override_gate } = value;
    let at_gate = Pass {
        key: caller.key(),
        override_reason: override_gate,
    };
    let (settings, if_match) = (&*state.settings, &if_match);
    let base = state
        .store
        .tenant(caller.tenant(), async move |tx| {
            apply(tx, settings, id, if_match, change, &at_gate).await
        })
        .await?;
    Ok(Tagged(base.into()))
}
