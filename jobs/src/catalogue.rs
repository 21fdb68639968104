use crate::kinds::{SyncSource, diagnostics};
use crate::payload_fault::payload_faults;
use crate::{FieldError, Kind, Pool};
use serde_json::Value;
use store::{SourceId, StoreError, TenantTx, sources};

/// What the API needs to know of a kind that clients may submit.
#[derive(Clone, Copy, Debug)]
pub struct CatalogueEntry {
    pub kind: &'static str,
    pub pool: Pool,
    pub payload_version: i16,
    pub max_attempts: i16,
    pub scope: &'static str,
    /// The field of the payload that says which address is called.
    pub address: Option<&'static str>,
    diagnostic: bool,
    validate: fn(Value) -> Result<Value, Vec<FieldError>>,
    source: fn(&Value) -> Option<SourceId>,
}

impl CatalogueEntry {
    fn of<K: Kind>() -> Option<Self> {
        Some(Self {
            kind: K::NAME,
            pool: K::POOL,
            payload_version: K::VERSION,
            max_attempts: K::RETRY.max_attempts,
            scope: K::SUBMIT_SCOPE?,
            address: K::ADDRESS,
            diagnostic: K::DIAGNOSTIC,
            validate: validate::<K>,
            source: source::<K>,
        })
    }

    /// Checks a payload and returns it as it will be stored, defaults filled in.
    ///
    /// # Errors
    /// Every field that is wrong, named from `payload` down.
    pub fn check(&self, payload: Value) -> Result<Value, Vec<FieldError>> {
        (self.validate)(payload)
    }

    /// What a payload that was checked names, and is not there or is being deleted.
    ///
    /// # Errors
    /// [`StoreError::Query`].
    pub async fn missing(&self, tx: &mut TenantTx, payload: &Value) -> Result<Option<FieldError>, StoreError> {
        let Some(source) = (self.source)(payload) else {
            return Ok(None);
        };
        match sources::find(tx, source).await {
            Ok(_) => Ok(None),
            Err(StoreError::NotFound { .. }) => Ok(Some(FieldError::new(
                "payload.source_id",
                "not_found",
                "names no source",
            ))),
            Err(error) => Err(error),
        }
    }
}

fn source<K: Kind>(payload: &Value) -> Option<SourceId> {
    K::deserialize(payload).ok()?.source()
}

fn validate<K: Kind>(payload: Value) -> Result<Value, Vec<FieldError>> {
    let kind = K::deserialize(&payload).map_err(|_| payload_faults::<K>(&payload))?;
    let errors: Vec<FieldError> = kind
        .validate()
        .into_iter()
        .map(|error| FieldError {
            field: format!("payload.{}", error.field),
            ..error
        })
        .collect();
    if errors.is_empty() {
        serde_json::to_value(kind).map_err(|error| {
            vec![FieldError::new(
                "payload",
                "invalid",
                format!("cannot be kept: {error}"),
            )]
        })
    } else {
        Err(errors)
    }
}

/// Why a kind cannot be submitted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SubmitError {
    UnknownKind,
}

/// The kinds that clients may submit.
#[derive(Clone, Debug)]
pub struct Catalogue {
    entries: Vec<CatalogueEntry>,
}

impl Catalogue {
    #[must_use]
    pub fn new(diagnostics: bool) -> Self {
        let all = [
            CatalogueEntry::of::<SyncSource>(),
            CatalogueEntry::of::<diagnostics::Noop>(),
            CatalogueEntry::of::<diagnostics::Sleep>(),
            CatalogueEntry::of::<diagnostics::Fail>(),
            CatalogueEntry::of::<diagnostics::Call>(),
        ];
        Self {
            entries: all
                .into_iter()
                .flatten()
                .filter(|entry| diagnostics || !entry.diagnostic)
                .collect(),
        }
    }

    /// What the kinds are called.
    pub fn kinds(&self) -> impl Iterator<Item = &'static str> {
        self.entries.iter().map(|entry| entry.kind)
    }

    /// # Errors
    /// [`SubmitError::UnknownKind`], also for kinds that exist but are not for clients.
    pub fn find(&self, kind: &str) -> Result<&CatalogueEntry, SubmitError> {
        self.entries
            .iter()
            .find(|entry| entry.kind == kind)
            .ok_or(SubmitError::UnknownKind)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use serde_json::json;

    #[test]
    fn diagnostics_are_there_only_where_they_are_enabled() {
        assert!(Catalogue::new(false).find("diagnostics.noop").is_err());
        assert!(Catalogue::new(true).find("diagnostics.noop").is_ok());
        assert!(Catalogue::new(true).find("ingest_document").is_err());
    }

    #[test]
    fn a_bad_payload_names_its_field() {
        let catalogue = Catalogue::new(true);
        let errors = catalogue
            .find("diagnostics.sleep")
            .unwrap()
            .check(json!({"ms": 1_u64 << 40}))
            .unwrap_err();
        assert_eq!(errors[0].field, "payload.ms");
        let fault = |payload: Value| {
            let mut errors = catalogue.find("diagnostics.sleep").unwrap().check(payload).unwrap_err();
            let FieldError { field, code, message } = errors.remove(0);
            format!("{field} {code}: {message}")
        };
        assert_eq!(fault(json!({})), "payload.ms required: is required");
        let whole = "payload.ms type: must be a whole number, 0 or more";
        assert_eq!(fault(json!({"ms": "x"})), whole);
        assert_eq!(fault(json!({"ms": null})), whole);
        assert_eq!(
            fault(json!({"ms": -4})),
            "payload.ms invalid: must be a whole number, 0 or more"
        );
        assert_eq!(
            fault(json!({"ms": 1, "sm": 2})),
            "payload.sm unknown: is not a field of this kind's payload"
        );
        assert!(
            catalogue
                .find("diagnostics.noop")
                .unwrap()
                .check(json!({"x": 1}))
                .is_err()
        );
    }
}
