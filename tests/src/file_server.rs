use crate::served::serve;
use axum::Router;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use std::collections::HashMap;
use std::sync::Arc;
use tokio_util::sync::DropGuard;

type Files = Arc<HashMap<String, Vec<u8>>>;

/// Serves files, as a hub of models does: `/NAME` is the file, `/moved/NAME` sends on to it, `/cut/NAME` breaks off in its middle.
pub struct FileServer {
    pub url: String,
    _stop: DropGuard,
}

impl FileServer {
    pub async fn start(files: &[(&str, &[u8])]) -> Self {
        let files: Files = Arc::new(
            files
                .iter()
                .map(|(name, bytes)| ((*name).to_owned(), bytes.to_vec()))
                .collect(),
        );
        let router = Router::new()
            .route("/{name}", get(whole))
            .route(
                "/moved/{name}",
                get(async |Path(name): Path<String>| Redirect::temporary(&format!("/{name}"))),
            )
            .route("/cut/{name}", get(cut))
            .with_state(files);
        let (address, stop) = serve(router).await;
        Self {
            url: format!("http://{address}"),
            _stop: stop,
        }
    }
}

async fn whole(State(files): State<Files>, Path(name): Path<String>) -> Response {
    files
        .get(&name)
        .cloned()
        .map_or(StatusCode::NOT_FOUND.into_response(), IntoResponse::into_response)
}

async fn cut(State(files): State<Files>, Path(name): Path<String>) -> Response {
    let Some(bytes) = files.get(&name) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let pieces = [Ok(bytes[..bytes.len() / 2].to_vec()), Err(std::io::Error::other("cut"))];
    let body = Body::from_stream(futures::stream::iter(pieces));
    ([(header::CONTENT_LENGTH, bytes.len())], body).into_response()
}
