use crate::embedder::vector;
use crate::pictures::shown_on;
use crate::served::serve;
use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use documents::{Format, Said};
use serde_json::{Value, json};
use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::Notify;
use tokio_util::sync::DropGuard;

/// What goes wrong with the next call.
#[derive(Clone, Debug)]
pub enum EmbeddingMischief {
    /// This status, header and body.
    Refusal(u16, Option<(&'static str, &'static str)>, Value),
    /// Vectors that are one number short.
    OtherDimensions,
    /// One vector too few.
    TooFew,
    /// The body ends in the middle.
    CutOff,
    /// The answer is right, and comes after this long.
    Late(Duration),
    /// The answer is right, and comes when somebody says so.
    Held(Arc<Notify>),
}

/// A call as it came.
#[derive(Clone, Debug)]
pub struct VendorCall {
    pub path: String,
    pub headers: HeaderMap,
    pub body: Value,
}

impl VendorCall {
    /// The texts in it, whichever vendor's it is.
    #[must_use]
    pub fn texts(&self) -> Vec<String> {
        let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
        let (found, pointer) = if self.path.ends_with(":batchEmbedContents") {
            (list(&self.body["requests"]), "/content/parts/0/text")
        } else if self.path.ends_with("/multimodalembeddings") {
            return self.pieces().into_iter().map(|pieces| pieces.text).collect();
        } else if self.path.ends_with("/embed") {
            (list(&self.body["texts"]), "")
        } else {
            (list(&self.body["input"]), "")
        };
        let text = |value: &Value| {
            value
                .pointer(pointer)
                .and_then(Value::as_str)
                .unwrap_or_default()
                .to_owned()
        };
        found.iter().map(text).collect()
    }

    /// The pictures in it, in order, each with its media type.
    #[must_use]
    pub fn pictures(&self) -> Vec<(String, Vec<u8>)> {
        self.pieces().into_iter().flat_map(|pieces| pieces.pictures).collect()
    }

    /// The inputs of Voyage's multimodal model. A piece that is not as it should be is a picture of no bytes.
    fn pieces(&self) -> Vec<Pieces> {
        let inputs = self.body["inputs"].as_array().cloned().unwrap_or_default();
        let pieces = inputs.iter().map(|input| {
            let mut pieces = Pieces::default();
            for piece in input["content"].as_array().into_iter().flatten() {
                match (
                    piece["type"].as_str(),
                    piece["text"].as_str(),
                    piece["image_base64"].as_str(),
                ) {
                    (Some("text"), Some(text), None) => pieces.text.push_str(text),
                    (Some("image_base64"), None, Some(url)) => pieces.pictures.push(opened(url).unwrap_or_default()),
                    _ => pieces.pictures.push(Default::default()),
                }
            }
            pieces
        });
        pieces.collect()
    }
}

/// What one vector is made of.
#[derive(Default)]
struct Pieces {
    text: String,
    pictures: Vec<(String, Vec<u8>)>,
}

/// The media type and the bytes of a data URL.
fn opened(url: &str) -> Option<(String, Vec<u8>)> {
    let (media_type, data) = url.strip_prefix("data:")?.split_once(";base64,")?;
    Some((media_type.to_owned(), STANDARD.decode(data).ok()?))
}

/// The pixels of a picture that is what it is said to be, and within what Voyage takes of one.
fn pixels((media_type, bytes): &(String, Vec<u8>)) -> Option<u64> {
    let format = Format::detect(bytes, &Said::default()).ok()?;
    let pixels = documents::parse(bytes, format).ok()?.image?.pixels();
    (format.media_type() == media_type && pixels <= 16_000_000 && bytes.len() <= 20_000_000).then_some(pixels)
}

impl Pieces {
    /// What the model sees: the words, and what is on the pictures.
    fn shown(&self) -> String {
        let pictures = self.pictures.iter().map(|(_, bytes)| shown_on(bytes));
        let words = std::iter::once(self.text.clone()).chain(pictures);
        words.collect::<Vec<_>>().join(" ")
    }
}

struct Desk {
    dimensions: usize,
    texts_max: usize,
    words_max: AtomicUsize,
    calls: Mutex<Vec<VendorCall>>,
    answers: Mutex<Vec<Value>>,
    mischief: Mutex<VecDeque<EmbeddingMischief>>,
}

/// The embedding APIs of OpenAI, Voyage, Cohere and Gemini on loopback, by path. Each token is a word; data come in reverse order where they are
/// numbered, and of length two. Voyage's multimodal model sees on a picture what its comment says ([`shown_on`](crate::shown_on)).
pub struct EmbeddingVendor {
    pub url: String,
    desk: Arc<Desk>,
    _stop: DropGuard,
}

impl EmbeddingVendor {
    /// Gives vectors of `dimensions` numbers for at most `texts_max` texts a call; answers 400 to more.
    pub async fn start(dimensions: usize, texts_max: usize) -> Self {
        let desk = Arc::new(Desk {
            dimensions,
            texts_max,
            words_max: AtomicUsize::new(usize::MAX),
            calls: Mutex::default(),
            answers: Mutex::default(),
            mischief: Mutex::default(),
        });
        let router = Router::new()
            .fallback(answer)
            .layer(DefaultBodyLimit::disable())
            .with_state(desk.clone());
        let (address, _stop) = serve(router).await;
        let url = format!("http://{address}/v1");
        Self { url, desk, _stop }
    }

    /// Makes it a model of the catalogue, named `mine`, behind OpenAI's protocol.
    #[must_use]
    pub fn settings(&self) -> Vec<(&'static str, String)> {
        vec![
            ("models.catalogue.mine.provider", "openai_compatible".to_owned()),
            ("models.catalogue.mine.base_url", self.url.clone()),
            ("models.catalogue.mine.api_key", "a-key-of-mine".to_owned()),
            ("models.catalogue.mine.dimensions", self.desk.dimensions.to_string()),
            ("models.catalogue.mine.max_tokens", "512".to_owned()),
        ]
    }

    /// From now on a text of more words is answered 400, unless it may be cut.
    pub fn reads(&self, words: usize) {
        self.desk.words_max.store(words, Relaxed);
    }

    /// What goes wrong with the next calls, in turn.
    pub fn expect(&self, mischief: impl IntoIterator<Item = EmbeddingMischief>) {
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
    let texts = call.texts();
    let shown: Vec<String> = call.pieces().iter().map(Pieces::shown).collect();
    let pixels: Option<Vec<u64>> = call.pictures().iter().map(pixels).collect();
    lock(&desk.calls).push(call.clone());
    if texts.is_empty() || texts.len() > desk.texts_max || (shown.is_empty() && texts.iter().any(String::is_empty)) {
        return (StatusCode::BAD_REQUEST, "the number of texts is not acceptable").into_response();
    }
    let may_cut = call.body["truncate"] == "END" || call.body["truncation"] == true;
    let words = |text: &String| text.split_whitespace().count();
    if !may_cut && texts.iter().any(|text| words(text) > desk.words_max.load(Relaxed)) {
        return (StatusCode::BAD_REQUEST, "a text is too long").into_response();
    }
    let Some(pixels) = pixels else {
        return (StatusCode::BAD_REQUEST, "a picture is not acceptable").into_response();
    };
    let mischief = lock(&desk.mischief).pop_front();
    let read = if shown.is_empty() { &texts } else { &shown };
    let mut vectors: Vec<Vec<f32>> = read
        .iter()
        .map(|text| {
            vector(text, desk.dimensions)
                .iter()
                .map(|number| number * 2.0)
                .collect()
        })
        .collect();
    match &mischief {
        Some(EmbeddingMischief::Refusal(status, header, body)) => {
            let mut refused = (StatusCode::from_u16(*status).unwrap(), axum::Json(body.clone())).into_response();
            if let Some((name, value)) = header {
                refused.headers_mut().insert(*name, value.parse().unwrap());
            }
            return refused;
        }
        Some(EmbeddingMischief::OtherDimensions) => vectors
            .iter_mut()
            .for_each(|vector| vector.truncate(desk.dimensions - 1)),
        Some(EmbeddingMischief::TooFew) => vectors.truncate(vectors.len() - 1),
        Some(EmbeddingMischief::Late(after)) => tokio::time::sleep(*after).await,
        Some(EmbeddingMischief::Held(go)) => go.notified().await,
        Some(EmbeddingMischief::CutOff) | None => {}
    }
    let tokens: usize = texts.iter().map(words).sum();
    let answer = spoken(&call, vectors, tokens, pixels.iter().sum());
    let body = answer.to_string();
    lock(&desk.answers).push(answer);
    let end = match mischief {
        Some(EmbeddingMischief::CutOff) => body.len() / 2,
        _ => body.len(),
    };
    ([("content-type", "application/json")], body[..end].to_owned()).into_response()
}

/// The answer of the vendor whose call it is: of two that have one path, Voyage is told what the texts are for.
fn spoken(call: &VendorCall, vectors: Vec<Vec<f32>>, tokens: usize, pixels: u64) -> Value {
    let path = call.path.as_str();
    if path.ends_with(":batchEmbedContents") {
        let embeddings: Vec<Value> = vectors.iter().map(|vector| json!({ "values": vector })).collect();
        return json!({ "embeddings": embeddings, "usageMetadata": { "promptTokenCount": tokens } });
    }
    if path.ends_with("/embed") {
        return json!({
            "id": "x", "embeddings": { "float": vectors }, "texts": [], "meta": { "billed_units": { "input_tokens": tokens } },
        });
    }
    let data: Vec<Value> = vectors
        .iter()
        .enumerate()
        .rev()
        .map(|(index, vector)| json!({ "object": "embedding", "index": index, "embedding": vector }))
        .collect();
    let usage = if path.ends_with("/multimodalembeddings") {
        let total = tokens as u64 + pixels.div_ceil(560);
        json!({ "text_tokens": tokens, "image_pixels": pixels, "total_tokens": total })
    } else if call.body["input_type"].is_string() {
        json!({ "total_tokens": tokens })
    } else {
        json!({ "prompt_tokens": tokens, "total_tokens": tokens })
    };
    json!({ "object": "list", "data": data, "model": "m", "usage": usage })
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
