use crate::extract::Fields;
use crate::{Problem, ProblemCode};
use integrations::http::{OutboundPolicy, web_url_faults};
use jobs::kinds::NAMES;
use jobs::{Catalogue, CatalogueEntry, FieldError};
use serde_json::{Map, Value};
use store::TenantTx;

/// The most attempts that a client may ask for.
pub(crate) const MAX_ATTEMPTS: i64 = 20;

/// The most that the payload of a job may be, as JSON. The kinds that clients submit need far less: the longest field of theirs has 2,000 bytes.
const PAYLOAD_BYTES_MAX: usize = 256 << 10;

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
/// `unknown_kind`; a payload that is too large; every field of the payload that is wrong.
pub(crate) fn check_kind(
    what: Submittable<'_>,
    kind: &str,
    payload: Option<Value>,
) -> Result<(CatalogueEntry, Value), Vec<FieldError>> {
    let given = payload.unwrap_or_else(|| Value::Object(Map::new()));
    let too_large = payload_size_fault(&given);
    let Ok(entry) = what.catalogue.find(kind) else {
        let unknown = std::iter::once(unknown_kind(what.catalogue, kind));
        return Err(unknown.chain(too_large).collect());
    };
    let mut of_address = address_faults(entry, &given, what.outgoing);
    let checked = entry.check(given);
    let mut errors: Vec<FieldError> = too_large.into_iter().collect();
    match checked {
        Ok(payload) if errors.is_empty() && of_address.is_empty() => return Ok((*entry, payload)),
        Ok(_) => {}
        Err(faults) => {
            of_address.retain(|fault| faults.iter().all(|told| told.field != fault.field));
            errors.extend(faults);
        }
    }
    errors.extend(of_address);
    Err(errors)
}

/// The kind that a field names, whether clients may submit it or not; notes that it is none.
pub(crate) fn known_kind(fields: &mut Fields, name: &str, kind: String) -> Option<String> {
    if NAMES.contains(&kind.as_str()) {
        return Some(kind);
    }
    fields.error(name, ProblemCode::UnknownKind.as_str(), no_kind());
    None
}

/// Of jobs that were looked for by a kind: that there is such a kind, where none was found. Who misspells the one of a flood that is to be stopped reads why, not that
/// there were none; jobs that another release made are found as long as they are kept. Asked only after the jobs were: no index holds kinds, and all jobs of a tenant are many.
///
/// # Errors
/// What `refuse` makes of it: [`Problem::invalid`] of a body, [`Problem::invalid_query`] of a query.
pub(crate) fn require_kind(
    kind: Option<&str>,
    is_found: bool,
    refuse: fn(Vec<FieldError>) -> Problem,
) -> Result<(), Problem> {
    if is_found || kind.is_none_or(|kind| NAMES.contains(&kind)) {
        return Ok(());
    }
    let fault = FieldError::new("kind", ProblemCode::UnknownKind.as_str(), no_kind());
    Err(refuse(vec![fault]))
}

fn no_kind() -> String {
    format!("is no kind of job; there are {}", NAMES.join(", "))
}

/// That a payload is larger than any kind's may be, whatever its kind.
pub(crate) fn payload_size_fault(payload: &Value) -> Option<FieldError> {
    (payload.to_string().len() > PAYLOAD_BYTES_MAX).then(|| {
        let message = format!("must have at most {PAYLOAD_BYTES_MAX} bytes as JSON");
        FieldError::new("payload", "too_large", message)
    })
}

fn unknown_kind(catalogue: &Catalogue, kind: &str) -> FieldError {
    let mut kinds: Vec<&str> = catalogue.kinds().collect();
    kinds.sort_unstable();
    let kinds = kinds.join(", ");
    let message = match kind.starts_with("diagnostics.") {
        true => format!(
            "is no kind of job that clients can submit; there are {kinds}, and `diagnostics.enabled` decides whether kinds of diagnostics are"
        ),
        false => format!("is no kind of job that clients can submit; there are {kinds}"),
    };
    FieldError::new("kind", ProblemCode::UnknownKind.as_str(), message)
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
