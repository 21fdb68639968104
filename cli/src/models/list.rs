use crate::process::local_embedder;
use config::Settings;
use serde::Serialize;
use workers::local_reranker;

/// One model, as `visualkit models list` shows it.
#[derive(Serialize)]
pub(crate) struct Listed {
    id: String,
    /// `embedding` or `reranker`.
    kind: &'static str,
    provider: &'static str,
    default: bool,
    /// Of a reranker none.
    dimensions: Option<usize>,
    max_tokens: usize,
    price_per_million_tokens: f64,
    price_per_thousand_searches: f64,
    /// Whether knowledge bases can be made with it, or their searches reranked.
    available: bool,
    /// Why not; for a local model, what is missing on this machine.
    problem: Option<String>,
}

/// Reads settings and folders, and calls nobody.
pub(crate) fn list(settings: &Settings) -> Vec<Listed> {
    let models = &settings.models;
    let listed = models.catalogue.iter().map(|(id, model)| {
        let unavailable = models.unavailable(model);
        let missing = || Some(local_embedder(settings, id)?.check_files().err()?.to_string());
        Listed {
            id: id.clone(),
            kind: "embedding",
            provider: model.provider.as_str(),
            default: *id == models.embedding,
            dimensions: Some(model.dimensions),
            max_tokens: model.max_tokens,
            price_per_million_tokens: dollars(model.price_micros_per_million_tokens),
            price_per_thousand_searches: 0.0,
            available: unavailable.is_none(),
            problem: unavailable.or_else(missing),
        }
    });
    let rerankers = models.rerankers.iter().map(|(id, reranker)| {
        let unavailable = models.reranker_unavailable(id);
        let missing = || Some(local_reranker(models, id)?.check_files().err()?.to_string());
        Listed {
            id: id.clone(),
            kind: "reranker",
            provider: reranker.provider.as_str(),
            default: *id == settings.retrieval.reranker,
            dimensions: None,
            max_tokens: reranker.max_tokens,
            price_per_million_tokens: dollars(reranker.price_micros_per_million_tokens),
            price_per_thousand_searches: dollars(reranker.price_micros_per_thousand_searches),
            available: unavailable.is_none(),
            problem: unavailable.or_else(missing),
        }
    });
    listed.chain(rerankers).collect()
}

fn dollars(micros: u64) -> f64 {
    micros as f64 / 1_000_000.0
}

impl Listed {
    pub(crate) fn table(listed: &[Self]) -> String {
        let mut text = format!(
            "{:<28}{:<11}{:<18}{:>6}{:>9}{:>9}  {}\n",
            "model", "kind", "provider", "dims", "tokens", "$", "state"
        );
        for one in listed {
            let state = match (&one.problem, one.default) {
                (Some(problem), _) if one.available => format!("not on this machine: {problem}"),
                (Some(problem), _) => format!("unavailable: {problem}"),
                (None, true) => "available, the default".to_owned(),
                (None, false) => "available".to_owned(),
            };
            let (id, kind, provider) = (&one.id, one.kind, one.provider);
            let dimensions = one.dimensions.map_or("-".to_owned(), |number| number.to_string());
            // For a million tokens, or a thousand searches: nobody bills both.
            let price = one.price_per_million_tokens + one.price_per_thousand_searches;
            text.push_str(&format!(
                "{id:<28}{kind:<11}{provider:<18}{dimensions:>6}{:>9}{price:>9.3}  {state}\n",
                one.max_tokens
            ));
        }
        text
    }
}
