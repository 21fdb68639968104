use crate::{Done, Effect, Handle, JobContext, JobError};
use integrations::IntegrationError;
use integrations::http::{GuardedClient, HeaderMap, HeaderName, HeaderValue};
use jobs::kinds::diagnostics::Call;
use serde::{Deserialize, Serialize};
use serde_json::json;
use url::Url;
use uuid::Uuid;

impl Handle for Call {
    async fn handle(self, job: JobContext) -> Result<Done, JobError> {
        let url = Url::parse(&self.url)
            .map_err(|error| JobError::permanent("invalid_payload", format!("The address cannot be read: {error}")))?;
        let post = Post {
            client: job.app.http.clone(),
            url,
            key: self.key,
        };
        let answered = job.effect("call", &post).await?;
        Done::with(&json!({ "status": answered.map(|answered| answered.status) }))
    }
}

#[derive(Serialize)]
struct Post {
    #[serde(skip)]
    client: GuardedClient,
    url: Url,
    key: String,
}

#[derive(Serialize, Deserialize)]
struct Posted {
    status: u16,
}

impl Effect for Post {
    type Response = Posted;

    async fn call(&self, key: Uuid) -> Result<Posted, IntegrationError> {
        let mut headers = HeaderMap::new();
        let value = HeaderValue::from_str(&key.to_string()).map_err(|error| IntegrationError::Rejected {
            system: "the request".to_owned(),
            reason: error.to_string(),
        })?;
        headers.insert(HeaderName::from_static("idempotency-key"), value);
        let answer = self
            .client
            .post_json(&self.url, headers, &json!({ "key": self.key }))
            .await?;
        let status = answer.status.as_u16();
        answer.success().map(|_| Posted { status })
    }
}
