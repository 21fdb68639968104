use crate::served::serve;
use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use sha2::{Digest, Sha256};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;
use tokio_util::sync::DropGuard;

/// What the receiver answers to its next request.
#[derive(Clone, Debug)]
pub enum Answer {
    Status(u16),
    /// A header and its value with it.
    With(u16, &'static str, String),
    /// A body of so many bytes with it.
    Body(u16, usize),
    /// Nothing, ever.
    Silence,
}

/// A request as it came.
#[derive(Clone, Debug)]
pub struct Received {
    pub path: String,
    pub headers: HeaderMap,
    pub body: String,
}

impl Received {
    /// # Panics
    /// When there is no such header.
    #[must_use]
    pub fn header(&self, name: &str) -> &str {
        self.headers[name].to_str().unwrap()
    }

    #[must_use]
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap()
    }

    /// Whether one of its signatures is by `secret` (`whsec_…`), as the Standard Webhooks specification has it: written here a second time,
    /// down to HMAC (RFC 2104), so that nothing is verified by the code that signed it.
    #[must_use]
    pub fn is_signed_by(&self, secret: &str) -> bool {
        let key = BASE64_STANDARD.decode(secret.strip_prefix("whsec_").unwrap()).unwrap();
        let (id, timestamp) = (self.header("webhook-id"), self.header("webhook-timestamp"));
        let expected = BASE64_STANDARD.encode(hmac(&key, format!("{id}.{timestamp}.{}", self.body).as_bytes()));
        self.header("webhook-signature")
            .split(' ')
            .any(|signature| signature == format!("v1,{expected}"))
    }
}

fn hmac(key: &[u8], text: &[u8]) -> Vec<u8> {
    let mut block = [0_u8; 64];
    block[..key.len()].copy_from_slice(key);
    let inner = Sha256::new()
        .chain_update(block.map(|byte| byte ^ 0x36))
        .chain_update(text)
        .finalize();
    let outer = Sha256::new()
        .chain_update(block.map(|byte| byte ^ 0x5c))
        .chain_update(inner);
    outer.finalize().to_vec()
}

#[derive(Default)]
struct Book {
    script: VecDeque<Answer>,
    received: Vec<Received>,
}

#[derive(Clone, Default)]
struct Desk {
    book: Arc<Mutex<Book>>,
    came: Arc<Notify>,
}

/// Somebody's server on loopback that is told of events, at any path and by any method.
pub struct Receiver {
    /// Where to tell it.
    pub url: String,
    desk: Desk,
    _stop: DropGuard,
}

impl Receiver {
    /// Answers 200, once `script` is over.
    pub async fn start(script: &[Answer]) -> Self {
        let desk = Desk::default();
        lock(&desk.book).script = script.iter().cloned().collect();
        let router = Router::new().fallback(take).with_state(desk.clone());
        let (address, _stop) = serve(router).await;
        let url = format!("http://{address}/hook");
        Self { url, desk, _stop }
    }

    #[must_use]
    pub fn received(&self) -> Vec<Received> {
        lock(&self.desk.book).received.clone()
    }

    /// Waits until there are `count` requests, and returns them.
    ///
    /// # Panics
    /// When they do not come within half a minute.
    pub async fn receive(&self, count: usize) -> Vec<Received> {
        let limit = tokio::time::Instant::now() + std::time::Duration::from_secs(30);
        loop {
            let came = self.desk.came.notified();
            let received = self.received();
            if received.len() >= count {
                return received;
            }
            let waited = tokio::time::timeout_at(limit, came).await;
            assert!(waited.is_ok(), "only {} of {count} came: {received:?}", received.len());
        }
    }
}

async fn take(State(desk): State<Desk>, uri: Uri, headers: HeaderMap, body: String) -> Response {
    let answer = {
        let mut book = lock(&desk.book);
        book.received.push(Received {
            path: uri.path().to_owned(),
            headers,
            body,
        });
        book.script.pop_front().unwrap_or(Answer::Status(200))
    };
    desk.came.notify_one();
    let status = |status| StatusCode::from_u16(status).unwrap();
    match answer {
        Answer::Status(code) => status(code).into_response(),
        Answer::With(code, name, value) => (status(code), [(name, value)]).into_response(),
        Answer::Body(code, bytes) => (status(code), "x".repeat(bytes)).into_response(),
        Answer::Silence => std::future::pending().await,
    }
}

fn lock(book: &Mutex<Book>) -> MutexGuard<'_, Book> {
    book.lock().unwrap_or_else(PoisonError::into_inner)
}
