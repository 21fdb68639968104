use crate::Problem;
use axum::http::{HeaderValue, header};
use axum::response::Response;

/// Adds the link to the receipt, which has the id of the job that the response names.
///
/// # Errors
/// None in practice: ids are plain ASCII.
pub(crate) fn with_receipt(mut response: Response) -> Result<Response, Problem> {
    let location = response.headers().get(header::LOCATION);
    let job = location
        .and_then(|url| url.to_str().ok())
        .and_then(|url| url.strip_prefix("/v1/jobs/"));
    if let Some(id) = job {
        let link = HeaderValue::from_str(&format!("</v1/deletions/{id}>; rel=\"describedby\""))
            .map_err(|error| Problem::internal(&error))?;
        response.headers_mut().append(header::LINK, link);
    }
    Ok(response)
}
