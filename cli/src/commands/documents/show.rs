use serde::Deserialize;
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::client::{Client, ClientError, Page, ServerArgs, Step, list_all};
use crate::job_text::step_lines;
use crate::outcome::Outcome;
use crate::render::{number_of, one_line, print, print_json, wrapped};

#[derive(clap::Args)]
pub(super) struct ShowArgs {
    #[arg(value_name = "DOCUMENT_ID")]
    id: Uuid,
    /// Print its chunks too, as search finds them
    #[arg(long)]
    chunks: bool,
    /// Print the document as JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    server: ServerArgs,
}

#[derive(Deserialize)]
struct Shown {
    id: Uuid,
    title: String,
    mime_type: String,
    state: String,
    /// Not said by servers that know no other.
    enabled: Option<bool>,
    version: i64,
    ready_version: Option<i64>,
    chunk_count: u64,
    size_bytes: u64,
    external_id: Option<String>,
    #[serde(default)]
    said: Map<String, Value>,
    error: Option<Value>,
    job_id: Uuid,
    /// Of what is served, where that is known.
    ready_job_id: Option<Uuid>,
}

#[derive(Deserialize)]
struct Chunk {
    ordinal: u64,
    headings: Vec<String>,
    text: String,
    tokens: u64,
    image: Option<Image>,
}

#[derive(Deserialize)]
struct Image {
    media_type: String,
    width: u32,
    height: u32,
}

pub(super) async fn show(args: ShowArgs) -> anyhow::Result<Outcome> {
    let client = args.server.connect()?;
    let id = args.id.to_string();
    let mut value: Value = client.get(&["documents", &id], &[]).await?;
    let document: Shown = serde_json::from_value(value.clone())?;
    let (job, made_by) = (document.job_id, document.ready_job_id);
    let made = match made_by.filter(|made_by| *made_by != job) {
        Some(made_by) => steps(&client, made_by).await?,
        None => Vec::new(),
    };
    let steps = steps(&client, job).await?;
    let chunks = match args.chunks {
        true => list_all(&client, &["documents", &id, "chunks"]).await?,
        false => Vec::<Value>::new(),
    };
    if args.json {
        if let Some(fields) = value.as_object_mut() {
            fields.insert("steps".to_owned(), Value::Array(steps));
            if !made.is_empty() {
                fields.insert("ready_steps".to_owned(), Value::Array(made));
            }
            if args.chunks {
                fields.insert("chunks".to_owned(), Value::Array(chunks));
            }
        }
        print_json(&value)?;
        return Ok(Outcome::Done);
    }
    let steps: Vec<Step> = serde_json::from_value(Value::Array(steps))?;
    let made: Vec<Step> = serde_json::from_value(Value::Array(made))?;
    let chunks: Vec<Chunk> = serde_json::from_value(Value::Array(chunks))?;
    print(&text(&document, &steps, &made, &chunks))?;
    Ok(Outcome::Done)
}

/// The steps of the job; none where the job is gone, or the key may not see it.
async fn steps(client: &Client, job: Uuid) -> Result<Vec<Value>, ClientError> {
    let listed: Result<Page<Value>, ClientError> = client.get(&["jobs", &job.to_string(), "steps"], &[]).await;
    match listed {
        Err(ClientError::Problem(_)) => Ok(Vec::new()),
        listed => Ok(listed?.data),
    }
}

fn text(document: &Shown, steps: &[Step], made: &[Step], chunks: &[Chunk]) -> String {
    let mut text = format!("{}  {}\n", document.id, one_line(&document.title, 80));
    let served = match document.ready_version {
        Some(served) if served == document.version => String::new(),
        Some(served) => format!(" (version {served} is served)"),
        None => " (nothing is served)".to_owned(),
    };
    text.push_str(&format!(
        "{}  version {}{served}  {}  {}  {}\n",
        one_line(&document.state, 20),
        document.version,
        one_line(&document.mime_type, 100),
        number_of(document.size_bytes, "byte"),
        number_of(document.chunk_count, "chunk")
    ));
    if document.enabled == Some(false) {
        text.push_str("switched off: nothing finds it\n");
    }
    if let Some(external_id) = &document.external_id {
        text.push_str(&format!("external id  {}\n", one_line(external_id, 200)));
    }
    for (name, said) in &document.said {
        let said = said.as_str().map_or_else(|| said.to_string(), str::to_owned);
        text.push_str(&format!("says  {}: {}\n", one_line(name, 80), one_line(&said, 200)));
    }
    text.push_str(&format!("job  {}\n", document.job_id));
    text.push_str(&step_lines(steps));
    if let Some(made_by) = document.ready_job_id.filter(|made_by| *made_by != document.job_id) {
        text.push_str(&format!("served as it was made by job  {made_by}\n"));
        text.push_str(&step_lines(made));
    }
    if let Some(error) = document.error.as_ref().filter(|error| !error.is_null()) {
        let field = |name: &str| one_line(error.get(name).and_then(Value::as_str).unwrap_or_default(), 1000);
        text.push_str(&format!("error  {}: {}\n", field("code"), field("message")));
    }
    for chunk in chunks {
        let headings = one_line(&chunk.headings.join(" > "), 80);
        let line = format!("\nchunk {}  {} tokens  {headings}", chunk.ordinal, chunk.tokens);
        text.push_str(line.trim_end());
        text.push('\n');
        if let Some(image) = &chunk.image {
            let media_type = one_line(&image.media_type, 40);
            text.push_str(&format!(
                "    ({media_type}, {} x {} pixels)\n",
                image.width, image.height
            ));
        }
        text.push_str(&wrapped(&chunk.text, 4));
    }
    text
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_document_is_told_from_upload_to_chunk() {
        let document: Shown = serde_json::from_value(json!({
            "id": Uuid::from_u128(1), "title": "Lantern\u{1b}[2J", "mime_type": "application/pdf", "state": "failed", "enabled": false, "version": 2, "ready_version": 1,
            "chunk_count": 3, "size_bytes": 9000, "external_id": null, "said": {"author": "Ann", "pages": 2}, "job_id": Uuid::from_u128(2),
            "error": {"code": "encrypted", "message": "The PDF is encrypted.", "retryable": false}, "ready_job_id": Uuid::from_u128(3),
        }))
        .unwrap();
        let steps: Vec<Step> = serde_json::from_value(json!([
            {"name": "fetch", "state": "done", "attempt": 1, "duration_ms": 2.0, "detail": {"bytes": 9000}, "error": null},
        ]))
        .unwrap();
        let made: Vec<Step> = serde_json::from_value(json!([
            {"name": "parse", "state": "done", "attempt": 1, "duration_ms": 3.0, "detail": {"pages": 2}, "error": null},
        ]))
        .unwrap();
        let chunks: Vec<Chunk> = serde_json::from_value(json!([
            {"ordinal": 0, "headings": ["Lantern", "Care"], "text": "Keep it dry.", "tokens": 5},
            {"ordinal": 1, "headings": [], "text": "Lantern", "tokens": 2, "image": {"media_type": "image/png", "width": 640, "height": 480}},
        ]))
        .unwrap();
        assert_eq!(
            text(&document, &steps, &made, &chunks),
            "00000000-0000-0000-0000-000000000001  Lantern\u{fffd}[2J\n\
             failed  version 2 (version 1 is served)  application/pdf  9000 bytes  3 chunks\n\
             switched off: nothing finds it\n\
             says  author: Ann\n\
             says  pages: 2\n\
             job  00000000-0000-0000-0000-000000000002\n\
             step fetch     done      2.0 ms  attempt 1  bytes: 9000\n\
             served as it was made by job  00000000-0000-0000-0000-000000000003\n\
             step parse     done      3.0 ms  attempt 1  pages: 2\n\
             error  encrypted: The PDF is encrypted.\n\
             \nchunk 0  5 tokens  Lantern > Care\n    Keep it dry.\n\
             \nchunk 1  2 tokens\n    (image/png, 640 x 480 pixels)\n    Lantern\n"
        );
    }
}
