use crate::rate_limits::Limiter;
use crate::routes::jobs::open_streams::OpenStreams;
use crate::work::Submittable;
use config::Settings;
use integrations::http::OutboundPolicy;
use std::sync::Arc;
use store::Store;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// What the handlers share; cheap to clone.
#[derive(Clone)]
pub struct ApiState {
    pub store: Store,
    pub queue: jobs::Queue,
    pub changes: jobs::Changes,
    pub settings: Arc<Settings>,
    pub catalogue: jobs::Catalogue,
    /// Encrypts tenants' secrets; `None` where the installation has no master key.
    pub master_key: Option<store::secrets::MasterKeys>,
    /// The embedding model of a knowledge base that names none.
    pub embedding_model_id: Arc<str>,
    /// Work that outlives its request; wait for it when shutting down.
    pub tasks: TaskTracker,
    /// Cancel it when shutting down: requests that wait for a job answer with it as it is, and event streams end.
    pub stopping: CancellationToken,
    pub(crate) event_streams: OpenStreams,
    pub(crate) limiter: Arc<Limiter>,
}

impl ApiState {
    #[must_use]
    pub fn new(store: Store, queue: jobs::Queue, settings: Arc<Settings>, embedding_model_id: String) -> Self {
        Self {
            limiter: Arc::new(Limiter::new(queue.clone(), settings.rate_limits.clone())),
            changes: jobs::Changes::listen(&queue),
            catalogue: jobs::Catalogue::new(settings.diagnostics.enabled),
            master_key: store::secrets::MasterKeys::of(&settings.secrets),
            store,
            queue,
            settings,
            embedding_model_id: embedding_model_id.into(),
            tasks: TaskTracker::new(),
            stopping: CancellationToken::new(),
            event_streams: OpenStreams::default(),
        }
    }

    /// What clients may submit.
    pub(crate) fn submittable(&self) -> Submittable<'_> {
        Submittable {
            catalogue: &self.catalogue,
            outgoing: OutboundPolicy {
                allow_loopback: self.settings.outgoing.allow_loopback,
                allow_private: self.settings.outgoing.allow_private,
            },
        }
    }

    /// The largest body of a document as JSON: its content, a quarter more for escapes, and the other fields.
    pub(crate) fn max_json_document_bytes(&self) -> usize {
        let server = &self.settings.server;
        server
            .max_document_bytes
            .saturating_add(server.max_document_bytes / 4)
            .saturating_add(server.max_json_bytes)
    }
}
