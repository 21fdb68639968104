use crate::Problem;
use crate::extract::json_hash;
use serde::Serialize;

/// A resource whose changes can be made to depend on what was read (RFC 9110, section 13.1.1).
pub(crate) trait Versioned: Serialize {
    /// What changes without anybody's changing the resource, and is no part of its entity tag: who read it before a tick, a sync or a delivery may still
    /// change it.
    const MOVES_BY_ITSELF: &'static [&'static str] = &[];
}

/// A strong entity tag of what anybody can change: another state has another one.
///
/// # Errors
/// That it cannot be shown.
pub(crate) fn etag<T: Versioned>(object: &T) -> Result<String, Problem> {
    let mut shown = serde_json::to_value(object).map_err(|error| Problem::internal(&error))?;
    if let Some(members) = shown.as_object_mut() {
        members.retain(|name, _| !T::MOVES_BY_ITSELF.contains(&name.as_str()));
    }
    let half: String = json_hash(&shown)
        .iter()
        .take(16)
        .map(|byte| format!("{byte:02x}"))
        .collect();
    Ok(format!("\"{half}\""))
}
