use super::Caller;
use super::parameters::refuse_surplus;
use super::scope::Scope;
use crate::{ApiState, Problem};
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use std::marker::PhantomData;

/// A caller whose key has the scope `S`, and whose request has no query parameters where none are taken.
pub(crate) struct Authorized<S> {
    pub(crate) caller: Caller,
    scope: PhantomData<S>,
}

impl<S: Scope> FromRequestParts<ApiState> for Authorized<S> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &ApiState) -> Result<Self, Problem> {
        let caller = Caller::from_request_parts(parts, state).await?;
        caller.require(S::NAME)?;
        refuse_surplus(parts, state).await?;
        Ok(Self {
            caller,
            scope: PhantomData,
        })
    }
}
