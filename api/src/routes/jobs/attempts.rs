use crate::extract::{Authorized, Cursor, FromQuery, JobsRead, PathId, Query, QueryFields};
use crate::views::{AttemptObject, Page};
use crate::{ApiState, Problem};
use axum::Json;
use axum::extract::State;
use chrono::{DateTime, Datelike};
use store::JobId;
use store::jobs::{AttemptPlace, find, list_attempts};

/// Which page of a job's attempts.
#[derive(Debug)]
pub(crate) struct ListAttempts {
    before: Option<AttemptPlace>,
    limit: i64,
}

impl FromQuery for ListAttempts {
    fn from_query(query: &mut QueryFields) -> Result<Self, Problem> {
        let cursor = query.text("cursor");
        Ok(Self {
            before: cursor.map(|cursor| AttemptPlace::parse(&cursor)).transpose()?,
            limit: query.limit(),
        })
    }
}

/// The run and the microseconds since 1970, in hexadecimal.
impl Cursor for AttemptPlace {
    fn to_cursor(&self) -> String {
        format!("{:08x}{:016x}", self.run, self.started_at.timestamp_micros())
    }

    fn from_cursor(text: &str) -> Option<Self> {
        if text.len() != 24 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return None;
        }
        let (run, micros) = text.split_at_checked(8)?;
        let started_at = DateTime::from_timestamp_micros(i64::from_str_radix(micros, 16).ok()?)?;
        Some(Self {
            run: i32::from_str_radix(run, 16).ok()?,
            started_at: (1..=9999).contains(&started_at.year()).then_some(started_at)?,
        })
    }
}

/// List a job's attempts
///
/// All of them, the newest first; of a running job the first is the current one. To a publishable key there are none, as of the job itself.
#[utoipa::path(
    get,
    path = "/v1/jobs/{id}/attempts",
    tag = "Jobs",
    security(("api_key" = ["jobs:read"])),
    params(
        ("id" = Uuid, Path, description = "The job."),
        ("limit" = Option<i64>, Query, description = "1 to 100; 20 by default."),
        ("cursor" = Option<String>, Query, description = "`next_cursor` of the page before."),
    ),
    responses(
        (status = 200, description = "One page.", body = Page<AttemptObject>),
        (status = 400, description = "A parameter is wrong or unknown, or the cursor is none that this list returned."),
        (status = 404, description = "There is no such job, or it is over and forgotten."),
    )
)]
pub(crate) async fn list_job_attempts(
    State(state): State<ApiState>,
    Authorized { caller, .. }: Authorized<JobsRead>,
    PathId(id): PathId<JobId>,
    Query(ListAttempts { before, limit }): Query<ListAttempts>,
) -> Result<Json<Page<AttemptObject>>, Problem> {
    let viewer = &caller;
    let page = state
        .store
        .read_by_id(caller.tenant(), async move |tx| {
            let job = find(tx, id).await?;
            viewer.may_see(&job)?;
            if viewer.is_publishable() {
                return Ok::<_, Problem>(Page::whole(Vec::new()));
            }
            let current = AttemptObject::current(&job).filter(|_| before.is_none());
            // One that has ended since the job was read is not listed a second time.
            let before = before.or_else(|| current.as_ref().map(AttemptObject::place));
            let ended = list_attempts(tx, id, before, limit + 1).await?;
            let ended = ended.into_iter().map(AttemptObject::ended);
            let attempts = current.into_iter().chain(ended).collect();
            Ok(Page::of(attempts, limit, AttemptObject::place, |attempt| attempt))
        })
        .await?;
    Ok(Json(page))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn a_place_comes_back_as_it_went_and_nothing_else_is_one() {
        let place = AttemptPlace {
            run: 3,
            started_at: "2026-11-30T10:00:00.123456Z".parse().unwrap(),
        };
        assert_eq!(AttemptPlace::parse(&place.to_cursor()).unwrap(), place);
        for text in [
            "",
            "00000003",
            "0000000300065e2a5f3c01f+",
            "80000000000000000000000a",
            "00000001ffffffffffffffff",
            "000000017fffffffffffffff",
            "äääääääääääÿ",
        ] {
            assert!(AttemptPlace::parse(text).is_err(), "{text}");
        }
    }
}
