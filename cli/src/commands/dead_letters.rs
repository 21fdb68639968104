use super::all_pages::send_all;
use super::named_jobs::all_done;
use crate::client::ServerArgs;
use crate::outcome::{Advised, Outcome};
use crate::render::{one_line, print, print_json};
use serde_json::{Map, Value, json};
use uuid::Uuid;

#[derive(clap::Args)]
pub(crate) struct ReplayArgs {
    #[command(flatten)]
    which: Which,
    /// What to do about calls whose outcome is not known; without it such jobs are skipped
    #[arg(long, value_parser = ["assume_done", "repeat"])]
    effect: Option<String>,
}

#[derive(clap::Args)]
pub(crate) struct DiscardArgs {
    #[command(flatten)]
    which: Which,
    /// Why they are given up
    #[arg(long)]
    reason: String,
}

/// Which dead jobs: these ids, all that match, or all.
#[derive(clap::Args)]
struct Which {
    #[arg(value_name = "JOB_ID")]
    ids: Vec<Uuid>,
    /// Only this kind
    #[arg(long)]
    kind: Option<String>,
    /// Only with this error, such as worker_lost or effect_unknown
    #[arg(long)]
    error_code: Option<String>,
    /// Only those that failed after this time (RFC 3339)
    #[arg(long, value_name = "TIME")]
    failed_after: Option<String>,
    /// Only those that failed before this time (RFC 3339)
    #[arg(long, value_name = "TIME")]
    failed_before: Option<String>,
    /// All dead jobs
    #[arg(long, conflicts_with_all = ["ids", "kind", "error_code", "failed_after", "failed_before"])]
    all: bool,
    /// How many at most; without it all that match
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1000))]
    limit: Option<u32>,
    /// Go on behind the jobs that a run before looked at, which named this
    #[arg(long)]
    cursor: Option<String>,
    /// Change nothing, and show what would happen
    #[arg(long)]
    dry_run: bool,
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    server: ServerArgs,
}

impl Which {
    /// A command that names nothing is more often a slip than a wish.
    fn refuse_nothing(&self) -> anyhow::Result<()> {
        let texts = [&self.kind, &self.error_code, &self.failed_after, &self.failed_before];
        if self.all || !self.ids.is_empty() || texts.into_iter().any(Option::is_some) {
            return Ok(());
        }
        Err(Advised::new(
            "which dead jobs?",
            "name them, or say which by --kind, --error-code, --failed-after or --failed-before; --all takes every one",
        )
        .into())
    }

    fn body(&self) -> Map<String, Value> {
        let texts = [
            ("kind", &self.kind),
            ("error_code", &self.error_code),
            ("failed_after", &self.failed_after),
            ("failed_before", &self.failed_before),
            ("cursor", &self.cursor),
        ];
        let mut body: Map<String, Value> = texts
            .into_iter()
            .filter_map(|(name, text)| Some((name.to_owned(), json!(text.as_ref()?))))
            .collect();
        if !self.ids.is_empty() {
            body.insert("ids".to_owned(), json!(self.ids));
        }
        if let Some(limit) = self.limit {
            body.insert("limit".to_owned(), json!(limit));
        }
        if self.all {
            body.insert("all".to_owned(), json!(true));
        }
        body.insert("dry_run".to_owned(), json!(self.dry_run));
        body
    }

    /// Says what became of the jobs, of those that were named one by one also where nothing did.
    async fn act(&self, verb: &str, body: Map<String, Value>, text: fn(&Value) -> String) -> anyhow::Result<Outcome> {
        self.refuse_nothing()?;
        let (answered, broken_off) = send_all(&self.server.connect()?, &["dead-letters", verb], body).await?;
        let outcome = Outcome::done_if(all_done(&self.ids, &answered));
        if self.json {
            print_json(&answered)?;
        } else {
            print(&text(&answered))?;
        }
        broken_off.map_or(Ok(outcome), Err)
    }
}

pub(crate) async fn replay(args: ReplayArgs) -> anyhow::Result<Outcome> {
    let mut body = args.which.body();
    if let Some(effect) = &args.effect {
        body.insert("effect".to_owned(), json!(effect));
    }
    args.which.act("replay", body, replay_text).await
}

pub(crate) async fn discard(args: DiscardArgs) -> anyhow::Result<Outcome> {
    let mut body = args.which.body();
    body.insert("reason".to_owned(), json!(args.reason));
    args.which.act("discard", body, discard_text).await
}

pub(super) fn items<'a>(of: &'a Value, name: &str) -> impl Iterator<Item = &'a Value> + use<'a> {
    of.get(name).and_then(Value::as_array).into_iter().flatten()
}

fn text<'a>(of: &'a Value, name: &str) -> &'a str {
    of.get(name).and_then(Value::as_str).unwrap_or_default()
}

/// Each job that would be replayed with the calls it has made, each that is skipped with the reason, then the sums.
fn replay_text(replay: &Value) -> String {
    let mut lines = String::new();
    for letter in items(replay, "preview") {
        let error = letter.get("error").cloned().unwrap_or_default();
        let message = one_line(text(&error, "message"), 100);
        let document = letter.get("document_id").and_then(Value::as_str);
        let document = document.map(|id| format!("  document {id}")).unwrap_or_default();
        lines.push_str(&format!(
            "{}  {}  {}: {message}{document}\n",
            text(letter, "id"),
            text(letter, "kind"),
            text(&error, "code")
        ));
        for effect in items(letter, "effects") {
            lines.push_str(&format!(
                "    call {}: {}\n",
                text(effect, "step"),
                text(effect, "state")
            ));
        }
    }
    for skipped in items(replay, "skipped") {
        lines.push_str(&skipped_text(skipped));
    }
    let dry = replay.get("dry_run").and_then(Value::as_bool) == Some(true);
    let verb = if dry { "would be replayed" } else { "replayed" };
    let (replayed, skipped) = (items(replay, "replayed").count(), items(replay, "skipped").count());
    lines.push_str(&format!("{replayed} {verb}, {skipped} skipped\n{}", more(replay)));
    lines
}

fn discard_text(result: &Value) -> String {
    let kept = items(result, "skipped").map(skipped_text).collect::<String>();
    let dry = result.get("dry_run").and_then(Value::as_bool) == Some(true);
    let verb = if dry { "would be discarded" } else { "discarded" };
    let discarded = items(result, "discarded").count();
    format!("{kept}{discarded} {verb}\n{}", more(result))
}

pub(super) fn skipped_text(skipped: &Value) -> String {
    format!("skipped  {}: {}\n", text(skipped, "id"), text(skipped, "reason"))
}

pub(super) fn more(of: &Value) -> String {
    match of.get("next_cursor").and_then(Value::as_str) {
        Some(cursor) => format!("there are more: run it again with --cursor {cursor}\n"),
        None => String::new(),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use crate::testing::{Fake, reply};

    fn which(fake: &Fake, ids: &[Uuid]) -> Which {
        Which {
            ids: ids.to_vec(),
            kind: None,
            error_code: None,
            failed_after: None,
            failed_before: None,
            all: ids.is_empty(),
            limit: None,
            cursor: None,
            dry_run: false,
            json: false,
            server: fake.server(),
        }
    }

    #[tokio::test]
    async fn a_job_that_was_named_and_not_replayed_is_a_partial_failure() {
        let [dead, typo] = [Uuid::from_u128(1), Uuid::from_u128(2)];
        let unknown = json!([{"id": typo, "reason": "not_found"}]);
        for (ids, skipped, expected) in [
            (&[dead, typo][..], unknown, Outcome::PartlyFailed),
            (&[dead], json!([]), Outcome::Done),
            (&[], json!([]), Outcome::Done),
        ] {
            let answered = json!({"replayed": [dead], "skipped": skipped, "next_cursor": null});
            let fake = Fake::answering(vec![reply(200, answered)]).await;
            let args = ReplayArgs {
                which: which(&fake, ids),
                effect: None,
            };
            assert_eq!(replay(args).await.unwrap(), expected, "{ids:?}");
        }
    }

    #[tokio::test]
    async fn a_job_that_was_not_discarded_is_a_partial_failure() {
        let [discarded, kept, typo] = [1, 2, 3].map(Uuid::from_u128);
        let whole = json!({"discarded": [discarded], "skipped": []});
        let unknown = json!({"discarded": [discarded], "skipped": [{"id": typo, "reason": "not_found"}]});
        let partly = json!({"discarded": [], "skipped": [{"id": kept, "reason": "deletion"}]});
        for (ids, answered, expected) in [
            (vec![discarded], &whole, Outcome::Done),
            (vec![discarded, typo], &unknown, Outcome::PartlyFailed),
            (vec![kept], &partly, Outcome::PartlyFailed),
            (vec![], &partly, Outcome::PartlyFailed),
        ] {
            let fake = Fake::answering(vec![reply(200, answered.clone())]).await;
            let args = DiscardArgs {
                which: which(&fake, &ids),
                reason: "r".into(),
            };
            assert_eq!(discard(args).await.unwrap(), expected, "{ids:?}");
        }
    }

    #[tokio::test]
    async fn all_that_match_are_as_many_requests_as_it_takes() {
        let fake = Fake::answering(vec![
            reply(200, json!({"replayed": [Uuid::from_u128(1)], "skipped": [], "more": true, "next_cursor": "c"})),
            reply(200, json!({"replayed": [], "skipped": [{"id": Uuid::from_u128(2), "reason": "effect_unknown"}], "more": false, "next_cursor": null})),
        ])
        .await;
        let args = ReplayArgs {
            which: which(&fake, &[]),
            effect: None,
        };
        assert_eq!(replay(args).await.unwrap(), Outcome::PartlyFailed, "one was skipped");
        let sent: Vec<Value> = fake
            .requests()
            .iter()
            .map(|request| serde_json::from_str(&request.body).unwrap())
            .collect();
        assert_eq!(
            sent,
            [
                json!({"dry_run": false, "all": true, "limit": 1000}),
                json!({"dry_run": false, "all": true, "limit": 1000, "cursor": "c"})
            ]
        );
    }

    #[tokio::test]
    async fn who_says_how_many_gets_no_more_and_is_told_where_to_go_on() {
        let answered = json!({"replayed": [Uuid::from_u128(1)], "skipped": [], "more": true, "next_cursor": "c"});
        let fake = Fake::answering(vec![reply(200, answered)]).await;
        let args = ReplayArgs {
            which: Which {
                limit: Some(1),
                ..which(&fake, &[])
            },
            effect: None,
        };
        assert_eq!(replay(args).await.unwrap(), Outcome::Done);
        assert_eq!(fake.requests().len(), 1);
    }

    #[tokio::test]
    async fn who_says_nothing_of_the_jobs_is_asked_which_and_changes_none() {
        let fake = Fake::answering(Vec::new()).await;
        let nothing = || Which {
            all: false,
            limit: Some(5),
            ..which(&fake, &[])
        };
        let discarded = discard(DiscardArgs {
            which: nothing(),
            reason: "r".into(),
        })
        .await;
        let replayed = replay(ReplayArgs {
            which: nothing(),
            effect: None,
        })
        .await;
        for error in [discarded.unwrap_err(), replayed.unwrap_err()] {
            assert!(
                error.downcast_ref::<Advised>().unwrap().help.contains("--all"),
                "{error}"
            );
        }
        assert!(fake.requests().is_empty());
    }

    #[test]
    fn a_preview_names_the_calls_of_each_job_and_what_is_skipped() {
        let replay = json!({"dry_run": true, "replayed": ["a"], "skipped": [{"id": "b", "reason": "effect_unknown"}], "more": true, "next_cursor": "c",
            "preview": [{"id": "a", "kind": "k", "document_id": "d", "error": {"code": "c", "message": "m"}, "effects": [{"step": "call", "state": "done"}]}]});
        assert_eq!(
            replay_text(&replay),
            "a  k  c: m  document d\n    call call: done\nskipped  b: effect_unknown\n1 would be replayed, 1 skipped\nthere are more: run it again with --cursor c\n"
        );
    }
}
