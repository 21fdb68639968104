//! Bytes on a socket, where an HTTP client would refuse to send them.
use std::time::Duration;
use tests::Answered;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Sends the bytes and reads what comes back. Its own side stays open: to hyper, a client that closes its half before it has
/// the answer has gone, and gets none.
pub(crate) async fn send_bytes(url: &str, bytes: &[u8]) -> Answered {
    let mut stream = connect(url).await;
    // The server may answer and close before it has read everything.
    let _ = stream.write_all(bytes).await;
    read_to_end(stream).await
}

/// Sends a part of a request and says that no more will come.
pub(crate) async fn send_cut_short(url: &str, bytes: &[u8]) -> Answered {
    let mut stream = connect(url).await;
    stream.write_all(bytes).await.unwrap();
    stream.shutdown().await.unwrap();
    read_to_end(stream).await
}

/// Sends a request's head and keeps the connection open, as a client does that waits before it sends its body.
pub(crate) async fn send_head_only(url: &str, head: &str) -> Answered {
    let mut stream = connect(url).await;
    stream.write_all(head.as_bytes()).await.unwrap();
    read_to_end(stream).await
}

async fn connect(url: &str) -> TcpStream {
    TcpStream::connect(url.trim_start_matches("http://")).await.unwrap()
}

async fn read_to_end(mut stream: TcpStream) -> Answered {
    let mut read = Vec::new();
    let reading = async {
        let mut buffer = [0; 4096];
        while let Ok(count @ 1..) = stream.read(&mut buffer).await {
            read.extend_from_slice(&buffer[..count]);
            if is_complete(&read) {
                return;
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(15), reading)
        .await
        .expect("the server answers or closes");
    parse(&String::from_utf8_lossy(&read))
}

/// Whether the answer has come whole, going by its Content-Length.
fn is_complete(read: &[u8]) -> bool {
    let text = String::from_utf8_lossy(read);
    let Some((head, body)) = text.split_once("\r\n\r\n") else {
        return false;
    };
    let length = head
        .to_lowercase()
        .split("content-length: ")
        .nth(1)
        .and_then(|rest| rest.lines().next()?.trim().parse().ok());
    length.is_some_and(|length: usize| body.len() >= length)
}

fn parse(text: &str) -> Answered {
    let (head, body) = text
        .split_once("\r\n\r\n")
        .unwrap_or_else(|| panic!("no HTTP answer: {text:?}"));
    let mut lines = head.lines();
    let status = lines
        .next()
        .and_then(|line| line.split(' ').nth(1)?.parse::<u16>().ok())
        .expect("a status line");
    let headers = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_lowercase(), value.to_owned()));
    Answered {
        status: reqwest::StatusCode::from_u16(status).unwrap(),
        headers: headers.collect(),
        body: serde_json::from_str(body).unwrap_or_default(),
        text: body.to_owned(),
    }
}
