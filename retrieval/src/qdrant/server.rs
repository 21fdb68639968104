use std::collections::HashSet;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use qdrant_client::{Qdrant, QdrantError};
use tokio::runtime::Handle;

use super::QdrantIndex;
use crate::error::{Error, Result};
use crate::slot::IndexId;

/// How a server is reached, and how collections are made there.
#[derive(Clone)]
pub struct QdrantOptions {
    /// Its gRPC address, such as `http://127.0.0.1:6334`.
    pub url: String,
    pub api_key: Option<String>,
    /// Starts the names of our collections.
    pub collection_prefix: String,
    /// Of one call.
    pub timeout: Duration,
    /// `None`: as the server likes.
    pub shards: Option<u32>,
    pub replication_factor: u32,
}

/// A Qdrant server; cheap to clone. Nothing is connected before the first call, and a lost connection is made anew.
#[derive(Clone)]
pub struct QdrantServer {
    pub(super) inner: Arc<Inner>,
}

pub(super) struct Inner {
    pub(super) client: Qdrant,
    pub(super) options: QdrantOptions,
    /// Where searches, which block, have their calls run.
    pub(super) runtime: Handle,
    /// Collections that were found or made.
    made: Mutex<HashSet<String>>,
}

impl QdrantServer {
    /// To be called within a tokio runtime, whose threads then do the talking.
    pub fn new(options: QdrantOptions) -> Result<Self> {
        let client = Qdrant::from_url(&options.url)
            .api_key(options.api_key.clone())
            .timeout(options.timeout)
            .connect_timeout(options.timeout)
            .keep_alive_while_idle()
            // It would print to the terminal, and connect.
            .skip_compatibility_check()
            .build()?;
        Ok(Self {
            inner: Arc::new(Inner {
                client,
                options,
                runtime: Handle::current(),
                made: Mutex::default(),
            }),
        })
    }

    /// The vectors of one index.
    #[must_use]
    pub fn index(&self, id: IndexId, dimensions: usize) -> QdrantIndex {
        QdrantIndex::new(self.clone(), id, dimensions)
    }

    /// Takes everything of the index off the server, in whichever of our collections it is: of an index whose model nobody knows any more.
    pub async fn remove_everywhere(&self, id: IndexId) -> Result<()> {
        let collections = self.client().list_collections().await?.collections;
        for collection in collections {
            let number = collection
                .name
                .strip_prefix(&self.inner.options.collection_prefix)
                .and_then(|rest| rest.strip_prefix('_')?.parse().ok());
            if let Some(dimensions) = number {
                self.index(id, dimensions).remove().await?;
            }
        }
        Ok(())
    }

    /// The server's version, which says that it answers.
    pub async fn version(&self) -> Result<String> {
        Ok(self.inner.client.health_check().await?.version)
    }

    pub(super) fn client(&self) -> &Qdrant {
        &self.inner.client
    }

    pub(super) fn is_made(&self, collection: &str) -> bool {
        let made = self.inner.made.lock().unwrap_or_else(PoisonError::into_inner);
        made.contains(collection)
    }

    pub(super) fn set_made(&self, collection: &str, is_made: bool) {
        let mut made = self.inner.made.lock().unwrap_or_else(PoisonError::into_inner);
        if is_made {
            made.insert(collection.to_owned());
        } else {
            made.remove(collection);
        }
    }
}

/// Without its key.
impl fmt::Debug for QdrantServer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("QdrantServer")
            .field("url", &self.inner.options.url)
            .finish_non_exhaustive()
    }
}

/// `None` where the collection does not exist.
pub(super) fn found<T>(answer: std::result::Result<T, QdrantError>) -> Result<Option<T>> {
    match answer {
        Ok(found) => Ok(Some(found)),
        Err(QdrantError::ResponseError { status }) if status.code() == tonic::Code::NotFound => Ok(None),
        Err(error) => Err(Error::from(error)),
    }
}
