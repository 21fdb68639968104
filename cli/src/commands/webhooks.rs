use crate::client::{Client, ServerArgs, list_all};
use crate::outcome::Outcome;
use crate::render::{one_line, or_none, print, print_json};
use anyhow::bail;
use clap::Subcommand;
use reqwest::Method;
use serde_json::{Map, Value, json};
use store::webhooks::{DeliveryState, EVENT_PATTERNS, EVENT_TYPES};
use uuid::Uuid;

#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
    /// Print what the API answers
    #[arg(long, global = true)]
    json: bool,
    #[command(flatten)]
    server: ServerArgs,
}

#[derive(Subcommand)]
enum Command {
    /// List webhooks
    List,
    /// Make a webhook; its secret is printed once and cannot be shown again
    #[command(visible_alias = "add")]
    Create {
        url: String,
        #[arg(long, value_delimiter = ',', required = true, help = events_help())]
        events: Vec<String>,
        /// Comma-separated: only of jobs of these kinds
        #[arg(long, value_delimiter = ',')]
        kinds: Vec<String>,
        #[arg(long, default_value = "")]
        description: String,
    },
    /// Show a webhook
    Show { id: Uuid },
    /// Change a webhook; what is not named stays as it is
    Update {
        id: Uuid,
        /// Where to; deliveries that are pending go there too
        #[arg(long)]
        url: Option<String>,
        #[arg(long, value_delimiter = ',', help = events_help())]
        events: Vec<String>,
        /// Comma-separated: only of jobs of these kinds; '*' for all
        #[arg(long, value_delimiter = ',')]
        kinds: Vec<String>,
        #[arg(long)]
        description: Option<String>,
    },
    /// Enable a webhook, also one that was disabled because it failed
    Enable { id: Uuid },
    /// Send nothing to a webhook until it is enabled
    Disable { id: Uuid },
    /// Give a webhook a new secret; the old one signs too for a while
    Rotate { id: Uuid },
    /// Send a test event
    Test { id: Uuid },
    /// List what was sent, and what was answered
    Deliveries {
        id: Uuid,
        /// Only those in this state
        #[arg(long, value_parser = DeliveryState::ALL.map(DeliveryState::as_str))]
        state: Option<String>,
        #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=100))]
        limit: u32,
        /// Where the last page ended
        #[arg(long)]
        cursor: Option<String>,
    },
    /// Send again: one delivery, or all that failed since a time
    Replay {
        id: Uuid,
        #[arg(required_unless_present = "since", conflicts_with = "since")]
        delivery: Option<Uuid>,
        /// All that failed, of events since this time (RFC 3339)
        #[arg(long, value_name = "TIME")]
        since: Option<String>,
    },
    /// Delete a webhook and the log of its deliveries
    Delete { id: Uuid },
}

fn events_help() -> String {
    let known: Vec<&str> = EVENT_TYPES.into_iter().chain(EVENT_PATTERNS).collect();
    format!("Comma-separated, of {}", known.join(", "))
}

pub(crate) async fn run(args: Args) -> anyhow::Result<Outcome> {
    let client = args.server.connect()?;
    let answered = ask(&client, &args.command).await?;
    if args.json {
        print_json(&answered)?;
    } else {
        print(&text(&args.command, &answered))?;
    }
    Ok(Outcome::Done)
}

async fn ask(client: &Client, command: &Command) -> anyhow::Result<Value> {
    let post = async |path: &[&str], body: Value| -> anyhow::Result<Value> { Ok(client.post(path, &body).await?) };
    match command {
        Command::List => Ok(list_all::<Value>(client, &["webhooks"]).await?.into()),
        Command::Create {
            url,
            events,
            kinds,
            description,
        } => {
            let kinds = (!kinds.is_empty()).then_some(kinds);
            let body = json!({"url": url, "events": events, "kinds": kinds, "description": description});
            post(&["webhooks"], body).await
        }
        Command::Show { id } => Ok(client.get(&["webhooks", &id.to_string()], &[]).await?),
        Command::Update {
            id,
            url,
            events,
            kinds,
            description,
        } => {
            let list = |given: &[String]| (!given.is_empty()).then(|| json!(given));
            let fields = [
                ("url", url.as_deref().map(Value::from)),
                ("events", list(events)),
                ("kinds", list(kinds)),
                ("description", description.as_deref().map(Value::from)),
            ];
            let given = fields
                .into_iter()
                .filter_map(|(name, value)| Some((name.to_owned(), value?)));
            let body: Map<String, Value> = given.collect();
            if body.is_empty() {
                bail!("nothing is to be changed: give --url, --events, --kinds or --description");
            }
            change(client, *id, &body.into()).await
        }
        Command::Enable { id } => change(client, *id, &json!({"enabled": true})).await,
        Command::Disable { id } => change(client, *id, &json!({"enabled": false})).await,
        Command::Rotate { id } => post(&["webhooks", &id.to_string(), "rotate-secret"], json!({})).await,
        Command::Test { id } => post(&["webhooks", &id.to_string(), "test"], json!({})).await,
        Command::Deliveries {
            id,
            state,
            limit,
            cursor,
        } => {
            let mut query = vec![("limit", limit.to_string())];
            query.extend(state.clone().map(|state| ("state", state)));
            query.extend(cursor.clone().map(|cursor| ("cursor", cursor)));
            Ok(client.get(&["webhooks", &id.to_string(), "deliveries"], &query).await?)
        }
        Command::Replay { id, delivery, since } => {
            let id = id.to_string();
            match delivery {
                Some(delivery) => {
                    let path = ["webhooks", &id, "deliveries", &delivery.to_string(), "replay"];
                    post(&path, json!({})).await
                }
                None => post(&["webhooks", &id, "deliveries", "replay"], json!({"since": since})).await,
            }
        }
        Command::Delete { id } => {
            let id = id.to_string();
            client
                .send(|| client.request(Method::DELETE, &["webhooks", &id]))
                .await?;
            Ok(Value::Null)
        }
    }
}

async fn change(client: &Client, id: Uuid, body: &Value) -> anyhow::Result<Value> {
    let id = id.to_string();
    let send = || client.request(Method::PATCH, &["webhooks", &id]).json(body);
    Ok(client.call(send).await?.1)
}

fn text(command: &Command, answered: &Value) -> String {
    let rows = || answered.get("data").and_then(Value::as_array).into_iter().flatten();
    match command {
        Command::List => or_none(answered.as_array().into_iter().flatten().map(webhook).collect()),
        Command::Deliveries { .. } => {
            let mut lines = or_none(rows().map(delivery).collect());
            if let Some(cursor) = answered.get("next_cursor").and_then(Value::as_str) {
                lines.push_str(&format!("more: --cursor {}\n", one_line(cursor, 100)));
            }
            lines
        }
        Command::Test { .. } | Command::Replay { delivery: Some(_), .. } => delivery(answered),
        Command::Replay { .. } => {
            let replayed = answered.get("replayed").and_then(Value::as_array).map_or(0, Vec::len);
            let more = answered.get("more").and_then(Value::as_bool) == Some(true);
            let more = if more { "there may be more: run it again\n" } else { "" };
            format!("{replayed} tried again\n{more}")
        }
        Command::Delete { .. } => "deleted\n".to_owned(),
        Command::Create { .. } | Command::Rotate { .. } => {
            format!("{}secret  {}\n", webhook(answered), field(answered, "secret"))
        }
        Command::Update { .. } | Command::Enable { .. } | Command::Disable { .. } => webhook(answered),
        Command::Show { .. } => details(answered),
    }
}

/// The line, and what it has no room for.
fn details(of: &Value) -> String {
    let kinds = of.get("kinds").and_then(Value::as_array);
    let kinds: Option<Vec<&str>> = kinds.map(|kinds| kinds.iter().filter_map(Value::as_str).collect());
    let said = [
        ("description", field(of, "description")),
        (
            "kinds",
            kinds.map(|kinds| one_line(&kinds.join(","), 1000)).unwrap_or_default(),
        ),
        ("made", field(of, "created_at")),
        ("disabled", field(of, "disabled_at")),
        ("the secret before signs too until", field(of, "previous_secret_until")),
    ];
    let lines = said.iter().filter(|(_, text)| !text.is_empty());
    let lines: String = lines.map(|(what, text)| format!("    {what}  {text}\n")).collect();
    format!("{}{lines}", webhook(of))
}

fn field(of: &Value, name: &str) -> String {
    one_line(of.get(name).and_then(Value::as_str).unwrap_or_default(), 300)
}

fn webhook(webhook: &Value) -> String {
    let events: Vec<&str> = webhook
        .get("events")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    let state = match (
        webhook.get("enabled").and_then(Value::as_bool),
        field(webhook, "disabled_reason"),
    ) {
        (Some(true), _) => match field(webhook, "failing_since") {
            never if never.is_empty() => "enabled".to_owned(),
            since => format!("enabled, failing since {since}"),
        },
        (_, reason) if reason.is_empty() => "disabled".to_owned(),
        (_, reason) => format!("disabled ({reason})"),
    };
    format!(
        "{}  {state}  {}  {}\n",
        field(webhook, "id"),
        field(webhook, "url"),
        events.join(",")
    )
}

/// A line, and one for each attempt.
fn delivery(delivery: &Value) -> String {
    let next = match field(delivery, "next_attempt_at") {
        none if none.is_empty() => String::new(),
        at => format!("  next attempt {at}"),
    };
    let mut lines = format!(
        "{}  {:9}  {}  {}{next}\n",
        field(delivery, "id"),
        field(delivery, "state"),
        field(delivery, "created_at"),
        field(delivery, "type")
    );
    for attempt in delivery.get("attempts").and_then(Value::as_array).into_iter().flatten() {
        let status = attempt.get("status").and_then(Value::as_i64);
        let error = attempt
            .get("error")
            .map_or(String::new(), |error| field(error, "message"));
        lines.push_str(&format!(
            "    {}  {}  {} ms  {error}\n",
            field(attempt, "attempted_at"),
            status.map_or("no answer".to_owned(), |status| status.to_string()),
            attempt.get("took_ms").and_then(Value::as_i64).unwrap_or_default()
        ));
    }
    lines
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use crate::testing::{Fake, reply};
    use clap::Args as _;

    #[test]
    fn help_names_every_event_that_a_webhook_can_want() {
        let mut webhooks = Args::augment_args(clap::Command::new("webhooks"));
        let create = webhooks.find_subcommand_mut("create").unwrap();
        let help = create.render_help().to_string();
        for event in EVENT_TYPES.into_iter().chain(EVENT_PATTERNS) {
            assert!(help.contains(event), "{event}: {help}");
        }
    }

    #[test]
    fn a_webhook_that_was_disabled_says_why_and_a_delivery_shows_its_attempts() {
        let shown =
            webhook(&json!({"id": "a", "url": "u", "events": ["*"], "enabled": false, "disabled_reason": "gone"}));
        assert_eq!(shown, "a  disabled (gone)  u  *\n");
        let shown = delivery(
            &json!({"id": "d", "state": "failed", "type": "job.dead", "created_at": "c",
            "attempts": [{"attempted_at": "t", "status": null, "took_ms": 5, "error": {"code": "timeout", "message": "late"}}]}),
        );
        assert_eq!(shown, "d  failed     c  job.dead\n    t  no answer  5 ms  late\n");
    }

    #[test]
    fn a_webhook_that_fails_and_a_delivery_that_is_tried_again_say_since_when_and_when() {
        let failing = json!({"id": "a", "url": "u", "events": ["*"], "enabled": true, "failing_since": "f", "disabled_at": null,
            "description": "the shop", "kinds": ["ingest_document"], "created_at": "c"});
        assert_eq!(webhook(&failing), "a  enabled, failing since f  u  *\n");
        assert_eq!(
            details(&failing),
            "a  enabled, failing since f  u  *\n    description  the shop\n    kinds  ingest_document\n    made  c\n"
        );
        let pending =
            json!({"id": "d", "state": "pending", "type": "job.dead", "created_at": "c", "next_attempt_at": "n"});
        assert_eq!(delivery(&pending), "d  pending    c  job.dead  next attempt n\n");
    }

    #[tokio::test]
    async fn webhooks_are_listed_as_an_array_of_all_pages() {
        let hook = |id: &str| json!({"id": id, "url": "u", "events": ["*"], "enabled": true});
        let fake = Fake::answering(vec![
            reply(200, json!({"data": [hook("a")], "next_cursor": "b"})),
            reply(200, json!({"data": [hook("b")], "next_cursor": null})),
        ])
        .await;
        let listed = ask(&fake.client(), &Command::List).await.unwrap();
        assert_eq!(listed, json!([hook("a"), hook("b")]));
        assert_eq!(text(&Command::List, &listed), "a  enabled  u  *\nb  enabled  u  *\n");
        assert_eq!(text(&Command::List, &json!([])), "there are none\n");
    }

    #[test]
    fn deliveries_are_asked_for_in_a_state_that_they_have() {
        let deliveries = |state: &str| {
            let command = Args::augment_args(clap::Command::new("webhooks"));
            let id = Uuid::nil().to_string();
            command.try_get_matches_from(["webhooks", "deliveries", &id, "--state", state])
        };
        for state in DeliveryState::ALL {
            assert!(deliveries(state.as_str()).is_ok(), "{state:?}");
        }
        assert!(deliveries("lost").is_err());
    }

    #[tokio::test]
    async fn what_is_named_of_a_webhook_is_changed_and_the_rest_stays() {
        let fake = Fake::answering(vec![reply(200, json!({"id": "a", "enabled": true}))]).await;
        let update = |url: Option<&str>| Command::Update {
            id: Uuid::nil(),
            url: url.map(str::to_owned),
            events: vec!["job.dead".to_owned()],
            kinds: Vec::new(),
            description: None,
        };
        ask(&fake.client(), &update(Some("https://a.example/"))).await.unwrap();
        let sent = fake.requests().remove(0);
        assert_eq!(sent.line, format!("PATCH /v1/webhooks/{}", Uuid::nil()));
        let body: Value = serde_json::from_str(&sent.body).unwrap();
        assert_eq!(body, json!({"url": "https://a.example/", "events": ["job.dead"]}));
    }
}
