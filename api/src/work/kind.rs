use crate::Problem;
use jobs::{Catalogue, CatalogueEntry, FieldError};
use serde_json::{Map, Value};
use store::TenantTx;

/// The most attempts that a client may ask for.
pub(crate) const MAX_ATTEMPTS: i64 = 20;

/// A kind that clients may submit, and the payload as it will be stored; `{}` when absent.
///
/// # Errors
/// `unknown_kind`; every field of the payload that is wrong.
pub(crate) fn check_kind(
    catalogue: &Catalogue,
    kind: &str,
    payload: Option<Value>,
) -> Result<(CatalogueEntry, Value), Vec<FieldError>> {
    let unknown = |_| {
        let message = "is no kind of job that clients can submit";
        vec![FieldError::new("kind", "unknown_kind", message)]
    };
    let entry = *catalogue.find(kind).map_err(unknown)?;
    let payload = entry.check(payload.unwrap_or_else(|| Value::Object(Map::new())))?;
    Ok((entry, payload))
}

/// `at`: where the job stands in the body, with a dot behind it.
///
/// # Errors
/// Not found, when the payload names what is not there.
pub(crate) async fn require_named(
    tx: &mut TenantTx,
    entry: &CatalogueEntry,
    payload: &Value,
    at: &str,
) -> Result<(), Problem> {
    match entry.missing(tx, payload).await? {
        None => Ok(()),
        Some(missing) => Err(Problem::not_found_in(vec![FieldError {
            field: format!("{at}{}", missing.field),
            ..missing
        }])),
    }
}
