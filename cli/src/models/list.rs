use crate::process::local_embedder;
use config::Settings;
use serde::Serialize;

/// One model, as `visualkit models list` shows it.
#[derive(Serialize)]
pub(crate) struct Listed {
    id: String,
    provider: &'static str,
    default: bool,
    dimensions: usize,
    max_tokens: usize,
    price_per_million_tokens: f64,
    /// Whether knowledge bases can be made with it.
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
            provider: model.provider.as_str(),
            default: *id == models.embedding,
            dimensions: model.dimensions,
            max_tokens: model.max_tokens,
            price_per_million_tokens: model.price_micros_per_million_tokens as f64 / 1_000_000.0,
            available: unavailable.is_none(),
            problem: unavailable.or_else(missing),
        }
    });
    listed.collect()
}

impl Listed {
    pub(crate) fn table(listed: &[Self]) -> String {
        let mut text = format!(
            "{:<28}{:<18}{:>6}{:>9}{:>9}  {}\n",
            "model", "provider", "dims", "tokens", "$/M", "state"
        );
        for one in listed {
            let state = match (&one.problem, one.default) {
                (Some(problem), _) if one.available => format!("not on this machine: {problem}"),
                (Some(problem), _) => format!("unavailable: {problem}"),
                (None, true) => "available, the default".to_owned(),
                (None, false) => "available".to_owned(),
            };
            let (id, provider) = (&one.id, one.provider);
            text.push_str(&format!(
                "{id:<28}{provider:<18}{:>6}{:>9}{:>9.3}  {state}\n",
                one.dimensions, one.max_tokens, one.price_per_million_tokens
            ));
        }
        text
    }
}
