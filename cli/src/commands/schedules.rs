use anyhow::{Context as _, bail};
use clap::Subcommand;
use reqwest::Method;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::client::{Client, ServerArgs, list_all};
use crate::outcome::Outcome;
use crate::render::{one_line, or_none, print, print_done, print_json};

#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// List schedules, newest first
    List(Common),
    /// Make a schedule
    #[command(visible_alias = "add")]
    Create(CreateArgs),
    /// Show a schedule: its next tick, and what became of the last ones
    Show(OneArgs),
    /// Show the ticks to come
    Ticks {
        #[command(flatten)]
        one: OneArgs,
        /// How many
        #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=100))]
        count: u32,
    },
    /// Change a schedule; what is not named stays as it is
    Update(Box<UpdateArgs>),
    /// Disable a schedule: its ticks pass
    Disable(OneArgs),
    /// Enable a schedule again, from now on
    Enable(OneArgs),
    /// Submit its job now
    Fire(OneArgs),
    /// Delete a schedule; its jobs stay
    Delete(OneArgs),
}

#[derive(clap::Args)]
struct Common {
    /// Print what the server answers as JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    server: ServerArgs,
}

#[derive(clap::Args)]
struct OneArgs {
    #[arg(value_name = "SCHEDULE_ID")]
    id: Uuid,
    #[command(flatten)]
    common: Common,
}

#[derive(clap::Args)]
struct CreateArgs {
    name: String,
    /// Minute, hour, day of month, month, day of week
    #[arg(long, value_name = "EXPRESSION")]
    cron: String,
    /// The kind of job to submit
    #[arg(long)]
    kind: String,
    #[command(flatten)]
    settings: SettingsArgs,
    /// Make it disabled
    #[arg(long)]
    disabled: bool,
    #[command(flatten)]
    common: Common,
}

#[derive(clap::Args)]
struct UpdateArgs {
    #[command(flatten)]
    one: OneArgs,
    #[arg(long)]
    name: Option<String>,
    /// Minute, hour, day of month, month, day of week
    #[arg(long, value_name = "EXPRESSION")]
    cron: Option<String>,
    /// The kind of job to submit; the payload must be one of this kind
    #[arg(long)]
    kind: Option<String>,
    #[command(flatten)]
    settings: SettingsArgs,
}

#[derive(clap::Args)]
struct SettingsArgs {
    /// Of the IANA database, such as Europe/Berlin; UTC by default
    #[arg(long, value_name = "ZONE")]
    time_zone: Option<String>,
    /// The payload, as JSON
    #[arg(long, value_name = "JSON")]
    payload: Option<String>,
    /// 0 runs first
    #[arg(long)]
    priority: Option<u8>,
    #[arg(long, value_name = "N")]
    max_attempts: Option<u8>,
    /// Fire each tick up to so much later
    #[arg(long, value_name = "SECONDS")]
    jitter_secs: Option<u32>,
    /// After downtime: none, last or all
    #[arg(long)]
    catch_up: Option<String>,
    /// While an earlier job has not ended: skip or allow
    #[arg(long)]
    overlap: Option<String>,
}

impl SettingsArgs {
    /// What was named, beside fields that are told here.
    fn with<const N: usize>(&self, fields: [(&str, Option<Value>); N]) -> anyhow::Result<Map<String, Value>> {
        let payload = self.payload.as_deref().map(serde_json::from_str::<Value>);
        let payload = payload.transpose().context("--payload is not JSON")?;
        let given = [
            ("time_zone", self.time_zone.as_deref().map(Value::from)),
            ("payload", payload),
            ("priority", self.priority.map(Value::from)),
            ("max_attempts", self.max_attempts.map(Value::from)),
            ("jitter_secs", self.jitter_secs.map(Value::from)),
            ("catch_up", self.catch_up.as_deref().map(Value::from)),
            ("overlap", self.overlap.as_deref().map(Value::from)),
        ];
        let all = fields.into_iter().chain(given);
        Ok(all
            .filter_map(|(name, value)| Some((name.to_owned(), value?)))
            .collect())
    }
}

impl CreateArgs {
    fn body(&self) -> anyhow::Result<Value> {
        let fields = [
            ("name", Some(json!(self.name))),
            ("cron", Some(json!(self.cron))),
            ("kind", Some(json!(self.kind))),
            ("enabled", Some(json!(!self.disabled))),
        ];
        Ok(self.settings.with(fields)?.into())
    }
}

impl UpdateArgs {
    fn body(&self) -> anyhow::Result<Value> {
        let fields = [
            ("name", self.name.as_deref().map(Value::from)),
            ("cron", self.cron.as_deref().map(Value::from)),
            ("kind", self.kind.as_deref().map(Value::from)),
        ];
        let body = self.settings.with(fields)?;
        if body.is_empty() {
            bail!("nothing is to be changed: `visualkit schedules update --help` says what can be");
        }
        Ok(body.into())
    }
}

pub(crate) async fn run(args: Args) -> anyhow::Result<Outcome> {
    match args.command {
        Command::List(common) => {
            let all: Vec<Value> = list_all(&common.server.connect()?, &["schedules"]).await?;
            common.show(&all.into(), lines)
        }
        Command::Create(args) => {
            let made = call(
                &args.common.server.connect()?,
                Method::POST,
                &["schedules"],
                Some(args.body()?),
            )
            .await?;
            args.common.show(&made, line)
        }
        Command::Show(one) => one.call(Method::GET, None, None, details).await,
        Command::Ticks { one, count } => {
            let path = ["schedules", &one.id.to_string(), "ticks"];
            let page: Value = one
                .common
                .server
                .connect()?
                .get(&path, &[("count", count.to_string())])
                .await?;
            one.common.show(&page, ticks)
        }
        Command::Update(args) => {
            let body = args.body()?;
            args.one.call(Method::PATCH, None, Some(body), line).await
        }
        Command::Disable(one) => {
            one.call(Method::PATCH, None, Some(json!({ "enabled": false })), line)
                .await
        }
        Command::Enable(one) => {
            one.call(Method::PATCH, None, Some(json!({ "enabled": true })), line)
                .await
        }
        Command::Fire(one) => one.call(Method::POST, Some("fire"), None, job).await,
        Command::Delete(one) => {
            let client = one.common.server.connect()?;
            let path = ["schedules", &one.id.to_string()];
            client.send(|| client.request(Method::DELETE, &path)).await?;
            print_done(one.common.json, "deleted: it fires no more, and its jobs stay\n")?;
            Ok(Outcome::Done)
        }
    }
}

impl Common {
    fn show(&self, answered: &Value, text: fn(&Value) -> String) -> anyhow::Result<Outcome> {
        if self.json {
            print_json(answered)?;
        } else {
            print(&text(answered))?;
        }
        Ok(Outcome::Done)
    }
}

impl OneArgs {
    async fn call(
        &self,
        method: Method,
        verb: Option<&str>,
        body: Option<Value>,
        text: fn(&Value) -> String,
    ) -> anyhow::Result<Outcome> {
        let id = self.id.to_string();
        let path: Vec<&str> = ["schedules", &id].into_iter().chain(verb).collect();
        let answered = call(&self.common.server.connect()?, method, &path, body).await?;
        self.common.show(&answered, text)
    }
}

async fn call(client: &Client, method: Method, path: &[&str], body: Option<Value>) -> anyhow::Result<Value> {
    let make = || {
        let request = client.request(method.clone(), path);
        match &body {
            Some(body) => request.json(body),
            None => request,
        }
    };
    Ok(client.call(make).await?.1)
}

fn text(of: &Value, field: &str) -> String {
    one_line(of.get(field).and_then(Value::as_str).unwrap_or("-"), 200)
}

fn items<'a>(of: &'a Value, field: &str) -> impl Iterator<Item = &'a Value> + use<'a> {
    of.get(field).and_then(Value::as_array).into_iter().flatten()
}

fn lines(list: &Value) -> String {
    or_none(list.as_array().into_iter().flatten().map(line).collect())
}

fn line(schedule: &Value) -> String {
    let refusal = schedule.get("refusal").filter(|refusal| !refusal.is_null());
    let next = match (schedule.get("enabled").and_then(Value::as_bool), refusal) {
        (Some(true), None) => format!("next {}", text(schedule, "next_fire_at")),
        (Some(true), Some(refusal)) => format!(
            "cannot fire since {}, tried again {}",
            text(refusal, "since"),
            text(schedule, "next_fire_at")
        ),
        _ => "disabled".to_owned(),
    };
    let [id, name, cron, zone, kind] = ["id", "name", "cron", "time_zone", "kind"].map(|field| text(schedule, field));
    format!("{id}  {name}  \"{cron}\" {zone}  {kind}  {next}\n")
}

fn details(schedule: &Value) -> String {
    let mut shown = line(schedule);
    if let Some(refusal) = schedule.get("refusal").filter(|refusal| !refusal.is_null()) {
        shown.push_str(&format!(
            "cannot fire since {}: {}\n",
            text(refusal, "since"),
            text(refusal, "reason")
        ));
    }
    for firing in items(schedule, "firings") {
        let what = match text(firing, "outcome").as_str() {
            "missed" => format!("missed, and all up to {}", text(firing, "last_tick")),
            "skipped_overlap" => format!("skipped: job {} had not ended", text(firing, "blocked_by")),
            outcome => format!("{outcome}  job {}", text(firing, "job_id")),
        };
        shown.push_str(&format!("  {}  {what}\n", text(firing, "tick")));
    }
    shown
}

fn ticks(page: &Value) -> String {
    items(page, "data")
        .map(|tick| format!("{}  fires at {}\n", text(tick, "local"), text(tick, "fires_at")))
        .collect()
}

fn job(job: &Value) -> String {
    format!("job {}  {}\n", text(job, "id"), text(job, "state"))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use crate::testing::{Fake, reply};

    #[test]
    fn a_schedule_shows_what_became_of_its_ticks() {
        let schedule = json!({"id": "a", "name": "n", "cron": "0 2 * * *", "time_zone": "UTC", "kind": "k", "enabled": false,
            "refusal": {"reason": "gone", "since": "s"}, "firings": [
                {"tick": "3", "outcome": "fired", "job_id": "j"}, {"tick": "2", "outcome": "skipped_overlap", "blocked_by": "b"},
                {"tick": "1", "outcome": "missed", "last_tick": "1b"}]});
        assert_eq!(
            details(&schedule),
            "a  n  \"0 2 * * *\" UTC  k  disabled\ncannot fire since s: gone\n  3  fired  job j\n  2  skipped: job b had not ended\n  1  missed, and all up to 1b\n"
        );
    }

    #[test]
    fn a_schedule_that_cannot_fire_says_so_in_the_list() {
        let schedule = |refusal: Value| {
            let schedule = json!({"id": "a", "name": "n", "cron": "* * * * *", "time_zone": "UTC", "kind": "k", "enabled": true,
                "next_fire_at": "soon", "refusal": refusal});
            lines(&json!([schedule]))
        };
        assert!(schedule(Value::Null).ends_with("  k  next soon\n"));
        let refused = schedule(json!({"reason": "names no source", "since": "s"}));
        assert!(
            refused.ends_with("  k  cannot fire since s, tried again soon\n"),
            "{refused}"
        );
    }

    #[tokio::test]
    async fn enabling_is_a_change_of_one_field() {
        let fake = Fake::answering(vec![reply(200, json!({"id": "a", "enabled": true}))]).await;
        let common = Common {
            json: false,
            server: ServerArgs::new(&fake.url, "k"),
        };
        let one = OneArgs {
            id: Uuid::nil(),
            common,
        };
        let enable = Args {
            command: Command::Enable(one),
        };
        run(enable).await.unwrap();
        let line = fake.requests().remove(0).line;
        assert_eq!(line, format!("PATCH /v1/schedules/{}", Uuid::nil()));
    }

    #[tokio::test]
    async fn what_is_named_of_a_schedule_is_changed_and_the_rest_stays() {
        let fake = Fake::answering(vec![reply(200, json!({"id": "a", "enabled": true}))]).await;
        let update = |settings| UpdateArgs {
            one: OneArgs {
                id: Uuid::nil(),
                common: Common {
                    json: false,
                    server: ServerArgs::new(&fake.url, "k"),
                },
            },
            name: None,
            cron: None,
            kind: None,
            settings,
        };
        let unchanged = SettingsArgs {
            time_zone: None,
            payload: None,
            priority: None,
            max_attempts: None,
            jitter_secs: None,
            catch_up: None,
            overlap: None,
        };
        let changed = SettingsArgs {
            payload: Some("{\"a\": 1}".to_owned()),
            priority: Some(2),
            ..unchanged
        };
        let command = Command::Update(Box::new(update(changed)));
        run(Args { command }).await.unwrap();
        let sent = fake.requests().remove(0);
        assert_eq!(sent.line, format!("PATCH /v1/schedules/{}", Uuid::nil()));
        let body: Value = serde_json::from_str(&sent.body).unwrap();
        assert_eq!(body, json!({"payload": {"a": 1}, "priority": 2}));
    }
}
