use crate::served::serve;
use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio_util::sync::DropGuard;

/// What a vendor tells of its limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Says {
    /// A bare 429.
    Nothing,
    /// `Retry-After` with a 429.
    RetryAfter,
    /// `X-RateLimit-Remaining` and `-Reset` with every answer.
    WhatIsLeft,
}

/// A real limit: so many calls in any stretch of time, each of which takes a while.
#[derive(Clone, Copy, Debug)]
pub struct VendorLimit {
    pub calls: usize,
    pub per: Duration,
    pub takes: Duration,
    pub says: Says,
}

#[derive(Default)]
struct Book {
    /// When each call came that was taken.
    taken: Vec<Instant>,
    within: VecDeque<Instant>,
    refused: usize,
    now: usize,
    most_at_once: usize,
    keys: Vec<String>,
}

/// Somebody else's API on loopback that enforces a limit. `POST /calls`.
pub struct LimitedVendor {
    pub url: String,
    book: Arc<Mutex<Book>>,
    _stop: DropGuard,
}

#[derive(Clone)]
struct Desk {
    limit: VendorLimit,
    book: Arc<Mutex<Book>>,
}

impl LimitedVendor {
    pub async fn start(limit: VendorLimit) -> Self {
        let book: Arc<Mutex<Book>> = Arc::default();
        let desk = Desk {
            limit,
            book: book.clone(),
        };
        let router = Router::new().route("/calls", post(take)).with_state(desk);
        let (address, _stop) = serve(router).await;
        let url = format!("http://{address}");
        Self { url, book, _stop }
    }

    /// The idempotency keys of the calls that it took.
    #[must_use]
    pub fn taken(&self) -> Vec<String> {
        lock(&self.book).keys.clone()
    }

    #[must_use]
    pub fn refused(&self) -> usize {
        lock(&self.book).refused
    }

    #[must_use]
    pub fn most_at_once(&self) -> usize {
        lock(&self.book).most_at_once
    }

    /// The most calls that it took in any stretch of this length.
    #[must_use]
    pub fn most_within(&self, stretch: Duration) -> usize {
        let book = lock(&self.book);
        let within = |from: &Instant| {
            let later = book.taken.iter().filter(|at| *at >= from && **at < *from + stretch);
            later.count()
        };
        book.taken.iter().map(within).max().unwrap_or(0)
    }
}

async fn take(State(desk): State<Desk>, headers: HeaderMap) -> Response {
    let key = headers
        .get("idempotency-key")
        .and_then(|key| key.to_str().ok())
        .unwrap_or("none")
        .to_owned();
    let (allowed, left, reset) = enter(&desk, key);
    if allowed {
        tokio::time::sleep(desk.limit.takes).await;
        lock(&desk.book).now -= 1;
    }
    let status = if allowed {
        StatusCode::OK
    } else {
        StatusCode::TOO_MANY_REQUESTS
    };
    match desk.limit.says {
        Says::Nothing => status.into_response(),
        Says::RetryAfter if allowed => status.into_response(),
        // Whole seconds, rounded up.
        Says::RetryAfter => (status, [("retry-after", format!("{}", reset.as_secs() + 1))]).into_response(),
        Says::WhatIsLeft => {
            let headers = [
                ("x-ratelimit-remaining", left.to_string()),
                ("x-ratelimit-reset", format!("{:.3}", reset.as_secs_f64())),
            ];
            (status, headers).into_response()
        }
    }
}

/// Whether the call is taken, how many more would be, and how long until the oldest no longer counts.
fn enter(desk: &Desk, key: String) -> (bool, usize, Duration) {
    let mut book = lock(&desk.book);
    let now = Instant::now();
    while book.within.front().is_some_and(|at| now - *at >= desk.limit.per) {
        book.within.pop_front();
    }
    let allowed = book.within.len() < desk.limit.calls;
    if allowed {
        book.within.push_back(now);
        book.taken.push(now);
        book.keys.push(key);
        book.now += 1;
        book.most_at_once = book.most_at_once.max(book.now);
    } else {
        book.refused += 1;
    }
    let reset = book
        .within
        .front()
        .map_or(Duration::ZERO, |oldest| desk.limit.per.saturating_sub(now - *oldest));
    (allowed, desk.limit.calls - book.within.len(), reset)
}

fn lock(book: &Mutex<Book>) -> MutexGuard<'_, Book> {
    book.lock().unwrap_or_else(PoisonError::into_inner)
}
