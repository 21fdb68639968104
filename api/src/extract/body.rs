use crate::{Problem, ProblemCode};
use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, header};
use futures::StreamExt;

/// Reads a body of at most `limit` bytes. One that says it is longer is refused before its first byte.
///
/// # Errors
/// [`ProblemCode::TooLarge`]; [`ProblemCode::MalformedBody`] when the client stopped sending.
pub(super) async fn read_body(headers: &HeaderMap, body: Body, limit: usize) -> Result<Bytes, Problem> {
    refuse_announced(headers, limit)?;
    let mut stream = body.into_data_stream();
    let mut read = Vec::new();
    while let Some(bytes) = stream.next().await {
        let bytes =
            bytes.map_err(|_| Problem::new(ProblemCode::MalformedBody, "The body ended before it was complete."))?;
        if read.len() + bytes.len() > limit {
            return Err(too_large(limit));
        }
        read.extend_from_slice(&bytes);
    }
    Ok(read.into())
}

/// # Errors
/// [`ProblemCode::TooLarge`] when `Content-Length` is over the limit.
pub(super) fn refuse_announced(headers: &HeaderMap, limit: usize) -> Result<(), Problem> {
    let announced = headers
        .get(header::CONTENT_LENGTH)
        .and_then(|len| len.to_str().ok()?.parse::<u64>().ok());
    if announced.is_some_and(|announced| announced > limit as u64) {
        Err(too_large(limit))
    } else {
        Ok(())
    }
}

pub(super) fn too_large(limit: usize) -> Problem {
    let detail = format!("This is too large: at most {} are accepted here.", shown(limit));
    Problem::new(ProblemCode::TooLarge, detail)
}

/// That a document is over the limit, whatever was measured: what frames it may be larger.
pub(super) fn document_too_large(limit: usize) -> Problem {
    let detail = format!("The document is too large: at most {} are accepted.", shown(limit));
    Problem::new(ProblemCode::TooLarge, detail)
}

/// A number of bytes as people read it, where it is whole in their unit.
fn shown(bytes: usize) -> String {
    const KIB: usize = 1 << 10;
    const MIB: usize = 1 << 20;
    match bytes {
        _ if bytes >= MIB && bytes.is_multiple_of(MIB) => format!("{} MiB", bytes / MIB),
        _ if bytes >= KIB && bytes.is_multiple_of(KIB) => format!("{} KiB", bytes / KIB),
        _ => format!("{bytes} bytes"),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[tokio::test]
    async fn a_body_that_announces_too_much_is_refused_unread() {
        let headers = HeaderMap::from_iter([(header::CONTENT_LENGTH, "104857600".parse().unwrap())]);
        let body = Body::from_stream(futures::stream::poll_fn(
            |_| -> std::task::Poll<Option<Result<Bytes, std::io::Error>>> { panic!("was read") },
        ));
        assert_eq!(
            read_body(&headers, body, 1024).await.unwrap_err().code(),
            ProblemCode::TooLarge
        );
    }

    #[tokio::test]
    async fn a_body_of_unknown_length_is_refused_at_the_limit() {
        let endless = futures::stream::repeat_with(|| Ok::<_, std::io::Error>(Bytes::from_static(&[b'x'; 512])));
        let refused = read_body(&HeaderMap::new(), Body::from_stream(endless), 1024).await;
        assert_eq!(refused.unwrap_err().code(), ProblemCode::TooLarge);
    }

    #[test]
    fn a_limit_is_told_in_the_unit_that_it_is_whole_in() {
        for (bytes, told) in [
            (25 << 20, "25 MiB"),
            (64 << 10, "64 KiB"),
            ((1 << 20) + 1, "1048577 bytes"),
            (64, "64 bytes"),
        ] {
            assert_eq!(shown(bytes), told);
        }
    }

    #[tokio::test]
    async fn a_body_at_the_limit_is_read() {
        assert_eq!(
            read_body(&HeaderMap::new(), Body::from("12345678"), 8).await.unwrap(),
            "12345678"
        );
    }
}
