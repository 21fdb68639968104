use crate::extract::{Authorized, Cursor, FromQuery, KnowledgeRead, Query, QueryFields};
use crate::views::{DeletionObject, Page};
use crate::{ApiState, Problem};
use axum::Json;
use axum::extract::State;
use std::collections::HashMap;
use store::deletions::{DeletionReplica, DeletionState};
use store::{DeletionId, JobId, StoreError};
use uuid::Uuid;

/// Which page of which deletions.
pub(crate) struct ListDeletions {
    state: Option<&'static str>,
    before: Option<DeletionId>,
    limit: i64,
}

impl FromQuery for ListDeletions {
    fn from_query(query: &mut QueryFields) -> Result<Self, Problem> {
        let before = query.text("cursor").map(|cursor| Uuid::parse(&cursor)).transpose()?;
        let words = DeletionState::ALL.map(DeletionState::as_str);
        let state = query.choice("state", &words, |text| words.into_iter().find(|known| *known == text));
        Ok(Self {
            state,
            before: before.map(DeletionId),
            limit: query.limit(),
        })
    }
}

/// List deletions
///
/// Their receipts, the newest first.
#[utoipa::path(
    get,
    path = "/v1/deletions",
    tag = "Deletions",
    security(("api_key" = ["knowledge:read"])),
    params(
        ("state" = Option<String>, Query, description = "`accepted`, `erasing` or `complete`."),
        ("limit" = Option<i64>, Query, description = "1 to 100; 20 by default."),
        ("cursor" = Option<String>, Query, description = "`next_cursor` of the page before."),
    ),
    responses(
        (status = 200, description = "One page.", body = Page<DeletionObject>),
        (status = 400, description = "A parameter is wrong or unknown, or the cursor is none that this list returned."),
    )
)]
pub(crate) async fn list_deletions(
    State(state): State<ApiState>,
    Authorized { caller, .. }: Authorized<KnowledgeRead>,
    Query(asked): Query<ListDeletions>,
) -> Result<Json<Page<DeletionObject>>, Problem> {
    caller.refuse_publishable()?;
    let ListDeletions {
        state: wanted,
        before,
        limit,
    } = asked;
    let (rows, replicas) = state
        .store
        .tenant(caller.tenant(), async move |tx| {
            let before = before.map(DeletionId::as_job);
            let rows = store::deletions::list(tx, wanted, before, limit + 1).await?;
            let ids: Vec<JobId> = rows.iter().map(|row| row.id).collect();
            let replicas = store::deletions::replicas(tx, &ids).await?;
            Ok::<_, StoreError>((rows, replicas))
        })
        .await?;
    let mut by_deletion: HashMap<JobId, Vec<DeletionReplica>> = HashMap::new();
    for replica in replicas {
        by_deletion.entry(replica.deletion_id).or_default().push(replica);
    }
    let shown = rows
        .into_iter()
        .map(|row| {
            let replicas = by_deletion.remove(&row.id).unwrap_or_default();
            DeletionObject::of(row, replicas)
        })
        .collect::<Result<Vec<_>, Problem>>()?;
    Ok(Json(Page::of(shown, limit, |deletion| deletion.id, |shown| shown)))
}
