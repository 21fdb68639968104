use crate::Problem;
use integrations::http::{OutboundPolicy, web_url_faults};
use jobs::{Catalogue, CatalogueEntry, FieldError};
use serde_json::{Map, Value};
use store::TenantTx;

/// The most attempts that a client may ask for.
pub(crate) const MAX_ATTEMPTS: i64 = 20;

/// What clients may submit here.
#[derive(Clone, Copy)]
pub(crate) struct Submittable<'a> {
    pub(crate) catalogue: &'a Catalogue,
    /// Which addresses this installation may call.
    pub(crate) outgoing: OutboundPolicy,
}

/// A kind that clients may submit, and the payload as it will be stored; `{}` when absent.
///
/// # Errors
/// `unknown_kind`; every field of the payload that is wrong.
pub(crate) fn check_kind(
    what: Submittable<'_>,
    kind: &str,
    payload: Option<Value>,
) -> Result<(CatalogueEntry, Value), Vec<FieldError>> {
    let unknown = |_| {
        let mut kinds: Vec<&str> = what.catalogue.kinds().collect();
        kinds.sort_unstable();
        let kinds = kinds.join(", ");
        let message = match kind.starts_with("diagnostics.") {
            true => format!(
                "is no kind of job that clients can submit; there are {kinds}, and `diagnostics.enabled` decides whether kinds of diagnostics are"
            ),
            false => format!("is no kind of job that clients can submit; there are {kinds}"),
        };
        vec![FieldError::new("kind", "unknown_kind", message)]
    };
    let entry = *what.catalogue.find(kind).map_err(unknown)?;
    let given = payload.unwrap_or_else(|| Value::Object(Map::new()));
    let of_address = address_faults(&entry, &given, what.outgoing);
    match entry.check(given) {
        Ok(payload) if of_address.is_empty() => Ok((entry, payload)),
        Ok(_) => Err(of_address),
        Err(mut errors) => {
            let told = |fault: &FieldError| errors.iter().any(|error| error.field == fault.field);
            let others: Vec<FieldError> = of_address.into_iter().filter(|fault| !told(fault)).collect();
            errors.extend(others);
            Err(errors)
        }
    }
}

/// What is wrong with the address that a payload names, if its kind calls one.
fn address_faults(entry: &CatalogueEntry, payload: &Value, outgoing: OutboundPolicy) -> Vec<FieldError> {
    let address = entry
        .address
        .and_then(|name| Some((name, payload.get(name)?.as_str()?)));
    let Some((name, url)) = address else {
        return Vec::new();
    };
    let faults = web_url_faults(url, outgoing).into_iter();
    faults
        .map(|fault| FieldError::new(format!("payload.{name}"), fault.code, fault.message))
        .collect()
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
