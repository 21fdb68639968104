//! Sends documents and waits until each is searchable or has failed.

use std::time::{Duration, Instant};

use futures::{StreamExt as _, TryStreamExt as _, stream};
use reqwest::StatusCode;
use uuid::Uuid;

use super::documents::{NewDocument, Place};
use super::progress::Bars;
use super::tally::Tally;
use crate::client::{Client, ClientError, Job, Problem, wait_for_all};

const AT_ONCE: usize = 8;
/// Longer than the longest pause between the attempts of a job.
const STALL: Duration = Duration::from_secs(900);

enum Sent {
    Accepted(String, Uuid),
    Refused {
        document: String,
        code: String,
        message: String,
    },
}

/// Sends the documents to their place, eight at a time, then waits for all of their jobs. The calls outlive a restart of
/// the system: an upload is repeated under the same external id, which changes nothing if it had arrived.
///
/// # Errors
/// What concerns all documents: no connection, a key that is not accepted, jobs that do not end. What concerns one
/// document is in the tally.
pub(crate) async fn ingest(
    client: &Client,
    place: Place,
    documents: Vec<NewDocument>,
    bars: Bars,
) -> Result<Tally, ClientError> {
    let client = client.for_bulk_work();
    let start = Instant::now();
    let sending = bars.start("sending", documents.len());
    let sent: Vec<Sent> = stream::iter(documents)
        .map(|document| {
            let (client, sending, place) = (&client, &sending, &place);
            async move {
                let sent = send(client, place, document).await;
                sending.inc(1);
                sent
            }
        })
        .buffered(AT_ONCE)
        .try_collect()
        .await?;
    sending.finish_and_clear();

    let mut tally = Tally::default();
    let mut accepted = Vec::with_capacity(sent.len());
    for sent in sent {
        match sent {
            Sent::Accepted(document, job) => accepted.push((document, job)),
            Sent::Refused {
                document,
                code,
                message,
            } => tally.fail(document, code, message),
        }
    }
    let working = bars.work("ingesting", accepted.len());
    let count = |document, job| {
        let failed_before = tally.failed.len();
        tally.count(document, job);
        working.count(tally.failed.len() > failed_before);
    };
    let waiting = wait_for_all(&client, accepted, STALL, count, |text| working.say(text));
    working.told_meanwhile(waiting).await?;
    working.finish();
    Ok(tally.finish(start.elapsed()))
}

async fn send(client: &Client, place: &Place, document: NewDocument) -> Result<Sent, ClientError> {
    let upload = match document.prepare(place).await {
        Ok(upload) => upload,
        Err((code, message)) => {
            return Ok(Sent::Refused {
                document: document.external_id,
                code,
                message,
            });
        }
    };
    let job: Result<(StatusCode, Job), _> = client.call(|| upload.request(client, place.base)).await;
    match job {
        Ok((_, job)) => Ok(Sent::Accepted(document.external_id, job.id)),
        Err(ClientError::Problem(problem)) if concerns_one_document(&problem) => {
            let message = problem.sentence();
            Ok(Sent::Refused {
                document: document.external_id,
                code: problem.code,
                message,
            })
        }
        Err(error) => Err(error),
    }
}

/// A missing base or a refused key would be the same for every document; so would an overload that lasts.
fn concerns_one_document(problem: &Problem) -> bool {
    let for_all = [
        StatusCode::UNAUTHORIZED,
        StatusCode::FORBIDDEN,
        StatusCode::NOT_FOUND,
        StatusCode::TOO_MANY_REQUESTS,
    ];
    let broken_once = problem.status == StatusCode::INTERNAL_SERVER_ERROR;
    (problem.status.is_client_error() && !for_all.contains(&problem.status)) || broken_once
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
mod tests {
    use super::*;
    use crate::ingest::Content;
    use crate::testing::{Fake, TempDir, reply};
    use serde_json::json;

    const BASE: Uuid = Uuid::from_u128(5);
    fn public() -> Place {
        Place {
            base: BASE,
            collection: Some(Uuid::from_u128(6)),
            acl: Some(json!({"public": true})),
            metadata: Some(json!({"product": "lamp"})),
        }
    }

    const JOB: &str = "019a0000-0000-7000-8000-000000000001";

    fn file(dir: &TempDir, name: &str, content: &[u8]) -> NewDocument {
        let content = Content::File {
            path: dir.write(name, content),
            mime_type: "text/markdown",
            charset: None,
        };
        NewDocument {
            external_id: name.to_owned(),
            content,
        }
    }

    #[tokio::test]
    async fn a_file_is_uploaded_with_its_id_type_and_acl() {
        let fake = Fake::serving(|request| {
            let state = if request.line.starts_with("POST") {
                "queued"
            } else {
                "succeeded"
            };
            reply(202, json!({"id": JOB, "kind": "ingest_document", "state": state}))
        })
        .await;
        let dir = TempDir::new();
        let documents = vec![file(&dir, "a/b.md", b"# Title")];
        let tally = ingest(&fake.client(), public(), documents, Bars::new(true))
            .await
            .unwrap();
        assert_eq!((tally.ingested, tally.failed.len()), (1, 0));
        let upload = &fake.requests()[0];
        assert_eq!(upload.line, format!("POST /v1/knowledge-bases/{BASE}/documents"));
        for part in [
            "name=\"file\"; filename=\"b.md\"\r\nContent-Type: text/markdown\r\n\r\n# Title",
            "name=\"external_id\"\r\n\r\na/b.md",
            "name=\"acl\"\r\n\r\n{\"public\":true}",
            "name=\"metadata\"\r\n\r\n{\"product\":\"lamp\"}",
        ] {
            assert!(upload.body.contains(part), "{part} is not in {}", upload.body);
        }
    }

    #[tokio::test]
    async fn a_refused_document_does_not_stop_the_others() {
        let fake = Fake::serving(|request| match () {
            // No word of hexadecimal digits, which boundaries of forms are made of.
            () if request.body.contains("spoilt") => {
                let errors = json!([{"field": "content", "code": "nul", "message": "has NUL"}]);
                reply(
                    422,
                    json!({"code": "invalid", "detail": "1 field is invalid", "errors": errors}),
                )
            }
            () => reply(202, json!({"id": JOB, "kind": "ingest_document", "state": "succeeded"})),
        })
        .await;
        let dir = TempDir::new();
        let gone = Content::File {
            path: dir.path().join("gone.md"),
            mime_type: "text/markdown",
            charset: None,
        };
        let documents = vec![
            file(&dir, "bad.md", b"spoilt"),
            file(&dir, "good.md", b"good"),
            NewDocument {
                external_id: "gone.md".into(),
                content: gone,
            },
        ];
        let tally = ingest(&fake.client(), Place::base(BASE), documents, Bars::new(true))
            .await
            .unwrap();
        assert_eq!(tally.ingested, 1);
        let failed: Vec<_> = tally
            .failed
            .iter()
            .map(|failed| (failed.document.as_str(), failed.code.as_str()))
            .collect();
        assert_eq!(failed, [("bad.md", "invalid"), ("gone.md", "unreadable")]);
        assert_eq!(tally.failed[0].message, "1 field is invalid; content: has NUL");
    }

    /// A file of so many zeros.
    fn large(dir: &TempDir, mib: u64) -> NewDocument {
        let document = file(dir, "big.md", b"");
        let Content::File { path, .. } = &document.content else {
            unreachable!()
        };
        let opened = std::fs::File::options().write(true).open(path).unwrap();
        opened.set_len(mib * 1024 * 1024).unwrap();
        document
    }

    #[tokio::test]
    async fn how_large_a_document_may_be_is_what_the_installation_says() {
        let dir = TempDir::new();
        let detail = "More than 10485760 bytes were sent.";
        let fake = Fake::answering(vec![reply(413, json!({"code": "too_large", "detail": detail}))]).await;
        let documents = vec![large(&dir, 26)];
        let tally = ingest(&fake.client(), Place::base(BASE), documents, Bars::new(true))
            .await
            .unwrap();
        assert_eq!(tally.failed[0].message, detail);
        assert!(fake.requests()[0].body.len() > 26 * 1024 * 1024, "it was sent");
    }

    #[tokio::test]
    async fn a_file_that_memory_is_too_small_for_is_not_read() {
        let dir = TempDir::new();
        let fake = Fake::answering(vec![]).await;
        let documents = vec![large(&dir, 513)];
        let tally = ingest(&fake.client(), Place::base(BASE), documents, Bars::new(true))
            .await
            .unwrap();
        assert_eq!(
            tally.failed[0].message,
            "is 513 MiB; files of more than 512 MiB are not read"
        );
        assert!(fake.requests().is_empty());
    }

    #[tokio::test]
    async fn a_refused_key_stops_at_once() {
        let fake = Fake::serving(|_| reply(401, json!({"code": "unauthorized"}))).await;
        let dir = TempDir::new();
        let documents = (0..100).map(|n| file(&dir, &format!("{n}.md"), b"x")).collect();
        assert!(
            ingest(&fake.client(), Place::base(BASE), documents, Bars::new(true))
                .await
                .is_err()
        );
        assert!(fake.requests().len() < 20);
    }
}
