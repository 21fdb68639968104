use crate::extract::Fields;
use crate::{ApiState, Problem, ProblemCode};
use config::Settings;
use integrations::http::{OutboundPolicy, webhook_url_faults};
use jobs::kinds::NAMES;
use serde_json::{Value, json};
use store::secrets::MasterKeys;
use store::webhooks::{DELIVERY_KIND, EVENT_PATTERNS, EVENT_TYPES};

/// A text of up to 500 characters, which may be empty.
pub(super) fn description(fields: &mut Fields) -> Option<String> {
    let value = fields.value("description")?;
    if value.as_str() == Some("") {
        return Some(String::new());
    }
    fields.check_text("description", value, 1..=500)
}

/// What to be told of: each once.
pub(super) fn events(fields: &mut Fields, value: Value) -> Option<Vec<String>> {
    let known = || EVENT_TYPES.iter().chain(&EVENT_PATTERNS).copied();
    chosen(fields, "events", value, ("invalid", "must be one of"), known)
}

/// Kinds of jobs; `["*"]` for any, which is `Some(None)`.
pub(super) fn kinds(fields: &mut Fields, value: Value) -> Option<Option<Vec<String>>> {
    if value == json!(["*"]) {
        return Some(None);
    }
    let known = || NAMES.into_iter().filter(|name| *name != DELIVERY_KIND);
    let unknown = (ProblemCode::UnknownKind.as_str(), "is no kind of job; there are");
    chosen(fields, "kinds", value, unknown, known).map(Some)
}

fn chosen<I: Iterator<Item = &'static str>>(
    fields: &mut Fields,
    name: &str,
    value: Value,
    (code, complaint): (&str, &str),
    known: impl Fn() -> I,
) -> Option<Vec<String>> {
    let mut chosen = fields.list(name, value, 1..=50, |fields, at, item| {
        let found = item.as_str().filter(|text| known().any(|word| word == *text));
        if found.is_none() {
            let words: Vec<&str> = known().collect();
            fields.error(at, code, format!("{complaint} {}", words.join(", ")));
        }
        found.map(str::to_owned)
    })?;
    chosen.sort_unstable();
    chosen.dedup();
    Some(chosen)
}

/// Notes what is wrong with the address, as this installation may reach addresses.
pub(super) fn check_url(fields: &mut Fields, settings: &Settings) {
    let policy = OutboundPolicy {
        allow_loopback: settings.outgoing.allow_loopback,
        allow_private: settings.outgoing.allow_private,
    };
    let faults = fields.peek_text("url").map(|url| webhook_url_faults(url, policy));
    for fault in faults.into_iter().flatten() {
        fields.error("url", fault.code, fault.message);
    }
}

/// # Errors
/// [`ProblemCode::NotConfigured`].
pub(super) fn master_key(state: &ApiState) -> Result<MasterKeys, Problem> {
    state.master_key.clone().ok_or_else(|| {
        Problem::new(
            ProblemCode::NotConfigured,
            "Webhooks need an encryption key for their secrets, and this installation has none. Its operator sets VISUALKIT_MASTER_KEY.",
        )
    })
}
