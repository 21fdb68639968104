use anyhow::bail;
use clap::ValueEnum;
use reqwest::Method;
use reqwest::header::IF_MATCH;
use serde_json::{Map, Value};

use super::shown::read;
use crate::client::{Client, ClientError};
use crate::outcome::Advised;

#[derive(clap::Args)]
pub(super) struct UpdateArgs {
    /// The knowledge base, by name or id
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
    /// What a match in the headings above a chunk adds to it, 0 to 10
    #[arg(long, value_name = "FACTOR")]
    heading_boost: Option<f64>,
    /// What is found must be so like the query at least, 0 to 1, unless a search says otherwise
    #[arg(long, value_name = "COSINE")]
    min_similarity: Option<f64>,
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
    /// Why, although the knowledge base's gate does not let it; kept with the gate
    #[arg(long, value_name = "REASON")]
    override_gate: Option<String>,
}

#[derive(Clone, Copy, ValueEnum)]
#[value(rename_all = "kebab-case")]
pub(super) enum Setting {
    Fusion,
    Alpha,
    TitleBoost,
    HeadingBoost,
    MinSimilarity,
    Candidates,
    Reranker,
    Rerank,
    RerankCandidates,
}

impl Setting {
    pub(super) const ALL: [Self; 9] = [
        Self::Fusion,
        Self::Alpha,
        Self::TitleBoost,
        Self::HeadingBoost,
        Self::MinSimilarity,
        Self::Candidates,
        Self::Reranker,
        Self::Rerank,
        Self::RerankCandidates,
    ];

    /// As the API names it.
    pub(super) fn field(self) -> &'static str {
        match self {
            Self::Fusion => "fusion",
            Self::Alpha => "alpha",
            Self::TitleBoost => "title_boost",
            Self::HeadingBoost => "heading_boost",
            Self::MinSimilarity => "min_similarity",
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
            Setting::HeadingBoost => self.heading_boost.map(Value::from),
            Setting::MinSimilarity => self.min_similarity.map(Value::from),
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
        if let Some(reason) = self.override_gate.as_ref().filter(|_| !body.is_empty()) {
            body.insert("override_gate".to_owned(), Value::from(reason.as_str()));
        }
        if body.is_empty() {
            bail!("nothing is to be changed; `visualkit knowledge-bases update --help` lists what can be");
        }
        Ok(body.into())
    }
}

/// Changes the base as it was read just before; somebody else's change in between is not overwritten.
pub(super) async fn change(client: &Client, update: &UpdateArgs) -> anyhow::Result<Value> {
    let body = update.body()?;
    let (base, etag) = read(client, &update.name).await?;
    let id = base.get("id").and_then(Value::as_str).unwrap_or_default().to_owned();
    let send = || {
        client
            .request(Method::PATCH, &["knowledge-bases", &id])
            .header(IF_MATCH, etag.clone())
            .json(&body)
    };
    match client.call::<Value>(send).await {
        Err(ClientError::Problem(problem)) if problem.code == "gate_not_evaluated" => {
            Err(Advised::new(problem.to_string(), evaluation(&update.name, &body)).into())
        }
        changed => Ok(changed?.1),
    }
}

/// How a change is evaluated on the gate of its base.
fn evaluation(base: &str, body: &Value) -> String {
    let search = body.get("search").unwrap_or(&Value::Null);
    let as_installed = |setting: &Value| setting.is_null();
    let is_reset = search
        .as_object()
        .is_some_and(|search| search.values().any(as_installed));
    let changed = match is_reset {
        true => "{what it will be}".to_owned(),
        false => search.to_string(),
    };
    format!(
        "`visualkit gates show --kb {base}` names the test set; evaluate with `visualkit eval run --kb {base} --name TEST_SET --config '{{}}' --config '{changed}'`, \
         or change it all the same with --override-gate REASON"
    )
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
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
            heading_boost: None,
            min_similarity: None,
            candidates: None,
            reranker: None,
            rerank: None,
            rerank_candidates: None,
            reset: Vec::new(),
            override_gate: None,
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
        let args = UpdateArgs {
            override_gate: Some("a trial".into()),
            ..args
        };
        assert_eq!(args.body().unwrap()["override_gate"], "a trial");
        let only_a_reason = UpdateArgs {
            override_gate: Some("a trial".into()),
            ..update()
        };
        assert!(only_a_reason.body().is_err());
        assert!(update().body().is_err());
    }

    #[tokio::test]
    async fn who_is_stopped_by_a_gate_is_told_how_to_evaluate_and_how_to_pass_it() {
        let id = uuid::Uuid::from_u128(7);
        let refused = json!({"code": "gate_not_evaluated", "detail": "The knowledge base has a gate."});
        let fake = Fake::answering(vec![
            reply(200, json!({"data": [{"id": id, "name": "docs"}], "next_cursor": null})),
            reply(200, json!({"id": id, "name": "docs"})).header("etag", "\"1\""),
            reply(409, refused),
        ])
        .await;
        let args = UpdateArgs {
            alpha: Some(0.5),
            ..update()
        };
        let error = change(&fake.client(), &args).await.unwrap_err();
        let help = &error.downcast_ref::<Advised>().unwrap().help;
        assert!(
            help.contains(r#"--config '{}' --config '{"alpha":0.5}'`"#) && help.contains("--override-gate"),
            "{help}"
        );
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
