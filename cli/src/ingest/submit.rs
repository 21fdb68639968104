//! Sends documents and waits until each is searchable or has failed.

use std::time::{Duration, Instant};

use futures::{StreamExt as _, TryStreamExt as _, stream};
use reqwest::StatusCode;
use serde_json::Value;
use uuid::Uuid;

use super::documents::{NewDocument, Place};
use super::progress::Bars;
use super::room::Room;
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

/// Sends the documents to their place, eight at a time (fewer, if they are large), then waits for all of their jobs. The calls
/// outlive a restart of the system: an upload is repeated under the same external id, which changes nothing if it had arrived.
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
    let uploads = client.for_bulk_work().for_uploads()?;
    let start = Instant::now();
    let bar = bars.start("sending", documents.len());
    let sending = Sending {
        client,
        uploads: &uploads,
        place: &place,
        room: &Room::new(),
    };
    let sent: Vec<Sent> = stream::iter(documents)
        .map(|document| {
            let (bar, sending) = (&bar, &sending);
            async move {
                let sent = sending.send(document).await;
                bar.inc(1);
                sent
            }
        })
        .buffered(AT_ONCE)
        .try_collect()
        .await?;
    bar.finish_and_clear();

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
    let client = client.for_bulk_work();
    let waiting = wait_for_all(&client, accepted, STALL, count, |text| working.say(text));
    working.told_meanwhile(waiting).await?;
    working.finish();
    Ok(tally.finish(start.elapsed()))
}

/// How the documents of one command are sent.
struct Sending<'a> {
    /// For anything but the documents.
    client: &'a Client,
    uploads: &'a Client,
    place: &'a Place,
    room: &'a Room,
}

impl Sending<'_> {
    async fn send(&self, document: NewDocument) -> Result<Sent, ClientError> {
        let submitted = self.submit(&document).await?;
        let document = document.external_id;
        Ok(match submitted {
            Ok(job) => Sent::Accepted(document, job),
            Err((code, message)) => Sent::Refused {
                document,
                code,
                message,
            },
        })
    }

    /// The document's job, or a code and a sentence that say why it has none.
    async fn submit(&self, document: &NewDocument) -> Result<Result<Uuid, (String, String)>, ClientError> {
        let size = match document.size().await {
            Ok(size) => size,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let _held = self.room.enter(size).await;
        if let Some(refusal) = self.room.refusal(size) {
            return Ok(Err(refusal));
        }
        let upload = match document.prepare(self.place).await {
            Ok(upload) => upload,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let limit = time_for(size);
        let make = || upload.request(self.uploads, self.place.base);
        let error = match self.uploads.call_within::<Job>(limit, make).await {
            Ok((_, job)) => return Ok(Ok(job.id)),
            Err(error) => error,
        };
        match error {
            ClientError::Problem(problem) if concerns_one_document(&problem) => {
                let message = problem.sentence();
                if problem.status == StatusCode::PAYLOAD_TOO_LARGE {
                    self.room.note_too_large(size, &problem.code, &message);
                }
                Ok(Err((problem.code, message)))
            }
            ClientError::Unreachable { address, source } => match self.is_there().await {
                true => Ok(Err(unanswered(&source, limit))),
                false => Err(ClientError::Unreachable { address, source }),
            },
            error => Err(error),
        }
    }

    /// Whether anything answers. Then it was the one document that nothing was answered to.
    async fn is_there(&self) -> bool {
        let base = self.place.base.to_string();
        let asked: Result<Value, _> = self.client.get(&["knowledge-bases", &base], &[]).await;
        !matches!(asked, Err(ClientError::Unreachable { .. }))
    }
}

/// How long sending so many bytes, and the answer, may take: a slow line sends 256 KiB a second.
fn time_for(size: u64) -> Duration {
    Duration::from_secs(60 + size / (256 * 1024))
}

fn unanswered(error: &reqwest::Error, limit: Duration) -> (String, String) {
    let what = match error.is_timeout() {
        true => format!("was not sent and answered within {} s", limit.as_secs()),
        false => "the connection broke off before there was an answer".to_owned(),
    };
    let message = format!("{what}; run the command again: if it has arrived all the same, that changes nothing");
    ("no_answer".to_owned(), message)
}

/// A missing base or a refused key would be the same for every document; so would an overload that lasts, but for a time-out: a long upload has them for itself.
fn concerns_one_document(problem: &Problem) -> bool {
    let for_all = [
        StatusCode::UNAUTHORIZED,
        StatusCode::FORBIDDEN,
        StatusCode::NOT_FOUND,
        StatusCode::TOO_MANY_REQUESTS,
    ];
    let broken_once = problem.status == StatusCode::INTERNAL_SERVER_ERROR || problem.code == "timed_out";
    (problem.status.is_client_error() && !for_all.contains(&problem.status)) || broken_once
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
mod tests {
    use super::*;
    use crate::client::ServerArgs;
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

    /// What one document after another comes to: its code, if it was not accepted.
    async fn sent_to(client: &Client, documents: Vec<NewDocument>) -> Result<Vec<Option<String>>, ClientError> {
        let (place, room) = (Place::base(BASE), Room::new());
        // Without the patience of long work, so that nothing is sent again.
        let sending = Sending {
            client,
            uploads: client,
            place: &place,
            room: &room,
        };
        let mut codes = Vec::new();
        for document in documents {
            codes.push(match sending.send(document).await? {
                Sent::Accepted(..) => None,
                Sent::Refused { code, .. } => Some(code),
            });
        }
        Ok(codes)
    }

    #[tokio::test]
    async fn an_upload_that_nothing_is_answered_to_is_its_documents_failure_unless_nothing_is_there() {
        let fake = Fake::serving(|request| match request.body.contains("spoilt") {
            true => panic!("the connection breaks off"),
            false => reply(202, json!({"id": JOB, "kind": "ingest_document", "state": "succeeded"})),
        })
        .await;
        let dir = TempDir::new();
        let documents = || vec![file(&dir, "bad.md", b"spoilt"), file(&dir, "good.md", b"good")];
        let codes = sent_to(&fake.client(), documents()).await.unwrap();
        assert_eq!(codes, [Some("no_answer".to_owned()), None]);
        let nowhere = ServerArgs::new("http://127.0.0.1:9", "k").connect().unwrap();
        let error = sent_to(&nowhere, documents()).await.unwrap_err();
        assert!(matches!(error, ClientError::Unreachable { .. }), "{error}");
    }

    #[tokio::test]
    async fn a_document_that_takes_the_server_too_long_is_no_failure_of_the_others() {
        let slow = json!({"code": "timed_out", "detail": "The request took too long and was given up."});
        let fake = Fake::answering(vec![
            reply(503, slow).header("retry-after", "3600"),
            reply(202, json!({"id": JOB, "kind": "ingest_document", "state": "succeeded"})),
        ])
        .await;
        let dir = TempDir::new();
        let documents = vec![file(&dir, "slow.md", b"slow"), file(&dir, "good.md", b"good")];
        let codes = sent_to(&fake.client(), documents).await.unwrap();
        assert_eq!(codes, [Some("timed_out".to_owned()), None]);
    }

    #[tokio::test]
    async fn what_is_no_smaller_than_a_file_that_was_too_large_is_not_sent() {
        let fake = Fake::answering(vec![
            reply(413, json!({"code": "too_large", "detail": "At most two."})),
            reply(202, json!({"id": JOB, "kind": "ingest_document", "state": "succeeded"})),
        ])
        .await;
        let dir = TempDir::new();
        let documents = vec![
            file(&dir, "3.md", b"zzz"),
            file(&dir, "4.md", b"zzzz"),
            file(&dir, "2.md", b"zz"),
        ];
        let codes = sent_to(&fake.client(), documents).await.unwrap();
        let too_large = Some("too_large".to_owned());
        assert_eq!(codes, [too_large.clone(), too_large, None]);
        assert_eq!(fake.requests().len(), 2);
    }

    #[test]
    fn a_large_upload_has_longer() {
        assert_eq!(time_for(1024), Duration::from_secs(60));
        assert_eq!(time_for(200 * 1024 * 1024), Duration::from_secs(860));
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
