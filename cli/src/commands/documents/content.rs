use std::io::{IsTerminal as _, stdout};
use std::path::PathBuf;

use anyhow::{Context as _, ensure};
use reqwest::Method;
use uuid::Uuid;

use crate::client::ServerArgs;
use crate::outcome::Outcome;
use crate::render::{number_of, one_line, print, print_bytes};

#[derive(clap::Args)]
pub(super) struct ContentArgs {
    #[arg(value_name = "DOCUMENT_ID")]
    id: Uuid,
    /// Write it to this file; to standard output without it
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
    #[command(flatten)]
    server: ServerArgs,
}

pub(super) async fn content(args: ContentArgs) -> anyhow::Result<Outcome> {
    ensure!(
        args.output.is_some() || !stdout().is_terminal(),
        "a document may hold anything, which a terminal would obey: give --output, or send it to a file or a program"
    );
    let client = args.server.connect()?;
    let id = args.id.to_string();
    let bytes = client
        .download(|| client.request(Method::GET, &["documents", &id, "content"]))
        .await?;
    match &args.output {
        None => print_bytes(&bytes)?,
        Some(path) => {
            std::fs::write(path, &bytes).with_context(|| format!("cannot write {}", path.display()))?;
            let file = one_line(&path.display().to_string(), 200);
            print(&format!("{file}  {}\n", number_of(bytes.len() as u64, "byte")))?;
        }
    }
    Ok(Outcome::Done)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
mod tests {
    use super::*;
    use crate::testing::{Fake, reply};
    use serde_json::json;

    #[tokio::test]
    async fn the_bytes_are_written_as_they_come() {
        let id = Uuid::from_u128(7);
        let fake = Fake::answering(vec![reply(200, json!({"a": 1}))]).await;
        let folder = tempfile::tempdir().unwrap();
        let output = folder.path().join("a.json");
        let args = ContentArgs {
            id,
            output: Some(output.clone()),
            server: fake.server(),
        };
        assert_eq!(content(args).await.unwrap(), Outcome::Done);
        assert_eq!(std::fs::read_to_string(output).unwrap(), r#"{"a":1}"#);
        assert_eq!(fake.requests()[0].line, format!("GET /v1/documents/{id}/content"));
    }
}
