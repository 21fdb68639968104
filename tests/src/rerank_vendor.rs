use crate::embedding_vendor::VendorCall;
use crate::served::serve;
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio_util::sync::DropGuard;

/// What goes wrong with the next call.
#[derive(Clone, Debug)]
pub enum RerankMischief {
    /// This status and header.
    Refusal(u16, Option<(&'static str, &'static str)>),
    /// One score too few.
    TooFew,
    /// The best has the lowest score.
    Reversed,
    /// The answer is right, and comes after this long.
    Late(Duration),
}

struct Desk {
    documents_max: usize,
    calls: Mutex<Vec<VendorCall>>,
    answers: Mutex<Vec<Value>>,
    mischief: Mutex<VecDeque<RerankMischief>>,
}

/// The rerank APIs of Cohere and Voyage on loopback. A document's score is the last number in it, in hundredths; the answer has the best first. Each
/// token is a word.
pub struct RerankVendor {
    pub cohere_url: String,
    pub voyage_url: String,
    desk: Arc<Desk>,
    _stop: DropGuard,
}

impl RerankVendor {
    /// Takes at most `documents_max` documents a call; answers 400 to more.
    pub async fn start(documents_max: usize) -> Self {
        let desk = Arc::new(Desk {
            documents_max,
            calls: Mutex::default(),
            answers: Mutex::default(),
            mischief: Mutex::default(),
        });
        let router = Router::new().fallback(answer).with_state(desk.clone());
        let (address, _stop) = serve(router).await;
        Self {
            cohere_url: format!("http://{address}/cohere/v2"),
            voyage_url: format!("http://{address}/voyage/v1"),
            desk,
            _stop,
        }
    }

    /// What goes wrong with the next calls, in turn.
    pub fn expect(&self, mischief: impl IntoIterator<Item = RerankMischief>) {
        lock(&self.desk.mischief).extend(mischief);
    }

    /// All calls so far.
    #[must_use]
    pub fn calls(&self) -> Vec<VendorCall> {
        lock(&self.desk.calls).clone()
    }

    /// What was answered to those that were not refused, in order.
    #[must_use]
    pub fn answers(&self) -> Vec<Value> {
        lock(&self.desk.answers).clone()
    }
}

async fn answer(State(desk): State<Arc<Desk>>, uri: Uri, headers: HeaderMap, body: Bytes) -> Response {
    let call = VendorCall {
        path: uri.path().to_owned(),
        headers,
        body: serde_json::from_slice(&body).unwrap_or_default(),
    };
    lock(&desk.calls).push(call.clone());
    let documents: Vec<&str> = call.body["documents"]
        .as_array()
        .map(|list| list.iter().filter_map(Value::as_str).collect())
        .unwrap_or_default();
    if documents.is_empty() || documents.len() > desk.documents_max {
        return (StatusCode::BAD_REQUEST, "the number of documents is not acceptable").into_response();
    }
    let mut scored: Vec<(usize, f64)> = documents
        .iter()
        .enumerate()
        .map(|(index, text)| (index, score(text)))
        .collect();
    scored.sort_by(|(_, a), (_, b)| b.total_cmp(a));
    let mischief = lock(&desk.mischief).pop_front();
    match mischief {
        Some(RerankMischief::Refusal(status, header)) => {
            let mut refused = (StatusCode::from_u16(status).unwrap(), "refused").into_response();
            if let Some((name, value)) = header {
                refused.headers_mut().insert(name, value.parse().unwrap());
            }
            return refused;
        }
        Some(RerankMischief::TooFew) => drop(scored.pop()),
        Some(RerankMischief::Reversed) => scored.iter_mut().for_each(|(_, score)| *score = -*score),
        Some(RerankMischief::Late(after)) => tokio::time::sleep(after).await,
        None => {}
    }
    let scored: Vec<Value> = scored
        .iter()
        .map(|(index, score)| json!({ "index": index, "relevance_score": score }))
        .collect();
    let words = |text: &str| text.split_whitespace().count();
    let query = words(call.body["query"].as_str().unwrap_or_default());
    let tokens: usize = documents.iter().map(|document| query + words(document)).sum();
    let answer = if call.path.starts_with("/cohere/") {
        json!({ "id": "x", "results": scored, "meta": { "billed_units": { "search_units": 1 } } })
    } else {
        json!({ "object": "list", "data": scored, "model": "m", "usage": { "total_tokens": tokens } })
    };
    lock(&desk.answers).push(answer.clone());
    axum::Json(answer).into_response()
}

fn score(text: &str) -> f64 {
    let mut numbers = text
        .split(|c: char| !c.is_ascii_digit())
        .filter(|digits| !digits.is_empty());
    numbers
        .next_back()
        .and_then(|digits| digits.parse::<f64>().ok())
        .unwrap_or(0.0)
        / 100.0
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
