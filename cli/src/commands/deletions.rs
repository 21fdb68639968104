use chrono::{DateTime, Utc};
use clap::Subcommand;
use serde::Deserialize;
use serde_json::Value;
use store::deletions::DeletionState;
use uuid::Uuid;

use crate::client::{Page, ServerArgs};
use crate::outcome::Outcome;
use crate::render::{number_of, one_line, print, print_json};

#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// List deletions, newest first
    List {
        /// Only those in this state
        #[arg(long, value_parser = DeletionState::ALL.map(DeletionState::as_str))]
        state: Option<String>,
        /// How many
        #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=100))]
        limit: u32,
        /// Where the last page ended
        #[arg(long)]
        cursor: Option<String>,
        #[command(flatten)]
        common: Common,
    },
    /// Show the receipt of a deletion: what is gone, and which search replicas have let go of it
    Show {
        /// The id of the job that deletes
        #[arg(value_name = "DELETION_ID")]
        id: Uuid,
        #[command(flatten)]
        common: Common,
    },
}

#[derive(clap::Args)]
struct Common {
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    server: ServerArgs,
}

#[derive(Deserialize)]
struct Deletion {
    id: Uuid,
    state: String,
    kind: String,
    target_id: Uuid,
    requested_by: Option<Uuid>,
    accepted_at: DateTime<Utc>,
    erased_at: Option<DateTime<Utc>>,
    completed_at: Option<DateTime<Utc>>,
    erased: Erased,
    replicas: Vec<Replica>,
    digest: String,
}

#[derive(Deserialize)]
struct Erased {
    documents: u64,
    versions: u64,
    chunks: u64,
    embeddings: u64,
    files: u64,
    file_bytes: u64,
    kept_answers: u64,
}

#[derive(Deserialize)]
struct Replica {
    slot_id: Uuid,
    host: String,
    state: String,
    at: DateTime<Utc>,
}

pub(crate) async fn run(args: Args) -> anyhow::Result<Outcome> {
    match args.command {
        Command::List {
            state,
            limit,
            cursor,
            common,
        } => {
            let mut query = vec![("limit", limit.to_string())];
            query.extend(state.map(|state| ("state", state)));
            query.extend(cursor.map(|cursor| ("cursor", cursor)));
            list(&query, &common).await
        }
        Command::Show { id, common } => show(id, &common).await,
    }
}

async fn list(query: &[(&str, String)], common: &Common) -> anyhow::Result<Outcome> {
    let page: Value = common.server.connect()?.get(&["deletions"], query).await?;
    if common.json {
        print_json(&page)?;
    } else {
        print(&lines(&serde_json::from_value(page)?))?;
    }
    Ok(Outcome::Done)
}

/// A line for each deletion of the page, and where the next one begins.
fn lines(page: &Page<Deletion>) -> String {
    let mut lines: String = page.data.iter().map(line).collect();
    if let Some(cursor) = &page.next_cursor {
        lines.push_str(&format!("more: --cursor {}\n", one_line(cursor, 1000)));
    }
    if lines.is_empty() {
        lines.push_str("nothing was deleted\n");
    }
    lines
}

async fn show(id: Uuid, common: &Common) -> anyhow::Result<Outcome> {
    let client = common.server.connect()?;
    let value: Value = client.get(&["deletions", &id.to_string()], &[]).await?;
    if common.json {
        print_json(&value)?;
    } else {
        print(&text(&serde_json::from_value(value)?))?;
    }
    Ok(Outcome::Done)
}

fn line(deletion: &Deletion) -> String {
    let waits = deletion
        .replicas
        .iter()
        .filter(|replica| replica.is_waited_for())
        .count();
    let waits = match waits {
        0 => String::new(),
        waits => format!("  waits for {}", number_of(waits as u64, "replica")),
    };
    format!(
        "{}  {:<8}  {} {}  {}{waits}\n",
        deletion.id,
        one_line(&deletion.state, 20),
        one_line(&deletion.kind, 20),
        deletion.target_id,
        deletion.accepted_at.format("%F %T")
    )
}

impl Replica {
    fn is_waited_for(&self) -> bool {
        matches!(self.state.as_str(), "pending" | "silent")
    }
}

fn text(deletion: &Deletion) -> String {
    let by = deletion
        .requested_by
        .map_or_else(|| "a source's sync".to_owned(), |key| format!("key {key}"));
    let at = |time: Option<DateTime<Utc>>| {
        time.map_or_else(|| "not yet".to_owned(), |time| time.format("%F %T").to_string())
    };
    let erased = &deletion.erased;
    let mut text = format!(
        "{}  {}  {} {}\nasked by {by}\nunsearchable  {}\nerased        {}\ncomplete      {}\n\
         {}, {}, {}, {}, {} of {} bytes, {}\n",
        deletion.id,
        one_line(&deletion.state, 20),
        one_line(&deletion.kind, 20),
        deletion.target_id,
        deletion.accepted_at.format("%F %T"),
        at(deletion.erased_at),
        at(deletion.completed_at),
        number_of(erased.documents, "document"),
        number_of(erased.versions, "version"),
        number_of(erased.chunks, "chunk"),
        number_of(erased.embeddings, "embedding"),
        number_of(erased.files, "file"),
        erased.file_bytes,
        number_of(erased.kept_answers, "kept answer")
    );
    for replica in &deletion.replicas {
        text.push_str(&format!(
            "replica {} on {}  {} since {}\n",
            replica.slot_id,
            one_line(&replica.host, 60),
            one_line(&replica.state, 20),
            replica.at.format("%F %T")
        ));
    }
    text.push_str(&format!("sha256 {}\n", one_line(&deletion.digest, 64)));
    text
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
mod tests {
    use super::*;
    use crate::testing::{Fake, reply};
    use serde_json::json;

    #[tokio::test]
    async fn a_page_says_where_the_next_one_begins() {
        let page = json!({"data": [], "next_cursor": "c"});
        let last = json!({"data": [], "next_cursor": null});
        assert_eq!(
            lines(&serde_json::from_value(page.clone()).unwrap()),
            "more: --cursor c\n"
        );
        assert_eq!(lines(&serde_json::from_value(last).unwrap()), "nothing was deleted\n");
        let fake = Fake::answering(vec![reply(200, page)]).await;
        let command = Command::List {
            state: Some("erasing".to_owned()),
            limit: 100,
            cursor: Some("b".to_owned()),
            common: Common {
                json: true,
                server: fake.server(),
            },
        };
        run(Args { command }).await.unwrap();
        let expected = "GET /v1/deletions?limit=100&state=erasing&cursor=b";
        assert_eq!(fake.requests()[0].line, expected);
    }

    #[test]
    fn a_receipt_says_what_is_gone_and_who_is_waited_for() {
        let deletion: Deletion = serde_json::from_value(json!({
            "id": Uuid::from_u128(1), "state": "erasing", "kind": "document", "target_id": Uuid::from_u128(2), "requested_by": null,
            "accepted_at": "2026-01-01T00:00:00Z", "erased_at": "2026-01-01T00:00:01Z", "completed_at": null,
            "erased": {"documents": 1, "versions": 1, "chunks": 3, "embeddings": 2, "files": 1, "file_bytes": 900, "kept_answers": 0},
            "replicas": [{"slot_id": Uuid::from_u128(3), "host": "one", "state": "silent", "at": "2026-01-01T00:00:00Z"}],
            "digest": "00",
        }))
        .unwrap();
        assert!(line(&deletion).ends_with("2026-01-01 00:00:00  waits for 1 replica\n"));
        let text = text(&deletion);
        for said in [
            "asked by a source's sync",
            "complete      not yet",
            "1 document, 1 version, 3 chunks, 2 embeddings, 1 file of 900 bytes, 0 kept answers",
            "erased        2026-01-01 00:00:01\n",
            "on one  silent since",
        ] {
            assert!(text.contains(said), "{text}");
        }
    }
}
