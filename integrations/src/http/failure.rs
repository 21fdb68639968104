use super::policy::NOT_PUBLIC;
use super::resolver::AddressRefused;
use crate::IntegrationError;
use std::error::Error;

/// What a failed exchange means. The URL is left out of the text: its path or query may hold a secret.
pub(super) fn failure(system: &str, error: reqwest::Error) -> IntegrationError {
    let system = system.to_owned();
    let error = error.without_url();
    if causes(&error).any(|cause| cause.is::<AddressRefused>()) {
        return IntegrationError::Forbidden {
            system,
            reason: NOT_PUBLIC.into(),
        };
    }
    if error.is_connect() {
        return IntegrationError::Unreachable {
            system,
            reason: chain(&error),
        };
    }
    if error.is_timeout() {
        return IntegrationError::Timeout { system };
    }
    if error.is_builder() {
        return IntegrationError::Rejected {
            system,
            reason: chain(&error),
        };
    }
    IntegrationError::Unavailable {
        system,
        reason: chain(&error),
    }
}

/// The error and what caused it, outermost first.
fn causes<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |&error| error.source())
}

/// All causes in one line: reqwest's own words say little.
fn chain(error: &(dyn Error + 'static)) -> String {
    causes(error).map(ToString::to_string).collect::<Vec<_>>().join(": ")
}
