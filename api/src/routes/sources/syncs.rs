use crate::extract::{Authorized, Cursor, FromQuery, KnowledgeRead, PathId, Query, QueryFields};
use crate::views::{Page, SourceSyncObject};
use crate::{ApiState, Problem};
use axum::Json;
use axum::extract::State;
use store::sources::Sync;
use store::{JobId, SourceId, StoreError};
use uuid::Uuid;

/// Which page.
pub(crate) struct ListSyncs {
    before: Option<JobId>,
    limit: i64,
}

impl FromQuery for ListSyncs {
    fn from_query(query: &mut QueryFields) -> Result<Self, Problem> {
        let before = query.text("cursor").map(|cursor| Uuid::parse(&cursor)).transpose()?;
        Ok(Self {
            before: before.map(JobId),
            limit: query.limit(),
        })
    }
}

/// List the syncs of a source
///
/// The newest first; the latest hundred are kept.
#[utoipa::path(
    get,
    path = "/v1/sources/{id}/syncs",
    tag = "Sources",
    security(("api_key" = ["knowledge:read"])),
    params(
        ("id" = Uuid, Path, description = "The source."),
        ("limit" = Option<i64>, Query, description = "1 to 100; 20 by default."),
        ("cursor" = Option<String>, Query, description = "`next_cursor` of the page before."),
    ),
    responses(
        (status = 200, description = "One page.", body = Page<SourceSyncObject>),
        (status = 400, description = "A parameter is wrong or unknown, or the cursor is none that this list returned."),
        (status = 404, description = "There is no such source."),
    )
)]
pub(crate) async fn list_syncs(
    State(state): State<ApiState>,
    Authorized { caller, .. }: Authorized<KnowledgeRead>,
    PathId(id): PathId<SourceId>,
    Query(asked): Query<ListSyncs>,
) -> Result<Json<Page<SourceSyncObject>>, Problem> {
    let limit = asked.limit;
    let (rows, jobs) = state
        .store
        .tenant(caller.tenant(), async move |tx| {
            store::sources::find(tx, id).await?;
            let rows = store::sources::list_syncs(tx, id, asked.before, limit + 1).await?;
            let ids: Vec<JobId> = rows.iter().map(|row| row.id).collect();
            let jobs = store::jobs::find_many(tx, &ids).await?;
            Ok::<_, StoreError>((rows, jobs))
        })
        .await?;
    Ok(Json(Page::of(
        rows,
        limit,
        |row: &Sync| row.id.0,
        |row| {
            let job = jobs.iter().find(|job| job.id == row.id);
            SourceSyncObject::of(row, job)
        },
    )))
}
