//! Changes of what was read.

use reqwest::Method;
use reqwest::header::{ETAG, HeaderValue, IF_MATCH};
use serde_json::Value;

use super::{Client, ClientError};

/// A thing as it was read.
pub(crate) struct Read {
    pub(crate) value: Value,
    tag: Option<HeaderValue>,
}

impl Client {
    /// Reads a thing that is to be changed.
    pub(crate) async fn read(&self, path: &[&str]) -> Result<Read, ClientError> {
        let response = self.send(|| self.request(Method::GET, path)).await?;
        let (route, tag) = (response.url().path().to_owned(), response.headers().get(ETAG).cloned());
        let body = self.body(response).await?;
        let value = serde_json::from_slice(&body).map_err(|error| ClientError::Unreadable {
            route,
            detail: error.to_string(),
        })?;
        Ok(Read { value, tag })
    }

    /// Changes it. Where somebody else has in between, the answer is a problem (412), and nothing is overwritten.
    pub(crate) async fn change(&self, path: &[&str], read: &Read, changes: &Value) -> Result<Value, ClientError> {
        let send = || {
            let request = self.request(Method::PATCH, path).json(changes);
            match &read.tag {
                Some(tag) => request.header(IF_MATCH, tag),
                None => request,
            }
        };
        self.call(send).await.map(|(_, changed)| changed)
    }
}
