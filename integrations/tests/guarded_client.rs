#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "tests")]

//! The client against a real server on loopback.

use integrations::http::{GuardedClient, HeaderMap, HttpLimits, OutboundPolicy};
use integrations::{IntegrationError, RetryAdvice};
use serde_json::json;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use url::Url;

const HERE: OutboundPolicy = OutboundPolicy {
    allow_loopback: true,
    allow_private: false,
};
const LIMITS: HttpLimits = HttpLimits {
    connect_timeout: Duration::from_millis(500),
    total_timeout: Duration::from_secs(1),
    response_bytes_max: 100_000,
};

fn client(policy: OutboundPolicy) -> GuardedClient {
    // Fails when another test of this process was first, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    GuardedClient::new(policy, LIMITS).unwrap()
}

/// Answers by path; counts the connections it was given.
struct FakeVendor {
    port: u16,
    connections: Arc<AtomicUsize>,
    server: tokio::task::JoinHandle<()>,
}

impl Drop for FakeVendor {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl FakeVendor {
    #[allow(clippy::disallowed_methods, reason = "a test's own server, ended by drop")]
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let connections = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&connections);
        let server = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                counted.fetch_add(1, Ordering::SeqCst);
                tokio::spawn(answer(stream, port));
            }
        });
        Self {
            port,
            connections,
            server,
        }
    }

    fn url(&self, path: &str) -> Url {
        Url::parse(&format!("http://127.0.0.1:{}{path}", self.port)).unwrap()
    }
}

async fn answer(mut stream: TcpStream, port: u16) -> Option<()> {
    let mut request = Vec::new();
    loop {
        request.push(stream.read_u8().await.ok()?);
        let expected_end: &[u8] = if request.starts_with(b"POST") {
            b"}"
        } else {
            b"\r\n\r\n"
        };
        if request.ends_with(expected_end) {
            break;
        }
    }
    let request = String::from_utf8_lossy(&request).into_owned();
    let path = request.split(' ').nth(1)?.to_owned();
    let head = |status: &str, headers: &str| format!("HTTP/1.1 {status}\r\nconnection: close\r\n{headers}\r\n");
    match path.as_str() {
        "/echo" => {
            let body = json!({ "request": request }).to_string();
            let text = head("200 OK", &format!("content-length: {}\r\n", body.len())) + &body;
            stream.write_all(text.as_bytes()).await.ok()
        }
        "/redirect" => {
            let location = format!("location: http://127.0.0.1:{port}/echo\r\ncontent-length: 0\r\n");
            stream.write_all(head("302 Found", &location).as_bytes()).await.ok()
        }
        "/limited" => stream
            .write_all(head("429 Slow Down", "retry-after: 3\r\ncontent-length: 0\r\n").as_bytes())
            .await
            .ok(),
        "/announces-too-much" => stream
            .write_all(head("200 OK", "content-length: 99999999999\r\n").as_bytes())
            .await
            .ok(),
        "/never-ends" => {
            stream.write_all(head("200 OK", "").as_bytes()).await.ok()?;
            while stream.write_all(&[b'x'; 4096]).await.is_ok() {}
            Some(())
        }
        "/drips" => {
            stream
                .write_all(head("200 OK", "content-length: 1000\r\n").as_bytes())
                .await
                .ok()?;
            while stream.write_all(b"x").await.is_ok() {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            Some(())
        }
        "/silent" => {
            tokio::time::sleep(Duration::from_secs(20)).await;
            Some(())
        }
        _ => stream.write_all(b"this is not HTTP\r\n\r\n").await.ok(),
    }
}

async fn get(vendor: &FakeVendor, path: &str) -> Result<integrations::http::GuardedResponse, IntegrationError> {
    client(HERE).get(&vendor.url(path), HeaderMap::new()).await
}

#[tokio::test]
async fn json_is_posted_with_headers_and_the_answer_comes_back() {
    let vendor = FakeVendor::start().await;
    let mut headers = HeaderMap::new();
    headers.insert("x-token", "t0ken".parse().unwrap());
    let answer = client(HERE)
        .post_json(&vendor.url("/echo"), headers, &json!({"a": 1}))
        .await
        .unwrap();
    let body: serde_json::Value = answer.success().unwrap().json().unwrap();
    let request = body["request"].as_str().unwrap();
    assert!(
        request.starts_with("POST /echo HTTP/1.1\r\n") && request.ends_with("{\"a\":1}"),
        "{request}"
    );
    assert!(
        request.contains("x-token: t0ken") && request.contains("content-type: application/json"),
        "{request}"
    );
}

#[tokio::test]
async fn a_redirect_is_an_answer_and_is_not_followed() {
    let vendor = FakeVendor::start().await;
    let answer = get(&vendor, "/redirect").await.unwrap();
    assert_eq!(answer.status, 302);
    assert_eq!(vendor.connections.load(Ordering::SeqCst), 1);
    assert_eq!(answer.success().unwrap_err().retry(), RetryAdvice::Permanent);
}

#[tokio::test]
async fn a_rate_limit_carries_its_wait() {
    let vendor = FakeVendor::start().await;
    let error = get(&vendor, "/limited").await.unwrap().success().unwrap_err();
    assert_eq!(error.retry(), RetryAdvice::RetryAfter(Duration::from_secs(3)));
}

#[tokio::test]
async fn a_body_over_the_limit_is_refused_announced_or_not() {
    let vendor = FakeVendor::start().await;
    for path in ["/announces-too-much", "/never-ends"] {
        let error = get(&vendor, path).await.unwrap_err();
        assert!(
            matches!(&error, IntegrationError::AnswerTooLarge { bytes_max: 100_000, .. }),
            "{error}"
        );
    }
}

#[tokio::test]
async fn a_vendor_that_drips_or_says_nothing_times_out() {
    let vendor = FakeVendor::start().await;
    for path in ["/drips", "/silent"] {
        let started = Instant::now();
        let error = get(&vendor, path).await.unwrap_err();
        assert_eq!(
            error,
            IntegrationError::Timeout {
                system: "127.0.0.1".into()
            },
            "{path}"
        );
        assert!(started.elapsed() < Duration::from_secs(5), "{path}");
    }
}

#[tokio::test]
async fn a_vendor_that_is_down_or_speaks_no_http_is_unavailable() {
    let vendor = FakeVendor::start().await;
    let garbled = get(&vendor, "/garbage").await.unwrap_err();
    assert!(matches!(garbled, IntegrationError::Unavailable { .. }), "{garbled}");
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let url = Url::parse(&format!("http://{closed}/?key=s3cret")).unwrap();
    let refused = client(HERE).get(&url, HeaderMap::new()).await.unwrap_err();
    assert!(matches!(refused, IntegrationError::Unreachable { .. }), "{refused}");
    assert!(!refused.to_string().contains("s3cret"), "{refused}");
}

#[tokio::test]
async fn addresses_of_this_machine_are_refused_before_any_connection() {
    let vendor = FakeVendor::start().await;
    let guarded = client(OutboundPolicy::default());
    // `localhost` is a name, which only the resolver can judge.
    for host in [
        "127.0.0.1",
        "127.1",
        "0x7f000001",
        "[::ffff:127.0.0.1]",
        "0.0.0.0",
        "localhost",
    ] {
        let url = Url::parse(&format!("http://{host}:{}/echo", vendor.port)).unwrap();
        let error = guarded.get(&url, HeaderMap::new()).await.unwrap_err();
        assert!(matches!(error, IntegrationError::Forbidden { .. }), "{host}: {error}");
        assert_eq!(error.retry(), RetryAdvice::Permanent);
    }
    assert_eq!(vendor.connections.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn metadata_is_refused_even_where_private_networks_are_allowed() {
    let open = client(OutboundPolicy {
        allow_loopback: true,
        allow_private: true,
    });
    for host in [
        "169.254.169.254",
        "[fd00:ec2::254]",
        "[::ffff:169.254.169.254]",
        "100.100.100.200",
    ] {
        let url = Url::parse(&format!("http://{host}/latest/meta-data/")).unwrap();
        let error = open.get(&url, HeaderMap::new()).await.unwrap_err();
        assert!(matches!(error, IntegrationError::Forbidden { .. }), "{host}: {error}");
    }
}

#[tokio::test]
async fn a_name_that_does_not_resolve_is_worth_another_attempt() {
    let url = Url::parse("http://no-such-host.invalid/").unwrap();
    let error = client(OutboundPolicy::default())
        .get(&url, HeaderMap::new())
        .await
        .unwrap_err();
    assert_eq!(error.retry(), RetryAdvice::Retry, "{error}");
}

#[tokio::test]
async fn a_name_for_loopback_works_where_it_is_allowed() {
    let vendor = FakeVendor::start().await;
    let url = Url::parse(&format!("http://localhost:{}/echo", vendor.port)).unwrap();
    assert!(
        client(HERE)
            .get(&url, HeaderMap::new())
            .await
            .unwrap()
            .success()
            .is_ok()
    );
}
