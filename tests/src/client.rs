use crate::Process;
use reqwest::{Method, StatusCode};
use serde_json::Value;
use std::collections::HashMap;
use std::time::{Duration, Instant};

/// A client of a running API, with one key.
#[derive(Clone)]
pub struct Client {
    pub url: String,
    pub key: Option<String>,
    http: reqwest::Client,
}

/// What came back.
#[derive(Debug)]
pub struct Answered {
    pub status: StatusCode,
    pub headers: HashMap<String, String>,
    /// `Null` when the body is no JSON.
    pub body: Value,
    pub text: String,
}

impl Answered {
    /// Asserts that this is a problem as the contract has it.
    ///
    /// # Panics
    /// When it is anything else.
    pub fn expect_problem(&self, status: u16, code: &str) {
        assert_eq!(
            (self.status.as_u16(), self.body["code"].as_str()),
            (status, Some(code)),
            "{}",
            self.text
        );
        assert_eq!(
            self.headers.get("content-type").map(String::as_str),
            Some("application/problem+json")
        );
        assert_eq!(self.body["status"], status, "{}", self.text);
        assert_eq!(self.body["type"], format!("/problems/{code}"), "{}", self.text);
        assert_eq!(
            self.body["request_id"].as_str(),
            self.headers.get("x-request-id").map(String::as_str)
        );
        for field in ["title", "detail"] {
            assert!(
                self.body[field].as_str().is_some_and(|text| !text.is_empty()),
                "no {field}: {}",
                self.text
            );
        }
    }
}

impl Client {
    #[must_use]
    pub fn new(url: &str, key: Option<&str>) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = reqwest::Client::builder()
            .timeout(Duration::from_secs(60))
            .build()
            .unwrap();
        Self {
            url: url.trim_end_matches('/').to_owned(),
            key: key.map(str::to_owned),
            http,
        }
    }

    #[must_use]
    pub fn with_key(&self, key: Option<&str>) -> Self {
        Self {
            key: key.map(str::to_owned),
            ..self.clone()
        }
    }

    /// A request with this client's key, for tests that need more than [`send`](Self::send) gives.
    pub fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        let request = self.http.request(method, format!("{}{path}", self.url));
        match &self.key {
            Some(key) => request.bearer_auth(key),
            None => request,
        }
    }

    pub async fn send(&self, request: reqwest::RequestBuilder) -> Answered {
        let response = request.send().await.expect("the API answers");
        let status = response.status();
        let headers = response
            .headers()
            .iter()
            .map(|(name, value)| (name.as_str().to_owned(), value.to_str().unwrap_or("").to_owned()))
            .collect();
        let text = response.text().await.unwrap_or_default();
        Answered {
            status,
            headers,
            body: serde_json::from_str(&text).unwrap_or(Value::Null),
            text,
        }
    }

    /// Runs `visualkit` against this API, with this key, and returns what it printed.
    ///
    /// # Panics
    /// When it fails.
    pub async fn visualkit(&self, arguments: &[&str]) -> String {
        let (url, key) = (self.url.clone(), self.key.clone().unwrap_or_default());
        let arguments: Vec<String> = arguments.iter().map(|text| (*text).to_owned()).collect();
        tokio::task::spawn_blocking(move || {
            let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
            Process::run(&arguments, &[("VISUALKIT_URL", &url), ("VISUALKIT_API_KEY", &key)])
        })
        .await
        .unwrap()
    }

    pub async fn get(&self, path: &str) -> Answered {
        self.send(self.request(Method::GET, path)).await
    }

    pub async fn delete(&self, path: &str) -> Answered {
        self.send(self.request(Method::DELETE, path)).await
    }

    pub async fn post(&self, path: &str, body: Value) -> Answered {
        self.send(self.request(Method::POST, path).json(&body)).await
    }

    /// `POST` that waits for the job, up to `secs`.
    pub async fn post_waiting(&self, path: &str, body: Value, secs: u64) -> Answered {
        self.send(
            self.request(Method::POST, path)
                .header("prefer", format!("wait={secs}"))
                .json(&body),
        )
        .await
    }

    /// Waits until the job has ended, and returns it.
    pub async fn ended(&self, job: &str) -> Value {
        self.ended_within(job, Duration::from_secs(30)).await
    }

    pub async fn ended_within(&self, job: &str, limit: Duration) -> Value {
        let start = Instant::now();
        loop {
            let answered = self.get(&format!("/v1/jobs/{job}")).await;
            let state = answered.body["state"].as_str().unwrap_or("");
            if ["succeeded", "dead", "cancelled"].contains(&state) {
                return answered.body;
            }
            assert!(
                start.elapsed() < limit,
                "job {job} has not ended after {limit:?}: {}",
                answered.text
            );
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Makes a knowledge base and returns its id.
    pub async fn knowledge_base(&self, name: &str) -> String {
        let made = self
            .post("/v1/knowledge-bases", serde_json::json!({ "name": name }))
            .await;
        assert_eq!(made.status, StatusCode::CREATED, "{}", made.text);
        made.body["id"].as_str().unwrap().to_owned()
    }

    /// Submits a document and returns its job, ended.
    pub async fn ingest(&self, base: &str, document: Value) -> Value {
        let submitted = self
            .post(&format!("/v1/knowledge-bases/{base}/documents"), document)
            .await;
        assert!(submitted.status.is_success(), "{}", submitted.text);
        self.ended(submitted.body["id"].as_str().unwrap()).await
    }

    /// Submits a file as a form, without a media type where none is given.
    pub async fn upload(&self, base: &str, name: &str, media_type: Option<&str>, bytes: &[u8]) -> Answered {
        let part = reqwest::multipart::Part::bytes(bytes.to_vec()).file_name(name.to_owned());
        let part = match media_type {
            Some(media_type) => part.mime_str(media_type).unwrap(),
            None => part,
        };
        let form = reqwest::multipart::Form::new().part("file", part);
        let path = format!("/v1/knowledge-bases/{base}/documents");
        self.send(self.request(Method::POST, &path).multipart(form)).await
    }

    /// Searches, and returns the result.
    pub async fn search(&self, body: Value) -> Value {
        let found = self.post_waiting("/v1/search", body, 20).await;
        assert_eq!(found.status, StatusCode::OK, "{}", found.text);
        assert_eq!(found.body["state"], "succeeded", "{}", found.text);
        found.body["result"].clone()
    }
}
