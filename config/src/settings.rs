use crate::error::Problems;
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

    pub(crate) fn check(&self, problems: &mut Problems) {
        self.server.check(problems);
        self.database.check(problems);
        self.redis.check(problems);
        self.dispatch.check(problems);
        self.workers.check(problems);
        self.parser.check(problems);
        self.recognition.check(problems);
        self.models.check(problems);
        self.outgoing.check(problems);
        self.webhooks.check(problems);
        self.rate_limits.check(problems);
        self.governor.check(problems);
        self.retrieval.check(problems);
        self.qdrant.check(problems);
        let reranker = &self.retrieval.reranker;
        problems.check(
            reranker.is_empty() || self.models.rerankers.contains_key(reranker),
            "retrieval.reranker",
            "must name a reranker of models.rerankers, or be empty",
        );
        problems.check(
            !self.retrieval.rerank || !reranker.is_empty(),
            "retrieval.rerank",
            "needs a retrieval.reranker",
        );
        self.deletion.check(problems);
        self.secrets.check(problems);
        self.telemetry.check(problems);
    }
}
