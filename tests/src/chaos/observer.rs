//! Somebody else's API, which sees what the system does to the world.
use super::history::{Act, Event, Recorder};
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use serde::Deserialize;
use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::net::TcpListener;

/// Takes `POST /{manner}` with `{"key": marker}`. It acts each time it is asked to: what must not happen twice is seen here.
///
/// `steady` acts and answers; `slow` acts, and answers after longer than a lease; `busy` first answers 429 or 503 without acting; `failing` acts,
/// and answers 500; `cutting` acts, and cuts the connection in its answer; `silent` acts, and never answers; `declining` answers 422.
pub(crate) struct Observer {
    pub(crate) url: String,
    book: Arc<Book>,
}

struct Book {
    recorder: Arc<Recorder>,
    /// By marker: calls, and whether it has acted.
    seen: Mutex<HashMap<String, (usize, bool)>>,
    slow: Duration,
}

#[derive(Deserialize)]
struct Asked {
    key: String,
}

impl Observer {
    pub(crate) async fn start(recorder: Arc<Recorder>, slow: Duration) -> Self {
        let book = Arc::new(Book {
            recorder,
            seen: Mutex::default(),
            slow,
        });
        let router = Router::new().route("/{manner}", post(take)).with_state(book.clone());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        #[expect(clippy::disallowed_methods, reason = "ends with the run")]
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { url, book }
    }

    pub(crate) fn has_acted(&self, marker: &str) -> bool {
        self.book
            .seen
            .lock()
            .unwrap()
            .get(marker)
            .is_some_and(|(_, acted)| *acted)
    }
}

async fn take(
    State(book): State<Arc<Book>>,
    Path(manner): Path<String>,
    headers: HeaderMap,
    Json(asked): Json<Asked>,
) -> Response {
    let key = headers
        .get("idempotency-key")
        .and_then(|key| key.to_str().ok())
        .unwrap_or("none")
        .to_owned();
    let busy = usize::from(asked.key.bytes().fold(0_u8, u8::wrapping_add) % 3);
    let refusal = {
        let mut seen = book.seen.lock().unwrap();
        let (calls, acted) = seen.entry(asked.key.clone()).or_default();
        *calls += 1;
        let refusal = match manner.as_str() {
            "declining" => Some(StatusCode::UNPROCESSABLE_ENTITY),
            "busy" if *calls <= busy => Some(if *calls == 1 {
                StatusCode::TOO_MANY_REQUESTS
            } else {
                StatusCode::SERVICE_UNAVAILABLE
            }),
            _ => None,
        };
        *acted |= refusal.is_none();
        let act = if refusal.is_none() { Act::Acted } else { Act::Refused };
        book.recorder.record(Event::Called {
            marker: asked.key,
            key,
            act,
        });
        refusal
    };
    if let Some(status) = refusal {
        return (status, [("retry-after", "0")]).into_response();
    }
    match manner.as_str() {
        "slow" => tokio::time::sleep(book.slow).await,
        "failing" => return StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        "silent" => std::future::pending().await,
        "cutting" => {
            let broken = futures::stream::once(async { Err::<Vec<u8>, _>(std::io::Error::other("cut")) });
            return Body::from_stream(broken).into_response();
        }
        _ => {}
    }
    StatusCode::OK.into_response()
}
