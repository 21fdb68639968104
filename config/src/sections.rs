use crate::error::Problems;
use crate::settings::DiagnosticsSettings;
use crate::{
    ConfigError, DatabaseSettings, DeletionSettings, DispatchSettings, GovernorSettings, LogSettings, ModelSettings,
    OutgoingSettings, ParserSettings, QdrantSettings, RateLimitSettings, RecognitionSettings, RedisSettings,
    RetrievalSettings, SecretSettings, ServerSettings, Settings, StorageSettings, TelemetrySettings, WebhookSettings,
    WorkerSettings,
};
use figment::Figment;
use figment::error::Kind;
use serde::de::DeserializeOwned;

pub(crate) const SECTIONS: &[&str] = &[
    "server",
    "database",
    "redis",
    "dispatch",
    "workers",
    "parser",
    "recognition",
    "models",
    "retrieval",
    "qdrant",
    "deletion",
    "outgoing",
    "webhooks",
    "rate_limits",
    "governor",
    "storage",
    "log",
    "telemetry",
    "secrets",
    "diagnostics",
];

/// The sections, those that can be read: what is wrong with them is said also where others cannot be.
pub(crate) struct Sections {
    server: Option<ServerSettings>,
    database: Option<DatabaseSettings>,
    redis: Option<RedisSettings>,
    dispatch: Option<DispatchSettings>,
    workers: Option<WorkerSettings>,
    parser: Option<ParserSettings>,
    recognition: Option<RecognitionSettings>,
    models: Option<ModelSettings>,
    retrieval: Option<RetrievalSettings>,
    qdrant: Option<QdrantSettings>,
    deletion: Option<DeletionSettings>,
    outgoing: Option<OutgoingSettings>,
    webhooks: Option<WebhookSettings>,
    rate_limits: Option<RateLimitSettings>,
    governor: Option<GovernorSettings>,
    storage: Option<StorageSettings>,
    log: Option<LogSettings>,
    telemetry: Option<TelemetrySettings>,
    secrets: Option<SecretSettings>,
    diagnostics: Option<DiagnosticsSettings>,
}

impl Sections {
    pub(crate) fn read(figment: &Figment, problems: &mut Problems) -> Self {
        Self {
            server: section(figment, "server", problems),
            database: section(figment, "database", problems),
            redis: section(figment, "redis", problems),
            dispatch: section(figment, "dispatch", problems),
            workers: section(figment, "workers", problems),
            parser: section(figment, "parser", problems),
            recognition: section(figment, "recognition", problems),
            models: section(figment, "models", problems),
            retrieval: section(figment, "retrieval", problems),
            qdrant: section(figment, "qdrant", problems),
            deletion: section(figment, "deletion", problems),
            outgoing: section(figment, "outgoing", problems),
            webhooks: section(figment, "webhooks", problems),
            rate_limits: section(figment, "rate_limits", problems),
            governor: section(figment, "governor", problems),
            storage: section(figment, "storage", problems),
            log: section(figment, "log", problems),
            telemetry: section(figment, "telemetry", problems),
            secrets: section(figment, "secrets", problems),
            diagnostics: section(figment, "diagnostics", problems),
        }
    }

    pub(crate) fn check(&self, problems: &mut Problems) {
        if let Some(server) = &self.server {
            server.check(problems);
        }
        if let Some(database) = &self.database {
            database.check(problems);
        }
        if let Some(redis) = &self.redis {
            redis.check(problems);
        }
        if let Some(dispatch) = &self.dispatch {
            dispatch.check(problems);
        }
        if let Some(workers) = &self.workers {
            workers.check(problems);
        }
        if let Some(parser) = &self.parser {
            parser.check(problems);
        }
        if let Some(recognition) = &self.recognition {
            recognition.check(problems);
        }
        if let Some(models) = &self.models {
            models.check(problems);
        }
        if let Some(outgoing) = &self.outgoing {
            outgoing.check(problems);
        }
        if let Some(webhooks) = &self.webhooks {
            webhooks.check(problems);
        }
        if let Some(rate_limits) = &self.rate_limits {
            rate_limits.check(problems);
        }
        if let Some(governor) = &self.governor {
            governor.check(problems);
        }
        if let Some(retrieval) = &self.retrieval {
            retrieval.check(problems);
        }
        if let Some(qdrant) = &self.qdrant {
            qdrant.check(problems);
        }
        self.check_reranker(problems);
        if let (Some(governor), Some(models)) = (&self.governor, &self.models) {
            governor.check_credentials(&models.credentials(), problems);
        }
        if let Some(deletion) = &self.deletion {
            deletion.check(problems);
        }
        if let Some(log) = &self.log {
            log.check(problems);
        }
        if let Some(secrets) = &self.secrets {
            secrets.check(problems);
        }
        if let Some(telemetry) = &self.telemetry {
            telemetry.check(problems);
        }
    }

    fn check_reranker(&self, problems: &mut Problems) {
        let (Some(retrieval), Some(models)) = (&self.retrieval, &self.models) else {
            return;
        };
        let reranker = &retrieval.reranker;
        problems.check(
            reranker.is_empty() || models.rerankers.contains_key(reranker),
            "retrieval.reranker",
            "must name a reranker of models.rerankers, or be empty",
        );
        problems.check(
            !retrieval.rerank || !reranker.is_empty(),
            "retrieval.rerank",
            "needs a retrieval.reranker",
        );
    }

    /// `None` unless all of them could be read.
    pub(crate) fn whole(self) -> Option<Settings> {
        Some(Settings {
            server: self.server?,
            database: self.database?,
            redis: self.redis?,
            dispatch: self.dispatch?,
            workers: self.workers?,
            parser: self.parser?,
            recognition: self.recognition?,
            models: self.models?,
            retrieval: self.retrieval?,
            qdrant: self.qdrant?,
            deletion: self.deletion?,
            outgoing: self.outgoing?,
            webhooks: self.webhooks?,
            rate_limits: self.rate_limits?,
            governor: self.governor?,
            storage: self.storage?,
            log: self.log?,
            telemetry: self.telemetry?,
            secrets: self.secrets?,
            diagnostics: self.diagnostics?,
        })
    }
}

fn section<T: DeserializeOwned>(figment: &Figment, name: &str, problems: &mut Problems) -> Option<T> {
    match figment.extract_inner(name) {
        Ok(section) => Some(section),
        Err(errors) => {
            for error in errors {
                // figment appends the section to the path instead of putting it first.
                let inner = error.path.iter().map(String::as_str).filter(|part| *part != name);
                let key = std::iter::once(name).chain(inner).collect::<Vec<_>>().join(".");
                // The kind names types and keys, never the value, which may be a secret.
                problems.0.push(ConfigError {
                    key,
                    problem: without_value(&error.kind),
                });
            }
            None
        }
    }
}

fn without_value(kind: &Kind) -> String {
    match kind {
        Kind::InvalidType(_, expected) => match in_words(&expected.to_string()) {
            // The environment has no types: there a number is what looks like one.
            TEXT => r#"is not a text: one that looks like a number, or like true, is written in quotes (in the environment too: '"2024"')"#.to_owned(),
            expected => format!("is not {expected}"),
        },
        Kind::InvalidValue(_, expected) => match in_words(&expected.to_string()) {
            WHOLE => "is negative or too large".to_owned(),
            expected => format!("is not {expected}"),
        },
        Kind::UnknownField(field, known) => format!("has no setting `{field}`; there are {}", known.join(", ")),
        Kind::MissingField(field) => format!("lacks `{field}`"),
        Kind::UnknownVariant(_, known) => format!("must be one of {}", known.join(", ")),
        _ => "cannot be read as what this setting needs".to_owned(),
    }
}

const WHOLE: &str = "a whole number";
const TEXT: &str = "a text";

/// What serde calls a type, for whoever writes settings.
fn in_words(expected: &str) -> &str {
    match expected {
        "u8" | "u16" | "u32" | "u64" | "usize" | "i8" | "i16" | "i32" | "i64" | "isize" => WHOLE,
        "f32" | "f64" => "a number",
        "a boolean" => "true or false",
        "a string" => TEXT,
        "a sequence" => "a list",
        other => other,
    }
}
