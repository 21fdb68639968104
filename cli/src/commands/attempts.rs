use super::jobs::parse;
use crate::client::{Attempt, Page, ServerArgs};
use crate::job_text::attempt_line;
use crate::outcome::Outcome;
use crate::render::{one_line, or_none, print, print_json};
use serde_json::Value;
use uuid::Uuid;

#[derive(clap::Args)]
pub(super) struct AttemptsArgs {
    #[arg(value_name = "JOB_ID")]
    pub(super) id: Uuid,
    /// How many
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=100))]
    pub(super) limit: u32,
    /// Where the last page ended
    #[arg(long)]
    pub(super) cursor: Option<String>,
    /// Print the page as JSON
    #[arg(long)]
    pub(super) json: bool,
    #[command(flatten)]
    pub(super) server: ServerArgs,
}

/// Lists a page of a job's attempts.
pub(super) async fn run(args: AttemptsArgs) -> anyhow::Result<Outcome> {
    let mut query = vec![("limit", args.limit.to_string())];
    query.extend(args.cursor.map(|cursor| ("cursor", cursor)));
    let route = ["jobs", &args.id.to_string(), "attempts"];
    let page: Value = args.server.connect()?.get(&route, &query).await?;
    if args.json {
        print_json(&page)?;
        return Ok(Outcome::Done);
    }
    let page: Page<Attempt> = parse(page)?;
    let mut text = or_none(page.data.iter().map(line).collect());
    if let Some(cursor) = page.next_cursor {
        text.push_str(&format!("more: --cursor {}\n", one_line(&cursor, 1000)));
    }
    print(&text)?;
    Ok(Outcome::Done)
}

/// When it began, then what came of it.
fn line(attempt: &Attempt) -> String {
    let began = attempt
        .started_at
        .map(|at| at.format("%Y-%m-%d %H:%M:%S").to_string())
        .unwrap_or_default();
    format!("{began}  {}\n", attempt_line(attempt, true))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
mod tests {
    use super::*;
    use crate::testing::{Fake, reply};
    use serde_json::json;

    #[tokio::test]
    async fn a_page_goes_on_where_the_last_one_ended() {
        let fake = Fake::serving(|_| reply(200, json!({"data": [], "next_cursor": "d"}))).await;
        let args = AttemptsArgs {
            id: Uuid::from_u128(6),
            limit: 5,
            cursor: Some("c".into()),
            json: false,
            server: fake.server(),
        };
        assert_eq!(run(args).await.unwrap(), Outcome::Done);
        let expected = format!("GET /v1/jobs/{}/attempts?limit=5&cursor=c", Uuid::from_u128(6));
        assert_eq!(fake.requests()[0].line, expected);
    }

    #[test]
    fn an_attempt_is_told_with_when_it_began_and_of_which_run() {
        let attempt: Attempt =
            serde_json::from_value(json!({"run": 1, "attempt": 2, "worker": "w1", "outcome": "handed_back",
            "error": null, "started_at": "2026-01-02T03:04:05.000Z", "ended_at": "2026-01-02T03:04:05.250Z"}))
            .unwrap();
        assert_eq!(
            line(&attempt),
            "2026-01-02 03:04:05  run 1  attempt 2  handed_back on w1 (250 ms)\n"
        );
    }
}
