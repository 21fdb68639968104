use axum::body::{Body, BodyDataStream, Bytes, HttpBody};
use futures::{Stream, StreamExt};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

/// How much of a refused body is read and thrown away, at most.
const MAX_BYTES: usize = 128 << 20;
const MAX_TIME: Duration = Duration::from_secs(10);

/// The request's body, kept at hand after its handler has answered without reading it all.
///
/// A server that closes the connection while the client still sends makes the client's system drop the answer it has received
/// ("connection reset" in place of the 413). So the rest of a refused body is read, within bounds, and kept nowhere.
pub(super) struct Linger {
    shared: Arc<Mutex<Shared>>,
    /// The client sends nothing before it is told to: an answer is enough to stop it.
    expects_continue: bool,
}

struct Shared {
    body: BodyDataStream,
    started: bool,
    ended: bool,
}

impl Linger {
    /// `None`, and the body as it was, when there is no body.
    pub(super) fn over(body: Body, expects_continue: bool) -> (Body, Option<Self>) {
        if body.is_end_stream() {
            return (body, None);
        }
        let shared = Arc::new(Mutex::new(Shared {
            body: body.into_data_stream(),
            started: false,
            ended: false,
        }));
        let handed_on = Body::from_stream(Handle(shared.clone()));
        (
            handed_on,
            Some(Self {
                shared,
                expects_continue,
            }),
        )
    }

    /// Reads what is left.
    pub(super) async fn drain(self) {
        let (started, ended) = {
            let shared = self.shared.lock().unwrap_or_else(PoisonError::into_inner);
            (shared.started, shared.ended)
        };
        if ended || (self.expects_continue && !started) {
            return;
        }
        let mut rest = Handle(self.shared);
        let reading = async {
            let mut read = 0;
            while let Some(Ok(bytes)) = rest.next().await {
                read += bytes.len();
                if read > MAX_BYTES {
                    return;
                }
            }
        };
        let _ = tokio::time::timeout(MAX_TIME, reading).await;
    }
}

/// Reads the shared body; only ever one of them at a time.
struct Handle(Arc<Mutex<Shared>>);

impl Stream for Handle {
    type Item = Result<Bytes, axum::Error>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let mut shared = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        shared.started = true;
        if shared.ended {
            return Poll::Ready(None);
        }
        let polled = shared.body.poll_next_unpin(context);
        shared.ended = matches!(polled, Poll::Ready(None | Some(Err(_))));
        polled
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};

    fn counted(chunks: usize) -> (Body, Arc<AtomicUsize>) {
        let sent = Arc::new(AtomicUsize::new(0));
        let counter = sent.clone();
        let stream = futures::stream::iter(0..chunks).map(move |_| {
            counter.fetch_add(1, Ordering::Relaxed);
            Ok::<_, std::io::Error>(Bytes::from_static(b"0123456789"))
        });
        (Body::from_stream(stream), sent)
    }

    #[tokio::test]
    async fn what_the_handler_left_is_read() {
        let (body, sent) = counted(50);
        let (handed_on, linger) = Linger::over(body, false);
        drop(handed_on);
        linger.unwrap().drain().await;
        assert_eq!(sent.load(Ordering::Relaxed), 50);
    }

    #[tokio::test]
    async fn a_client_that_waits_to_be_told_is_not_told_to_send() {
        let (body, sent) = counted(50);
        let (handed_on, linger) = Linger::over(body, true);
        drop(handed_on);
        linger.unwrap().drain().await;
        assert_eq!(sent.load(Ordering::Relaxed), 0);
    }

    #[tokio::test]
    async fn the_handler_reads_the_body_as_it_was_sent() {
        let (body, _) = counted(3);
        let (handed_on, _linger) = Linger::over(body, false);
        let bytes = axum::body::to_bytes(handed_on, 1000).await.unwrap();
        assert_eq!(bytes.as_ref(), b"0123456789".repeat(3).as_slice());
    }
}
