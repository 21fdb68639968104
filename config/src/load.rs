use crate::error::Problems;
use crate::sections::{SECTIONS, Sections};
use crate::{ConfigError, ConfigErrors, DEFAULT_TOML, Settings};
use figment::Figment;
use figment::providers::{Env, Format, Serialized, Toml};
use std::path::{Path, PathBuf};

/// Environment names that operators know, and the settings they mean.
const PLAIN_NAMES: &[(&str, &str)] = &[
    ("DATABASE_URL", "database.url"),
    ("DATABASE_SYSTEM_URL", "database.system_url"),
    ("DATABASE_OWNER_URL", "database.owner_url"),
    ("REDIS_URL", "redis.url"),
    ("OPENAI_API_KEY", "models.openai.api_key"),
    ("VOYAGE_API_KEY", "models.voyage.api_key"),
    ("COHERE_API_KEY", "models.cohere.api_key"),
    // Where both are set, the second counts.
    ("GOOGLE_API_KEY", "models.gemini.api_key"),
    ("GEMINI_API_KEY", "models.gemini.api_key"),
    ("QDRANT_URL", "qdrant.url"),
    ("QDRANT_API_KEY", "qdrant.api_key"),
    ("SESSION_SECRET", "secrets.session_secret"),
    ("VISUALKIT_MASTER_KEY", "secrets.master_key"),
    ("VISUALKIT_ACCEPTED_MASTER_KEYS", "secrets.accepted_master_keys"),
];

impl Settings {
    /// Reads defaults, the file and this process's environment.
    ///
    /// # Errors
    /// Everything that is wrong, at once.
    pub fn load() -> Result<Self, ConfigErrors> {
        let named = Env::var("VISUALKIT_CONFIG").map(PathBuf::from);
        if let Some(path) = named.as_deref().filter(|path| !path.is_file()) {
            let problem = format!("names {}, which is not a file", path.display());
            return Err(ConfigErrors(vec![ConfigError {
                key: "VISUALKIT_CONFIG".to_owned(),
                problem,
            }]));
        }
        let path = named.unwrap_or_else(|| PathBuf::from("visualkit.toml"));
        Self::from_figment(
            &figment(&path)
                .merge(Env::prefixed("VISUALKIT__").split("__"))
                .merge_plain_names(),
        )
    }

    /// The compiled-in defaults and `overrides` (`section.key`, value): for tests and tools.
    ///
    /// # Errors
    /// Everything that is wrong, at once.
    pub fn with_overrides(overrides: &[(&str, &str)]) -> Result<Self, ConfigErrors> {
        let start = Figment::from(Toml::string(DEFAULT_TOML));
        let figment = overrides
            .iter()
            .fold(start, |figment, (key, value)| figment.merge((*key, env_value(value))));
        Self::from_figment(&figment)
    }

    fn from_figment(figment: &Figment) -> Result<Self, ConfigErrors> {
        let mut problems = unknown_sections(figment);
        let sections = Sections::read(figment, &mut problems);
        sections.check(&mut problems);
        match sections.whole() {
            Some(settings) if problems.0.is_empty() => Ok(settings),
            _ => Err(ConfigErrors(problems.0)),
        }
    }
}

fn figment(file: &Path) -> Figment {
    let defaults = Figment::from(Toml::string(DEFAULT_TOML));
    if file.is_file() {
        defaults.merge(Toml::file_exact(file))
    } else {
        defaults
    }
}

trait PlainNames {
    fn merge_plain_names(self) -> Self;
}

impl PlainNames for Figment {
    fn merge_plain_names(self) -> Self {
        PLAIN_NAMES
            .iter()
            .fold(self, |figment, (name, key)| match Env::var(name) {
                Some(value) if !value.is_empty() => figment.merge(Serialized::default(key, value)),
                _ => figment,
            })
    }
}

/// A value as the environment would give it: numbers and booleans are read as such.
fn env_value(value: &str) -> figment::value::Value {
    value.parse().unwrap_or_else(|_| figment::value::Value::from(value))
}

fn unknown_sections(figment: &Figment) -> Problems {
    let mut problems = Problems::default();
    match figment.extract::<figment::value::Dict>() {
        Ok(all) => {
            for key in all.keys().filter(|key| !SECTIONS.contains(&key.as_str())) {
                problems.0.push(ConfigError {
                    key: key.clone(),
                    problem: format!("is no section; there are {}", SECTIONS.join(", ")),
                });
            }
        }
        Err(errors) => problems.0.extend(errors.into_iter().map(|error| ConfigError {
            key: "file".to_owned(),
            problem: format!("cannot be read: {error}"),
        })),
    }
    problems
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
    use super::*;

    #[test]
    fn every_plain_name_stands_in_the_defaults_file_and_in_the_operators_manual() {
        let manual = include_str!("../../docs/OPERATIONS.md");
        let (_, section) = manual.split_once("\n## Configuration\n").unwrap();
        let (section, _) = section.split_once("\n## ").unwrap();
        for (name, _) in PLAIN_NAMES {
            assert!(section.contains(&format!("`{name}`")), "{name} is not in Configuration");
            assert!(DEFAULT_TOML.contains(name), "{name} is not in default.toml");
        }
    }

    #[test]
    fn the_defaults_are_valid() {
        Settings::with_overrides(&[]).unwrap();
    }

    #[test]
    fn every_error_is_reported_at_once_and_no_value_is_shown() {
        let errors = Settings::with_overrides(&[
            ("retrieval.alpha", "7"),
            ("workers.ingest", "0"),
            ("secrets.session_secret", "hunter2"),
        ])
        .unwrap_err();
        let keys: Vec<&str> = errors.0.iter().map(|error| error.key.as_str()).collect();
        assert_eq!(keys, ["workers.ingest", "retrieval.alpha", "secrets.session_secret"]);
        assert!(!errors.to_string().contains("hunter2"));
    }

    #[test]
    fn unknown_keys_sections_and_wrong_types_are_errors() {
        let errors = Settings::with_overrides(&[
            ("server.listne", "127.0.0.1:1"),
            ("sevrer.listen", "127.0.0.1:1"),
            ("workers.ingest", "many"),
        ])
        .unwrap_err();
        let text = errors.to_string();
        assert!(
            text.contains("listne") && text.contains("sevrer") && text.contains("workers.ingest"),
            "{text}"
        );
    }

    #[test]
    fn a_value_of_the_wrong_type_hides_nothing_else_that_is_wrong() {
        let errors = Settings::with_overrides(&[
            ("workers.ingest", "many"),
            ("dispatch.lease_secs", "-1"),
            ("retrieval.alpha", "7"),
            ("log.filter", "info,=["),
            ("models.embedding", "nowhere"),
        ])
        .unwrap_err();
        let told: Vec<String> = errors.0.iter().map(ToString::to_string).collect();
        let told: Vec<&str> = told.iter().map(String::as_str).collect();
        let expected = [
            "dispatch.lease_secs: is negative or too large",
            "workers.ingest: is not a whole number",
            "models.embedding: must name a model of models.catalogue",
            "retrieval.alpha: must be between 0 and 1",
            "log.filter: must be directives such as info or info,tantivy=warn",
        ];
        assert_eq!(told, expected);
    }

    #[test]
    fn a_budget_of_a_credential_that_is_not_the_installations_is_told() {
        let name = "governor.installation.opnai.requests_per_minute";
        let errors = Settings::with_overrides(&[(name, "60")]).unwrap_err();
        let told = errors.to_string();
        assert!(
            told.contains(
                "governor.installation.opnai: is no credential of this installation; there are cohere, gemini, openai"
            ),
            "{told}"
        );
        let too_many = ("governor.installation.openai.concurrency", "100001");
        let errors = Settings::with_overrides(&[too_many]).unwrap_err();
        assert!(
            errors
                .to_string()
                .contains("governor.installation.openai: has a number that is too large"),
            "{errors}"
        );
        let settings = Settings::with_overrides(&[("governor.installation.openai.requests_per_minute", "60")]).unwrap();
        let budget = settings.governor.installation["openai"];
        assert_eq!((budget.requests_per_minute, budget.concurrency), (60, 0));
    }

    #[test]
    fn a_text_of_digits_is_written_in_quotes_and_whoever_leaves_them_out_is_told() {
        let errors =
            Settings::with_overrides(&[("redis.prefix", "2024"), ("secrets.session_secret", "true")]).unwrap_err();
        for error in &errors.0 {
            assert!(error.problem.contains("in quotes"), "{error}");
        }
        assert_eq!(errors.0.len(), 2, "{errors}");
        let settings = Settings::with_overrides(&[("redis.prefix", "\"2024\"")]).unwrap();
        assert_eq!(settings.redis.prefix, "2024");
    }

    #[test]
    fn the_words_that_stand_for_a_secret_are_none() {
        let unchanged = "replace-me-with-the-output-of-openssl-rand-hex-32";
        let errors = Settings::with_overrides(&[
            ("secrets.session_secret", unchanged),
            ("secrets.master_key", unchanged),
            // What was sealed under it has to be opened, to be brought under another.
            ("secrets.accepted_master_keys", unchanged),
        ])
        .unwrap_err();
        let keys: Vec<&str> = errors.0.iter().map(|error| error.key.as_str()).collect();
        assert_eq!(keys, ["secrets.session_secret", "secrets.master_key"]);
    }

    #[test]
    fn replicas_are_visited_at_least_every_half_minute() {
        let with = |secs| Settings::with_overrides(&[("retrieval.refresh_interval_secs", secs)]);
        assert!(with("1").is_ok() && with("30").is_ok());
        for refused in ["0", "31"] {
            let errors = with(refused).unwrap_err();
            assert!(errors.to_string().contains("must be 1 to 30"), "{errors}");
        }
    }

    #[test]
    fn times_that_postgres_cannot_count_and_rounds_that_never_come_are_refused() {
        let errors = Settings::with_overrides(&[
            ("dispatch.poll_interval_ms", "60001"),
            ("dispatch.lease_check_interval_ms", "60001"),
            ("dispatch.reconcile_interval_ms", "60001"),
            ("dispatch.interactive_retention_secs", "31536001"),
            ("dispatch.job_retention_days", "36501"),
            ("dispatch.dead_letter_retention_days", "6"),
            ("server.shutdown_delay_secs", "301"),
            ("database.app_connections", "4294967295"),
            ("database.system_connections", "4294967295"),
            ("database.connect_timeout_secs", "18446744073709551615"),
            ("database.statement_timeout_secs", "2147484"),
            ("database.silence_timeout_secs", "2147484"),
        ])
        .unwrap_err();
        assert_eq!(errors.0.len(), 12, "{errors}");
        assert!(Settings::with_overrides(&[("dispatch.dead_letter_retention_days", "0")]).is_ok());
    }

    #[test]
    fn settings_print_without_their_secrets() {
        let secret = "a-secret-of-at-least-32-characters!";
        let settings = Settings::with_overrides(&[("secrets.session_secret", secret)]).unwrap();
        assert!(!format!("{settings:?}").contains(secret));
    }

    #[test]
    fn a_model_is_unavailable_until_its_provider_has_a_key() {
        let models = |overrides: &[(&str, &str)]| Settings::with_overrides(overrides).unwrap().models;
        let without = models(&[]);
        let openai = &without.catalogue["text-embedding-3-small"];
        assert!(without.unavailable(openai).unwrap().contains("OPENAI_API_KEY"));
        let with = models(&[("models.openai.api_key", "a-key")]);
        assert_eq!(with.unavailable(openai), None);
        assert!(!format!("{with:?}").contains("a-key"));
        let withdrawn = models(&[
            ("models.openai.api_key", "a-key"),
            ("models.catalogue.text-embedding-3-small.offered", "false"),
        ]);
        let openai = &withdrawn.catalogue["text-embedding-3-small"];
        assert!(withdrawn.unavailable(openai).unwrap().contains("does not offer"));
        assert!(withdrawn.endpoint(openai).is_some(), "what is there goes on");
    }

    #[test]
    fn a_model_that_cannot_be_is_named_with_all_that_is_wrong() {
        let errors = Settings::with_overrides(&[
            ("models.embedding", "nowhere"),
            ("models.sentences", "text-embedding-3-small"),
            ("models.catalogue.mine.provider", "openai_compatible"),
            ("models.catalogue.mine.dimensions", "0"),
            ("models.catalogue.mine.max_tokens", "512"),
            ("models.catalogue.voyage-3-large.reads_images", "true"),
            ("models.catalogue.gemini-embedding-001.batch_texts", "101"),
        ])
        .unwrap_err();
        let keys: Vec<&str> = errors.0.iter().map(|error| error.key.as_str()).collect();
        let expected = [
            "models.embedding",
            "models.sentences",
            "models.catalogue.gemini-embedding-001.batch_texts",
            "models.catalogue.mine.dimensions",
            "models.catalogue.mine.base_url",
            "models.catalogue.voyage-3-large.reads_images",
        ];
        assert_eq!(keys, expected);
    }

    #[test]
    fn what_a_command_needs_is_named_together() {
        let settings = Settings::with_overrides(&[]).unwrap();
        let errors = settings
            .require(&[crate::Requirement::AppDatabase, crate::Requirement::Redis])
            .unwrap_err();
        assert_eq!(errors.0.len(), 2);
    }
}
