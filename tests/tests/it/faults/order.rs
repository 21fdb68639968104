//! A call as a connector makes it: its vendor can be asked what became of it.
use integrations::IntegrationError;
use integrations::http::{GuardedClient, HeaderMap};
use jobs::{Kind, Pool};
use serde::{Deserialize, Serialize};
use serde_json::json;
use tests::FakeVendor;
use url::Url;
use uuid::Uuid;
use workers::{Done, Effect, Handle, JobContext, JobError, LookedUp};

#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Order {
    url: String,
    /// The vendor does not say what became of it.
    in_the_dark: bool,
}

impl Order {
    pub(super) fn with(vendor: &FakeVendor) -> Self {
        Self {
            url: format!("{}/calls", vendor.url),
            in_the_dark: false,
        }
    }

    pub(super) fn in_the_dark(vendor: &FakeVendor) -> Self {
        Self {
            in_the_dark: true,
            ..Self::with(vendor)
        }
    }
}

impl Kind for Order {
    const NAME: &'static str = "tests.order";
    const POOL: Pool = Pool::General;
}

impl Handle for Order {
    async fn handle(self, job: JobContext) -> Result<Done, JobError> {
        let order = PlaceOrder {
            client: job.app.http.clone(),
            order: self,
        };
        Done::with(&json!({"answered": job.effect("order", &order).await?}))
    }
}

#[derive(Serialize)]
struct PlaceOrder {
    #[serde(skip)]
    client: GuardedClient,
    order: Order,
}

impl Effect for PlaceOrder {
    type Response = String;

    async fn call(&self, key: Uuid) -> Result<String, IntegrationError> {
        let headers = HeaderMap::from_iter([("idempotency-key".parse().unwrap(), key.to_string().parse().unwrap())]);
        let url = Url::parse(&self.order.url).unwrap();
        self.client.post_json(&url, headers, &json!({})).await?.success()?;
        Ok("placed".to_owned())
    }

    async fn look_up(&self, key: Uuid) -> Result<LookedUp<String>, IntegrationError> {
        if self.order.in_the_dark {
            return Err(IntegrationError::Timeout {
                system: "the vendor".to_owned(),
            });
        }
        let url = Url::parse(&format!("{}/{key}", self.order.url)).unwrap();
        let answer = self.client.get(&url, HeaderMap::new()).await?;
        Ok(if answer.status.as_u16() == 404 {
            LookedUp::NotDone
        } else {
            answer.success()?;
            LookedUp::Done("found".to_owned())
        })
    }
}
