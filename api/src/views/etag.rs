use crate::Problem;
use crate::extract::json_hash;
use serde::Serialize;

/// A strong entity tag of what is shown: another representation has another one.
///
/// # Errors
/// That it cannot be shown.
pub(crate) fn etag(object: &impl Serialize) -> Result<String, Problem> {
    let shown = serde_json::to_value(object).map_err(|error| Problem::internal(&error))?;
    let half: String = json_hash(&shown)
        .iter()
        .take(16)
        .map(|byte| format!("{byte:02x}"))
        .collect();
    Ok(format!("\"{half}\""))
}
