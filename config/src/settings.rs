use crate::{
    DatabaseSettings, DeletionSettings, DispatchSettings, GovernorSettings, LogSettings, ModelSettings,
    OutgoingSettings, ParserSettings, QdrantSettings, RateLimitSettings, RecognitionSettings, RedisSettings,
    RetrievalSettings, SecretSettings, ServerSettings, StorageSettings, TelemetrySettings, WebhookSettings,
    WorkerSettings,
};
use serde::Deserialize;

/// All settings of a process. See `default.toml` for what each one means.
#[derive(Clone, Debug)]
pub struct Settings {
    pub server: ServerSettings,
    pub database: DatabaseSettings,
    pub redis: RedisSettings,
    pub dispatch: DispatchSettings,
    pub workers: WorkerSettings,
    pub parser: ParserSettings,
    pub recognition: RecognitionSettings,
    pub models: ModelSettings,
    pub outgoing: OutgoingSettings,
    pub webhooks: WebhookSettings,
    pub rate_limits: RateLimitSettings,
    pub governor: GovernorSettings,
    pub retrieval: RetrievalSettings,
    pub qdrant: QdrantSettings,
    pub deletion: DeletionSettings,
    pub storage: StorageSettings,
    pub log: LogSettings,
    pub telemetry: TelemetrySettings,
    pub secrets: SecretSettings,
    pub diagnostics: DiagnosticsSettings,
}

/// Whether the `diagnostics.*` job kinds may be submitted.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DiagnosticsSettings {
    pub enabled: bool,
}

impl Settings {
    /// The vector leg's share of a hybrid score in a base of this language and model, where neither a search nor the base says it.
    #[must_use]
    pub fn alpha(&self, language: &str, model: &str) -> f32 {
        let reads = self
            .models
            .catalogue
            .get(model)
            .is_none_or(|model| model.reads(language));
        match reads {
            true => self.retrieval.alpha,
            false => self.retrieval.alpha_other_languages,
        }
    }
}
