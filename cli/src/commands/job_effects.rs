use super::jobs::parse;
use crate::client::{Page, ServerArgs};
use crate::outcome::Outcome;
use crate::render::{one_line, print, print_json};
use serde::Deserialize;
use serde_json::Value;
use uuid::Uuid;

#[derive(clap::Args)]
pub(super) struct EffectsArgs {
    #[arg(value_name = "JOB_ID")]
    pub(super) id: Uuid,
    /// Print what the API answers
    #[arg(long)]
    pub(super) json: bool,
    #[command(flatten)]
    pub(super) server: ServerArgs,
}

/// A call of a job to the outside.
#[derive(Deserialize)]
pub(super) struct Effect {
    step: String,
    state: String,
    calls: i64,
    response: Option<Value>,
    error: Option<Value>,
    intended_at: Option<String>,
    settled_at: Option<String>,
}

/// Lists a job's calls to the outside as the ledger has them.
pub(super) async fn run(args: EffectsArgs) -> anyhow::Result<Outcome> {
    let route = ["jobs", &args.id.to_string(), "effects"];
    let page: Value = args.server.connect()?.get(&route, &[]).await?;
    if args.json {
        print_json(&page)?;
        return Ok(Outcome::Done);
    }
    let page: Page<Effect> = parse(page)?;
    if page.data.is_empty() {
        print("it has called nobody through the ledger\n")?;
    }
    print(&effect_lines(&page.data))?;
    Ok(Outcome::Done)
}

/// A line a call: how it stands, how often and when it was made, and what was answered.
pub(super) fn effect_lines(effects: &[Effect]) -> String {
    let line = |effect: &Effect| {
        let word = |text: &str| one_line(text, 200);
        let mut line = format!("call      {}  {}", word(&effect.step), word(&effect.state));
        if effect.calls > 1 {
            line.push_str(&format!("  made {} times", effect.calls));
        }
        for (what, at) in [("intended", &effect.intended_at), ("settled", &effect.settled_at)] {
            if let Some(at) = at {
                line.push_str(&format!("  {what} {}", word(at)));
            }
        }
        for (what, told) in [("answer", &effect.response), ("error", &effect.error)] {
            if let Some(told) = told.as_ref().filter(|told| !told.is_null()) {
                line.push_str(&format!("\n            {what}: {}", word(&told.to_string())));
            }
        }
        line + "\n"
    };
    effects.iter().map(line).collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
mod tests {
    use super::*;
    use crate::testing::{Fake, reply};
    use serde_json::json;

    #[tokio::test]
    async fn the_calls_of_a_job_are_listed_with_what_became_of_them() {
        let effect = json!({"step": "call", "state": "unknown", "calls": 2, "response": null,
            "error": {"code": "timeout"}, "intended_at": "2026-12-01T00:00:00Z", "settled_at": null});
        let page: Page<Effect> = parse(json!({"data": [effect], "next_cursor": null})).unwrap();
        let text = effect_lines(&page.data);
        assert_eq!(
            text,
            "call      call  unknown  made 2 times  intended 2026-12-01T00:00:00Z\n            error: {\"code\":\"timeout\"}\n"
        );
        let fake = Fake::answering(vec![reply(200, json!({"data": [effect], "next_cursor": null}))]).await;
        let args = EffectsArgs {
            id: Uuid::from_u128(7),
            json: false,
            server: fake.server(),
        };
        assert_eq!(run(args).await.unwrap(), Outcome::Done);
        assert!(
            fake.requests()[0]
                .line
                .contains("/v1/jobs/00000000-0000-0000-0000-000000000007/effects")
        );
    }
}
