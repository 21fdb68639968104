use crate::Problem;
use crate::views::{FullJob, JobObject};
use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

/// How the job that is answered with came to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Started {
    New,
    /// Its unique key was held by this job.
    Existing,
    /// Its idempotency key stands for this job.
    Replayed,
}

/// 200 when the job has ended, else 202; both name the job in `Location`. Who did not wait for the work it started is answered 202 also when
/// the work was quicker than the answer, so that one request has one status.
///
/// # Errors
/// None in practice: ids and preferences are plain ASCII.
pub(super) fn answer(
    job: &FullJob,
    started: Started,
    waited: bool,
    applied: Option<String>,
) -> Result<Response, Problem> {
    let status = if job.job.state.has_ended() && (waited || started != Started::New) {
        StatusCode::OK
    } else {
        StatusCode::ACCEPTED
    };
    let mut response = (status, found_job(job)).into_response();
    let headers = response.headers_mut();
    let value = |text: String| HeaderValue::from_str(&text).map_err(|error| Problem::internal(&error));
    headers.insert(header::LOCATION, value(format!("/v1/jobs/{}", job.job.id))?);
    if let Some(applied) = applied {
        headers.insert("preference-applied", value(applied)?);
    }
    match started {
        Started::New => None,
        Started::Existing => headers.insert("existing-job", HeaderValue::from_static("true")),
        Started::Replayed => headers.insert("idempotent-replayed", HeaderValue::from_static("true")),
    };
    Ok(response)
}

pub(crate) fn found_job(job: &FullJob) -> Json<JobObject> {
    Json(JobObject::of(job))
}
