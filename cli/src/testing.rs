//! A fake of the API on loopback, and a folder that removes itself.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "tests")]

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use serde_json::Value;

use crate::client::{Client, ServerArgs};

/// One answer of the fake.
pub(crate) struct Reply {
    status: u16,
    body: Value,
    headers: Vec<(&'static str, &'static str)>,
}

pub(crate) fn reply(status: u16, body: Value) -> Reply {
    Reply {
        status,
        body,
        headers: Vec::new(),
    }
}

impl Reply {
    pub(crate) fn header(mut self, name: &'static str, value: &'static str) -> Self {
        self.headers.push((name, value));
        self
    }
}

impl IntoResponse for Reply {
    fn into_response(self) -> Response {
        let headers: HeaderMap = self
            .headers
            .iter()
            .map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()))
            .collect();
        (
            StatusCode::from_u16(self.status).unwrap(),
            headers,
            axum::Json(self.body),
        )
            .into_response()
    }
}

/// One request that the fake received.
#[derive(Clone)]
pub(crate) struct Received {
    /// `GET /v1/jobs?limit=1`
    pub(crate) line: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

type Answer = dyn Fn(&Received) -> Reply + Send + Sync;

/// A server that ends with the test.
pub(crate) struct Fake {
    pub(crate) url: String,
    received: Arc<Mutex<Vec<Received>>>,
    /// Dropped with the fake, which ends the server; only held for that.
    _server: tokio::task::JoinSet<()>,
}

impl Fake {
    /// Answers the requests in order with these; any request beyond them with 500.
    pub(crate) async fn answering(replies: Vec<Reply>) -> Self {
        Self::answering_at(([127, 0, 0, 1], 0).into(), replies).await
    }

    pub(crate) async fn answering_at(address: SocketAddr, replies: Vec<Reply>) -> Self {
        let replies = Mutex::new(VecDeque::from(replies));
        let next = move |_: &Received| replies.lock().unwrap().pop_front().unwrap_or(reply(500, Value::Null));
        Self::start_recording(address, Arc::new(next)).await
    }

    /// Answers each request by what it is.
    pub(crate) async fn serving(answer: impl Fn(&Received) -> Reply + Send + Sync + 'static) -> Self {
        Self::start_recording(([127, 0, 0, 1], 0).into(), Arc::new(answer)).await
    }

    async fn start_recording(address: SocketAddr, answer: Arc<Answer>) -> Self {
        let received = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&received);
        let handler = move |method: Method, uri: Uri, headers: HeaderMap, body: Bytes| async move {
            let request = Received {
                line: format!("{method} {uri}"),
                headers,
                body: String::from_utf8_lossy(&body).into_owned(),
            };
            log.lock().unwrap().push(request.clone());
            answer(&request)
        };
        let router = Router::new()
            .fallback(handler)
            .layer(axum::extract::DefaultBodyLimit::disable());
        Self {
            received,
            ..Self::bind(address, router).await
        }
    }

    pub(crate) async fn start(router: Router) -> Self {
        Self::bind(([127, 0, 0, 1], 0).into(), router).await
    }

    async fn bind(address: SocketAddr, router: Router) -> Self {
        let listener = tokio::net::TcpListener::bind(address).await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let serve = async move { axum::serve(listener, router).await.unwrap() };
        let mut server = tokio::task::JoinSet::new();
        server.spawn(serve);
        Self {
            url,
            received: Arc::default(),
            _server: server,
        }
    }

    pub(crate) fn server(&self) -> ServerArgs {
        ServerArgs::new(&self.url, "key")
    }

    pub(crate) fn client(&self) -> Client {
        self.server().connect().unwrap()
    }

    pub(crate) fn requests(&self) -> Vec<Received> {
        self.received.lock().unwrap().clone()
    }
}

/// A new folder under the system's temporary one.
pub(crate) struct TempDir(PathBuf);

impl TempDir {
    pub(crate) fn new() -> Self {
        let path = std::env::temp_dir().join(format!("visualkit-cli-{}", uuid::Uuid::now_v7()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    /// Writes a file, making the folders on its way.
    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.0.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, content).unwrap();
        path
    }
}

impl Drop for TempDir {
    fn drop(&mut self) {
        let _leftover = std::fs::remove_dir_all(&self.0);
    }
}
