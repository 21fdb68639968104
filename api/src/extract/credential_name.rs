use crate::{ApiState, Problem};
use axum::extract::{FromRequestParts, RawPathParams};
use axum::http::request::Parts;
use jobs::{FieldError, is_credential_name};

/// The path's `{credential}`. A tenant names its credentials itself, so what cannot be a name is told apart from one that is not there.
pub(crate) struct CredentialName(pub(crate) String);

impl FromRequestParts<ApiState> for CredentialName {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &ApiState) -> Result<Self, Problem> {
        let no_name = || {
            let message = "must be 1 to 200 letters, digits or any of . _ : @ - [ ]";
            Problem::invalid(vec![FieldError::new("credential", "invalid", message)])
        };
        let params = RawPathParams::from_request_parts(parts, state)
            .await
            .map_err(|_| no_name())?;
        params
            .iter()
            .find_map(|(name, value)| (name == "credential").then_some(value))
            .filter(|name| is_credential_name(name))
            .map(|name| Self(name.to_owned()))
            .ok_or_else(no_name)
    }
}
