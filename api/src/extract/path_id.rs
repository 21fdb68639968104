use crate::{ApiState, Problem};
use axum::extract::{FromRequestParts, RawPathParams};
use axum::http::request::Parts;
use store::{
    BatchId, CollectionId, DeletionId, DocumentId, EvaluationId, JobId, KnowledgeBaseId, LimitId, PauseId, ScheduleId,
    SourceId, TestQuestionId, TestSetId, WebhookDeliveryId, WebhookId,
};
use uuid::Uuid;

/// An id that stands in a path.
pub(crate) trait ResourceId: Sized + Send {
    /// What the id is of, for people.
    const WHAT: &'static str;
    fn of(id: Uuid) -> Self;
}

macro_rules! resource_ids {
    ($($id:ident = $what:literal),*) => {$(
        impl ResourceId for $id {
            const WHAT: &'static str = $what;
            fn of(id: Uuid) -> Self {
                Self(id)
            }
        }
    )*};
}

resource_ids!(
    KnowledgeBaseId = "knowledge base",
    DocumentId = "document",
    CollectionId = "collection",
    DeletionId = "deletion",
    JobId = "job",
    LimitId = "limit",
    PauseId = "pause",
    BatchId = "batch",
    ScheduleId = "schedule",
    SourceId = "source",
    TestSetId = "test set",
    TestQuestionId = "question",
    EvaluationId = "evaluation",
    WebhookId = "webhook",
    WebhookDeliveryId = "delivery"
);

/// The path's `{id}`. What is no id names nothing: 404.
pub(crate) struct PathId<T>(pub(crate) T);

impl<T: ResourceId> FromRequestParts<ApiState> for PathId<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &ApiState) -> Result<Self, Problem> {
        let found = find(parts, state, "id").await;
        found
            .map(|id| Self(T::of(id)))
            .ok_or_else(|| Problem::not_found(T::WHAT))
    }
}

/// The path's `{id}` of a webhook and `{delivery_id}` of one of its deliveries.
pub(crate) struct DeliveryPath {
    pub(crate) webhook: WebhookId,
    pub(crate) delivery: WebhookDeliveryId,
}

impl FromRequestParts<ApiState> for DeliveryPath {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &ApiState) -> Result<Self, Problem> {
        let ids = (find(parts, state, "id").await, find(parts, state, "delivery_id").await);
        let (Some(webhook), Some(delivery)) = ids else {
            return Err(Problem::not_found(WebhookDeliveryId::WHAT));
        };
        Ok(Self {
            webhook: WebhookId(webhook),
            delivery: WebhookDeliveryId(delivery),
        })
    }
}

async fn find(parts: &mut Parts, state: &ApiState, name: &str) -> Option<Uuid> {
    let params = RawPathParams::from_request_parts(parts, state).await.ok()?;
    let text = params
        .iter()
        .find_map(|(given, value)| (given == name).then_some(value))?;
    parse(text)
}

/// Ids are written in one way, with hyphens.
fn parse(text: &str) -> Option<Uuid> {
    (text.len() == 36).then(|| Uuid::try_parse(text).ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_hyphenated_id_names_something() {
        let id = Uuid::now_v7();
        assert_eq!(parse(&id.to_string()), Some(id));
        for bad in [
            "",
            "1",
            "..",
            &id.simple().to_string(),
            &format!("{{{id}}}"),
            &format!("{id}\0"),
        ] {
            assert_eq!(parse(bad), None, "{bad:?}");
        }
    }
}
