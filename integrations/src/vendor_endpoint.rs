use crate::IntegrationError;
use crate::http::{GuardedClient, GuardedResponse};
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use serde_json::Value;
use url::Url;

/// Where a vendor's model is called, and with which key.
#[derive(Debug)]
pub(crate) struct VendorEndpoint {
    /// Names the model in errors.
    system: String,
    base_url: Url,
    headers: HeaderMap,
    client: GuardedClient,
}

impl VendorEndpoint {
    /// `key` is the header that carries the key, what stands before it there, and the key.
    ///
    /// # Errors
    /// [`IntegrationError::NotConfigured`] for a key that no header can carry.
    pub(crate) fn new(
        system: &str,
        base_url: Url,
        key: Option<((&'static str, &'static str), &str)>,
        client: GuardedClient,
    ) -> Result<Self, IntegrationError> {
        let mut headers = HeaderMap::new();
        if let Some(((name, before), key)) = key {
            let mut value =
                HeaderValue::from_str(&format!("{before}{key}")).map_err(|_| IntegrationError::NotConfigured {
                    system: system.to_owned(),
                    what_to_do: "its key has characters that no HTTP header can carry".to_owned(),
                })?;
            value.set_sensitive(true);
            headers.insert(HeaderName::from_static(name), value);
        }
        Ok(Self {
            system: system.to_owned(),
            base_url,
            headers,
            client,
        })
    }

    /// One exchange; `path` comes behind the base URL.
    ///
    /// # Errors
    /// As [`GuardedClient::post_json`]; a refusal is an answer.
    pub(crate) async fn post(&self, path: &str, body: &Value) -> Result<GuardedResponse, IntegrationError> {
        let base = self.base_url.as_str().trim_end_matches('/');
        let url = Url::parse(&format!("{base}{path}")).map_err(|error| IntegrationError::NotConfigured {
            system: self.system.clone(),
            what_to_do: format!("correct its base_url: {error}"),
        })?;
        self.client.post_json(&url, self.headers.clone(), body).await
    }
}
