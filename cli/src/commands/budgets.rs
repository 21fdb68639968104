use crate::client::{ServerArgs, list_all};
use crate::outcome::Outcome;
use crate::render::{print, print_json};
use anyhow::bail;
use clap::Subcommand;
use reqwest::Method;
use serde_json::{Map, Value};

#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    /// What calls to each credential may take, and take now
    List {
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        server: ServerArgs,
    },
    /// What the calls of all tenants together may take of each of this installation's credentials, and take now; `waiting` counts tenants. Reads Redis and the
    /// database as the system role
    Installation {
        #[arg(long)]
        json: bool,
    },
    /// Declare what calls to a credential may take; 0 is no limit. What is not given stays as it was declared, or else is the installation's default, whatever that
    /// comes to be
    Set {
        credential: String,
        #[arg(long, value_name = "N")]
        requests_per_minute: Option<u32>,
        /// Requests at once after a pause
        #[arg(long, value_name = "N")]
        burst: Option<u32>,
        /// Calls at the same time
        #[arg(long, value_name = "N")]
        concurrency: Option<u32>,
        #[arg(long, value_name = "N")]
        tokens_per_minute: Option<u64>,
        /// Millionths of a US dollar, a day in UTC
        #[arg(long, value_name = "N")]
        cost_micros_per_day: Option<u64>,
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        server: ServerArgs,
    },
    /// Withdraw a budget: the installation's defaults hold
    Remove {
        credential: String,
        #[command(flatten)]
        server: ServerArgs,
    },
}

pub(crate) async fn run(args: Args) -> anyhow::Result<Outcome> {
    match args.action {
        Action::List { json, server } => {
            let all: Vec<Value> = list_all(&server.connect()?, &["budgets"]).await?;
            if json {
                print_json(&all)?;
            } else {
                print(&table(&all))?;
            }
        }
        Action::Installation { json } => return super::installation_budgets::list(json).await,
        Action::Set {
            credential,
            requests_per_minute,
            burst,
            concurrency,
            tokens_per_minute,
            cost_micros_per_day,
            json,
            server,
        } => {
            let numbers = [
                ("requests_per_minute", requests_per_minute.map(u64::from)),
                ("burst", burst.map(u64::from)),
                ("concurrency", concurrency.map(u64::from)),
                ("tokens_per_minute", tokens_per_minute),
                ("cost_micros_per_day", cost_micros_per_day),
            ];
            let changes = given(&numbers);
            if changes.is_empty() {
                bail!(
                    "nothing is to be declared; `visualkit budgets set --help` lists what can be, and `budgets remove` withdraws a budget"
                );
            }
            let client = server.connect()?;
            let send = || client.request(Method::PATCH, &["budgets", &credential]).json(&changes);
            let (_, budget): (_, Value) = client.call(send).await?;
            if json {
                print_json(&budget)?;
            } else {
                print(&table(&[budget]))?;
            }
        }
        Action::Remove { credential, server } => {
            let client = server.connect()?;
            client
                .send(|| client.request(Method::DELETE, &["budgets", &credential]))
                .await?;
            print("withdrawn: the installation's defaults hold\n")?;
        }
    }
    Ok(Outcome::Done)
}

/// The numbers that are given, and no others: what is in effect by default is not to be declared by being shown.
fn given(numbers: &[(&str, Option<u64>)]) -> Map<String, Value> {
    let given = numbers.iter();
    given
        .filter_map(|(name, number)| Some(((*name).to_owned(), Value::from((*number)?))))
        .collect()
}

pub(super) fn table(budgets: &[Value]) -> String {
    if budgets.is_empty() {
        return "no credential has a budget, and none was used within two days\n".to_owned();
    }
    let mut text = format!(
        "{:<32}{:>9}{:>7}{:>7}{:>11}{:>13}{:>13}{:>10}{:>9}  circuit\n",
        "credential", "req/min", "burst", "calls", "tokens/min", "µUSD/day", "µUSD today", "in flight", "waiting"
    );
    for budget in budgets {
        let number = |path: &str| {
            budget
                .pointer(path)
                .and_then(Value::as_i64)
                .map_or("-".to_owned(), |n| n.to_string())
        };
        let word = |path: &str| budget.pointer(path).and_then(Value::as_str).unwrap_or("-");
        text.push_str(&format!(
            "{:<32}{:>9}{:>7}{:>7}{:>11}{:>13}{:>13}{:>10}{:>9}  {}",
            word("/credential"),
            number("/requests_per_minute"),
            number("/burst"),
            number("/concurrency"),
            number("/tokens_per_minute"),
            number("/cost_micros_per_day"),
            number("/today/cost_micros"),
            number("/current/in_flight"),
            number("/current/waiting"),
            word("/current/circuit"),
        ));
        for (name, path) in [
            ("blocked until", "/current/blocked_until"),
            ("circuit open until", "/current/circuit_open_until"),
        ] {
            if let Some(at) = budget.pointer(path).and_then(Value::as_str) {
                text.push_str(&format!(", {name} {at}"));
            }
        }
        text.push('\n');
    }
    text
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use crate::testing::{Fake, reply};
    use serde_json::json;

    #[tokio::test]
    async fn of_a_budget_only_what_is_given_is_declared() {
        let set = |requests_per_minute, fake: &Fake| Action::Set {
            credential: "openai".into(),
            requests_per_minute,
            burst: None,
            concurrency: None,
            tokens_per_minute: None,
            cost_micros_per_day: None,
            json: true,
            server: fake.server(),
        };
        let fake = Fake::answering(vec![reply(200, json!({"credential": "openai"}))]).await;
        let action = set(Some(0), &fake);
        assert_eq!(run(Args { action }).await.unwrap(), Outcome::Done);
        let sent: Vec<(String, Value)> = fake
            .requests()
            .into_iter()
            .map(|request| (request.line, serde_json::from_str(&request.body).unwrap()))
            .collect();
        let expected = ("PATCH /v1/budgets/openai".to_owned(), json!({"requests_per_minute": 0}));
        assert_eq!(sent, [expected], "nothing is read first");
        let action = set(None, &fake);
        assert!(run(Args { action }).await.is_err());
        assert_eq!(fake.requests().len(), 1);
    }

    #[tokio::test]
    async fn budgets_are_listed_to_their_last_page() {
        let fake = Fake::answering(vec![
            reply(200, json!({"data": [{"credential": "cohere"}], "next_cursor": "a"})),
            reply(200, json!({"data": [{"credential": "openai"}], "next_cursor": null})),
        ])
        .await;
        let action = Action::List {
            json: false,
            server: fake.server(),
        };
        assert_eq!(run(Args { action }).await.unwrap(), Outcome::Done);
        let asked: Vec<String> = fake.requests().into_iter().map(|request| request.line).collect();
        assert_eq!(
            asked,
            ["GET /v1/budgets?limit=100", "GET /v1/budgets?limit=100&cursor=a"]
        );
    }

    #[test]
    fn what_has_no_limit_shows_a_dash_and_a_block_its_end() {
        let budget = json!({"credential": "openai", "requests_per_minute": 600, "cost_micros_per_day": null, "today": {"cost_micros": 12},
            "current": {"circuit": "closed", "blocked_until": "2026-01-01T00:00:00Z"}});
        let text = table(&[budget]);
        let line = text.lines().nth(1).unwrap();
        let words: Vec<&str> = line.split_whitespace().collect();
        assert_eq!(words.first(), Some(&"openai"));
        assert!(
            words.contains(&"600") && words.contains(&"-") && words.contains(&"12"),
            "{line}"
        );
        assert!(line.ends_with("closed, blocked until 2026-01-01T00:00:00Z"), "{line}");
    }
}
