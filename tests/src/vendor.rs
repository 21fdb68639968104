use crate::served::serve;
use axum::Router;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use std::collections::{HashSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::Notify;
use tokio_util::sync::DropGuard;

/// What the vendor does with its next call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Behaviour {
    /// Acts, and answers 200.
    Act,
    /// Does nothing, and answers with this status, asking to wait no longer.
    Refuse(u16),
    /// Acts, and answers with this status all the same.
    ActAndAnswer(u16),
    /// Acts, and answers 200 after this time.
    ActAndAnswerLate(Duration),
    /// Acts, and never answers.
    ActAndFallSilent,
    /// Does nothing, and never answers.
    FallSilent,
}

#[derive(Default)]
struct Book {
    script: VecDeque<Behaviour>,
    /// The idempotency key of each call that came.
    calls: Vec<String>,
    acted: Vec<String>,
}

/// Somebody else's API on loopback. `POST /calls` takes an `Idempotency-Key` and acts on it (each time it is asked to: what must not happen
/// twice is seen here); `GET /calls/{key}` says whether it has acted.
pub struct FakeVendor {
    pub url: String,
    book: Arc<Mutex<Book>>,
    came: Arc<Notify>,
    _stop: DropGuard,
}

#[derive(Clone)]
struct Desk {
    book: Arc<Mutex<Book>>,
    came: Arc<Notify>,
}

impl FakeVendor {
    /// Acts and answers 200, once `script` is over.
    pub async fn start(script: &[Behaviour]) -> Self {
        let book = Arc::new(Mutex::new(Book {
            script: script.iter().copied().collect(),
            ..Book::default()
        }));
        let desk = Desk {
            book: book.clone(),
            came: Arc::default(),
        };
        let came = desk.came.clone();
        let router = Router::new()
            .route("/calls", post(take))
            .route("/calls/{key}", get(tell))
            .with_state(desk);
        let (address, _stop) = serve(router).await;
        let url = format!("http://{address}");
        Self { url, book, came, _stop }
    }

    /// The idempotency key of each call so far.
    #[must_use]
    pub fn calls(&self) -> Vec<String> {
        lock(&self.book).calls.clone()
    }

    /// The idempotency key of each call that it acted on.
    #[must_use]
    pub fn acted(&self) -> Vec<String> {
        lock(&self.book).acted.clone()
    }

    /// Returns once a call has come that nobody waited for yet.
    pub async fn called(&self) {
        self.came.notified().await;
    }
}

async fn take(State(desk): State<Desk>, headers: HeaderMap) -> Response {
    let key = headers
        .get("idempotency-key")
        .and_then(|key| key.to_str().ok())
        .unwrap_or("none")
        .to_owned();
    let behaviour = {
        let mut book = lock(&desk.book);
        let behaviour = book.script.pop_front().unwrap_or(Behaviour::Act);
        book.calls.push(key.clone());
        if matches!(
            behaviour,
            Behaviour::Act | Behaviour::ActAndAnswer(_) | Behaviour::ActAndAnswerLate(_) | Behaviour::ActAndFallSilent
        ) {
            book.acted.push(key);
        }
        behaviour
    };
    desk.came.notify_one();
    match behaviour {
        Behaviour::Act => StatusCode::OK.into_response(),
        Behaviour::ActAndAnswerLate(after) => {
            tokio::time::sleep(after).await;
            StatusCode::OK.into_response()
        }
        Behaviour::Refuse(status) => (StatusCode::from_u16(status).unwrap(), [("retry-after", "0")]).into_response(),
        Behaviour::ActAndAnswer(status) => StatusCode::from_u16(status).unwrap().into_response(),
        Behaviour::ActAndFallSilent | Behaviour::FallSilent => std::future::pending().await,
    }
}

async fn tell(State(desk): State<Desk>, Path(key): Path<String>) -> StatusCode {
    let acted: HashSet<String> = lock(&desk.book).acted.iter().cloned().collect();
    if acted.contains(&key) {
        StatusCode::OK
    } else {
        StatusCode::NOT_FOUND
    }
}

fn lock(book: &Mutex<Book>) -> MutexGuard<'_, Book> {
    book.lock().unwrap_or_else(PoisonError::into_inner)
}
