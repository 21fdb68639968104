use crate::served::serve;
use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::Response;
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio_util::sync::DropGuard;

/// What a path of the site answers.
#[derive(Clone, Debug)]
pub struct SitePage {
    pub status: u16,
    pub headers: Vec<(&'static str, String)>,
    pub body: Vec<u8>,
    /// Before the answer.
    pub delay: Duration,
    /// Whether it has an ETag, and answers 304 to who has it.
    pub has_etag: bool,
    /// Answered so often; then the path is not there, or is what follows.
    pub times: Option<usize>,
    pub then: Option<Box<SitePage>>,
}

impl SitePage {
    /// A web page that can be asked for conditionally.
    #[must_use]
    pub fn html(body: &str) -> Self {
        Self {
            has_etag: true,
            ..Self::of(200, "text/html; charset=utf-8", body.as_bytes())
        }
    }

    #[must_use]
    pub fn of(status: u16, content_type: &str, body: &[u8]) -> Self {
        Self {
            status,
            headers: vec![("content-type", content_type.to_owned())],
            body: body.to_vec(),
            delay: Duration::ZERO,
            has_etag: false,
            times: None,
            then: None,
        }
    }

    #[must_use]
    pub fn redirect(status: u16, to: &str) -> Self {
        Self::of(status, "text/plain", b"moved").with("location", to)
    }

    #[must_use]
    pub fn with(mut self, name: &'static str, value: &str) -> Self {
        self.headers.push((name, value.to_owned()));
        self
    }

    #[must_use]
    pub fn slow(self, delay: Duration) -> Self {
        Self { delay, ..self }
    }

    /// Once, and from then on the other.
    #[must_use]
    pub fn then(self, other: Self) -> Self {
        Self {
            times: Some(1),
            then: Some(Box::new(other)),
            ..self
        }
    }

    #[must_use]
    pub fn without_etag(self) -> Self {
        Self {
            has_etag: false,
            ..self
        }
    }
}

/// A request as it came.
#[derive(Clone, Debug)]
pub struct SiteRequest {
    pub path: String,
    pub headers: HeaderMap,
    /// What it was answered.
    pub status: u16,
}

#[derive(Default)]
struct Book {
    pages: HashMap<String, SitePage>,
    requests: Vec<SiteRequest>,
}

/// Somebody's web site on loopback. What is not there is 404; below `/endless/` every page leads to two more, and below `/onwards/` every
/// number redirects to the next.
pub struct FakeSite {
    pub url: String,
    book: Arc<Mutex<Book>>,
    _stop: DropGuard,
}

impl FakeSite {
    pub async fn start(pages: &[(&str, SitePage)]) -> Self {
        let book = Arc::new(Mutex::new(Book::default()));
        lock(&book).pages = pages
            .iter()
            .map(|(path, page)| ((*path).to_owned(), page.clone()))
            .collect();
        let router = Router::new().fallback(answer).with_state(book.clone());
        let (address, _stop) = serve(router).await;
        let url = format!("http://{address}");
        Self { url, book, _stop }
    }

    pub fn put(&self, path: &str, page: SitePage) {
        lock(&self.book).pages.insert(path.to_owned(), page);
    }

    pub fn remove(&self, path: &str) {
        lock(&self.book).pages.remove(path);
    }

    /// All requests since the last look, oldest first.
    #[must_use]
    pub fn take_requests(&self) -> Vec<SiteRequest> {
        std::mem::take(&mut lock(&self.book).requests)
    }

    /// How many requests there were since the last look.
    #[must_use]
    pub fn request_count(&self) -> usize {
        lock(&self.book).requests.len()
    }
}

fn lock(book: &Mutex<Book>) -> MutexGuard<'_, Book> {
    book.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn answer(State(book): State<Arc<Mutex<Book>>>, uri: Uri, headers: HeaderMap) -> Response {
    let path = uri.path_and_query().map_or_else(|| "/".to_owned(), ToString::to_string);
    let page = page(&mut lock(&book), &path);
    tokio::time::sleep(page.delay).await;
    let etag = format!(
        "\"{}\"",
        Sha256::digest(&page.body)
            .iter()
            .take(8)
            .map(|byte| format!("{byte:02x}"))
            .collect::<String>()
    );
    let known = page.has_etag
        && headers
            .get("if-none-match")
            .is_some_and(|given| given.as_bytes() == etag.as_bytes());
    let (status, body) = if known {
        (304, Vec::new())
    } else {
        (page.status, page.body)
    };
    lock(&book).requests.push(SiteRequest { path, headers, status });
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = StatusCode::from_u16(status).unwrap();
    for (name, value) in &page.headers {
        response.headers_mut().append(*name, value.parse().unwrap());
    }
    if page.has_etag {
        response.headers_mut().insert("etag", etag.parse().unwrap());
    }
    response
}

fn page(book: &mut Book, path: &str) -> SitePage {
    let gone = SitePage::of(404, "text/html", b"Not found");
    if let Some(number) = path.strip_prefix("/endless/") {
        return SitePage::html(&format!(
            "<p>Day {number}</p><a href='/endless/{number}1'>x</a><a href='/endless/{number}2'>y</a>"
        ));
    }
    if let Some(number) = path.strip_prefix("/onwards/").and_then(|text| text.parse::<u64>().ok()) {
        return SitePage::redirect(301, &format!("/onwards/{}", number + 1));
    }
    let Some(page) = book.pages.get_mut(path) else {
        return gone;
    };
    match &mut page.times {
        Some(0) => {
            return page.then.take().map_or(gone, |then| {
                *page = *then;
                page.clone()
            });
        }
        Some(left) => *left -= 1,
        None => {}
    }
    page.clone()
}
