use crate::{Done, Effect, Handle, Heard, JobContext, JobError};
use integrations::IntegrationError;
use integrations::http::{GuardedClient, HeaderMap, HeaderName, HeaderValue};
use jobs::kinds::diagnostics::Call;
use jobs::{Estimate, is_credential_name};
use serde::{Deserialize, Serialize};
use serde_json::json;
use url::Url;
use uuid::Uuid;

impl Handle for Call {
    async fn handle(self, job: JobContext) -> Result<Done, JobError> {
        let url = Url::parse(&self.url)
            .map_err(|error| JobError::permanent("invalid_payload", format!("The address cannot be read: {error}")))?;
        let credential = self.credential.unwrap_or_else(|| credential_of(&url));
        if job.app.settings.models.credentials().contains(&credential) {
            // What a tenant says that its call cost would count as what the installation's key has cost.
            return Err(JobError::permanent(
                "invalid_payload",
                format!("The credential {credential} is this installation's own: give this one another name."),
            ));
        }
        let estimate = Estimate {
            tokens: self.tokens.into(),
            cost_micros: self.cost_micros.into(),
        };
        let heard = Heard::default();
        let post = Post {
            client: job.app.http.clone(),
            heard: heard.clone(),
            url,
            key: self.key,
        };
        let call = job.effect("call", &post);
        let answered = if job.has_done("call").await? {
            call.await?
        } else {
            job.governed(&credential, estimate, &heard, call).await?
        };
        Done::with(&json!({ "status": answered.map(|answered| answered.status) }))
    }
}

/// The host and port of the address, as far as the name of a credential can say them.
fn credential_of(url: &Url) -> String {
    let host = url.host_str().unwrap_or("none");
    let port = url.port_or_known_default().unwrap_or(0);
    let sayable = |c: char| {
        if is_credential_name(c.encode_utf8(&mut [0; 4])) {
            c
        } else {
            '-'
        }
    };
    let host: String = host.chars().map(sayable).take(190).collect();
    format!("{host}:{port}")
}

#[derive(Serialize)]
struct Post {
    #[serde(skip)]
    client: GuardedClient,
    #[serde(skip)]
    heard: Heard,
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
        let body = json!({ "key": self.key });
        let answer = self
            .heard
            .exchange(self.client.post_json(&self.url, headers, &body))
            .await?;
        let status = answer.status.as_u16();
        answer.success().map(|_| Posted { status })
    }
}
