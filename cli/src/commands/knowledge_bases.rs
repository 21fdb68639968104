use anyhow::{Context as _, bail};
use clap::{Subcommand, ValueEnum};
use reqwest::Method;
use reqwest::header::{ETAG, HeaderValue, IF_MATCH};
use serde_json::{Map, Value};

use crate::client::{Client, ServerArgs, find_all_by_name, list_all};
use crate::outcome::Outcome;
use crate::render::{one_line, print, print_json};

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
    /// List the knowledge bases
    List,
    /// Show a knowledge base, and how it is searched
    Show {
        /// The knowledge base, by name
        name: String,
    },
    /// Show where a knowledge base can be searched, and how far each copy of it is
    Replicas {
        /// The knowledge base, by name
        name: String,
    },
    /// Change the name of a knowledge base, or how it is searched; what is not given stays
    Update(UpdateArgs),
}

#[derive(clap::Args)]
struct UpdateArgs {
    /// The knowledge base, by name
    name: String,
    /// What it is to be called
    #[arg(long, value_name = "NAME")]
    rename: Option<String>,
    /// How a hybrid search makes one score of two: weighted or rrf
    #[arg(long)]
    fusion: Option<String>,
    /// The vector leg's share of a weighted score, 0 to 1
    #[arg(long, value_name = "SHARE")]
    alpha: Option<f64>,
    /// What a match in the title adds to the keyword score, 0 to 10
    #[arg(long, value_name = "FACTOR")]
    title_boost: Option<f64>,
    /// How many chunks each leg proposes
    #[arg(long, value_name = "N")]
    candidates: Option<u32>,
    /// What orders the best of what is found: a reranker of `visualkit models list`, or none
    #[arg(long, value_name = "NAME")]
    reranker: Option<String>,
    /// Whether searches and answers that do not say are reranked
    #[arg(long, value_name = "BOOL")]
    rerank: Option<bool>,
    /// How many of the best are given to the reranker
    #[arg(long, value_name = "N")]
    rerank_candidates: Option<u32>,
    /// Back to what the installation says; may be given more than once
    #[arg(long, value_enum, value_name = "SETTING")]
    reset: Vec<Setting>,
}

#[derive(Clone, Copy, ValueEnum)]
#[value(rename_all = "kebab-case")]
enum Setting {
    Fusion,
    Alpha,
    TitleBoost,
    Candidates,
    Reranker,
    Rerank,
    RerankCandidates,
}

impl Setting {
    const ALL: [Self; 7] = [
        Self::Fusion,
        Self::Alpha,
        Self::TitleBoost,
        Self::Candidates,
        Self::Reranker,
        Self::Rerank,
        Self::RerankCandidates,
    ];

    /// As the API names it.
    fn field(self) -> &'static str {
        match self {
            Self::Fusion => "fusion",
            Self::Alpha => "alpha",
            Self::TitleBoost => "title_boost",
            Self::Candidates => "candidates",
            Self::Reranker => "reranker",
            Self::Rerank => "rerank",
            Self::RerankCandidates => "rerank_candidates",
        }
    }
}

impl UpdateArgs {
    fn given(&self, setting: Setting) -> Option<Value> {
        match setting {
            Setting::Fusion => self.fusion.as_deref().map(Value::from),
            Setting::Alpha => self.alpha.map(Value::from),
            Setting::TitleBoost => self.title_boost.map(Value::from),
            Setting::Candidates => self.candidates.map(Value::from),
            Setting::Reranker => self.reranker.as_deref().map(Value::from),
            Setting::Rerank => self.rerank.map(Value::from),
            Setting::RerankCandidates => self.rerank_candidates.map(Value::from),
        }
    }

    fn body(&self) -> anyhow::Result<Value> {
        let mut search: Map<String, Value> = self
            .reset
            .iter()
            .map(|setting| (setting.field().to_owned(), Value::Null))
            .collect();
        for setting in Setting::ALL {
            search.extend(self.given(setting).map(|value| (setting.field().to_owned(), value)));
        }
        let mut body = Map::new();
        body.extend(
            self.rename
                .as_deref()
                .map(|name| ("name".to_owned(), Value::from(name))),
        );
        if !search.is_empty() {
            body.insert("search".to_owned(), search.into());
        }
        if body.is_empty() {
            bail!("nothing is to be changed; `visualkit knowledge-bases update --help` lists what can be");
        }
        Ok(body.into())
    }
}

pub(crate) async fn run(args: Args) -> anyhow::Result<Outcome> {
    let client = args.server.connect()?;
    let answered = match &args.command {
        Command::List => list_all::<Value>(&client, &["knowledge-bases"]).await?.into(),
        Command::Show { name } => read(&client, name).await?.0,
        Command::Replicas { name } => {
            let shown = replicas(&client, name).await?;
            if args.json {
                print_json(&shown)?;
            } else {
                print(&shown.iter().map(replica_line).collect::<String>())?;
            }
            return Ok(Outcome::Done);
        }
        Command::Update(update) => change(&client, update).await?,
    };
    if args.json {
        print_json(&answered)?;
    } else {
        print(&text(&answered))?;
    }
    Ok(Outcome::Done)
}

/// The base as it is, with its ETag.
async fn read(client: &Client, name: &str) -> anyhow::Result<(Value, HeaderValue)> {
    let found = find_all_by_name(client, &[name.to_owned()]).await?;
    let id = found.first().context("there is no such knowledge base")?.id.to_string();
    let response = client
        .send(|| client.request(Method::GET, &["knowledge-bases", &id]))
        .await?;
    let etag = response.headers().get(ETAG).cloned();
    Ok((
        response.json().await?,
        etag.context("the answer has no ETag: is the API of this version?")?,
    ))
}

async fn replicas(client: &Client, name: &str) -> anyhow::Result<Vec<Value>> {
    let found = find_all_by_name(client, &[name.to_owned()]).await?;
    let id = found.first().context("there is no such knowledge base")?.id.to_string();
    Ok(list_all(client, &["knowledge-bases", &id, "replicas"]).await?)
}

fn replica_line(replica: &Value) -> String {
    let text = |name: &str| one_line(replica.get(name).and_then(Value::as_str).unwrap_or_default(), 200);
    let number = |name: &str| replica.get(name).and_then(Value::as_i64).unwrap_or_default();
    let standing = match text("state").as_str() {
        "behind" => format!("behind (change {} of {})", number("index_seq"), number("head_seq")),
        state => state.to_owned(),
    };
    let of = match replica.get("searched").and_then(Value::as_bool) {
        Some(false) => "  of the other index",
        _ => "",
    };
    format!("{}  {}  {standing}{of}\n", text("host"), text("kind"))
}

/// Changes the base as it was read just before; somebody else's change in between is not overwritten.
async fn change(client: &Client, update: &UpdateArgs) -> anyhow::Result<Value> {
    let body = update.body()?;
    let (base, etag) = read(client, &update.name).await?;
    let id = base.get("id").and_then(Value::as_str).unwrap_or_default().to_owned();
    let send = || {
        client
            .request(Method::PATCH, &["knowledge-bases", &id])
            .header(IF_MATCH, etag.clone())
            .json(&body)
    };
    let (_, changed) = client.call::<Value>(send).await?;
    Ok(changed)
}

fn text(answered: &Value) -> String {
    match answered {
        Value::Array(bases) => bases.iter().map(line).collect(),
        base => {
            let settings = Setting::ALL.map(|setting| {
                let value = base.pointer(&format!("/search/{}", setting.field()));
                let shown = match value {
                    None | Some(Value::Null) => "as the installation says".to_owned(),
                    Some(Value::String(text)) => one_line(text, 200),
                    Some(value) => value.to_string(),
                };
                format!("    {:<20}{shown}\n", setting.field())
            });
            format!("{}{}", line(base), settings.concat())
        }
    }
}

fn line(base: &Value) -> String {
    let field = |name: &str| one_line(base.get(name).and_then(Value::as_str).unwrap_or_default(), 200);
    let elsewhere = match field("vector_store").as_str() {
        "" | "embedded" => String::new(),
        place => format!("  {place}"),
    };
    format!(
        "{}  {}  {}  {}{elsewhere}\n",
        field("id"),
        field("name"),
        field("language"),
        field("embedding_model")
    )
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use crate::testing::{Fake, reply};
    use serde_json::json;

    fn update() -> UpdateArgs {
        UpdateArgs {
            name: "docs".into(),
            rename: None,
            fusion: None,
            alpha: None,
            title_boost: None,
            candidates: None,
            reranker: None,
            rerank: None,
            rerank_candidates: None,
            reset: Vec::new(),
        }
    }

    #[test]
    fn what_is_given_is_sent_and_what_is_reset_is_null() {
        let args = UpdateArgs {
            alpha: Some(0.5),
            rerank: Some(true),
            reset: vec![Setting::Fusion],
            ..update()
        };
        let expected = json!({"search": {"fusion": null, "alpha": 0.5, "rerank": true}});
        assert_eq!(args.body().unwrap(), expected);
        assert!(update().body().is_err());
    }

    #[test]
    fn a_copy_that_is_behind_is_shown_with_how_far_it_is() {
        let mut replica = json!({"host": "search-1", "kind": "process", "searched": true, "state": "behind", "index_seq": 40, "head_seq": 120});
        assert_eq!(replica_line(&replica), "search-1  process  behind (change 40 of 120)\n");
        replica.as_object_mut().unwrap().extend(
            json!({"state": "current", "searched": false})
                .as_object()
                .unwrap()
                .clone(),
        );
        assert_eq!(
            replica_line(&replica),
            "search-1  process  current  of the other index\n"
        );
    }

    #[tokio::test]
    async fn a_base_is_shown_with_all_settings() {
        let base = json!({"id": "1", "name": "docs", "language": "en", "embedding_model": "m",
            "search": {"fusion": null, "alpha": 0.5, "reranker": "none"}});
        let shown = text(&base);
        assert!(
            shown.starts_with("1  docs  en  m\n    fusion              as the installation says\n"),
            "{shown}"
        );
        assert!(shown.contains("    alpha               0.5\n") && shown.contains("reranker            none\n"));
    }

    #[tokio::test]
    async fn an_answer_without_an_etag_is_not_changed_blindly() {
        let id = uuid::Uuid::from_u128(7);
        let fake = Fake::answering(vec![
            reply(200, json!({"data": [{"id": id, "name": "docs"}], "next_cursor": null})),
            reply(200, json!({"id": id, "name": "docs"})),
        ])
        .await;
        let args = UpdateArgs {
            alpha: Some(0.5),
            ..update()
        };
        assert!(change(&fake.client(), &args).await.is_err());
    }
}
