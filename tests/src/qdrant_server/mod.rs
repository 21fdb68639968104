//! A Qdrant server on loopback, of its own protocol: exact, in memory, and with what goes wrong when told to.
mod collections;
mod filter;
mod points;
mod unsupported;

use qdrant_client::qdrant::collections_server::CollectionsServer;
use qdrant_client::qdrant::points_server::PointsServer;
use qdrant_client::qdrant::qdrant_server::{Qdrant, QdrantServer as HealthServer};
use qdrant_client::qdrant::{
    CreateCollection, CreateFieldIndexCollection, Filter, HealthCheckReply, HealthCheckRequest, QueryPoints, Value,
};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::net::TcpListener;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::watch;
use tokio_util::sync::{CancellationToken, DropGuard};
use tonic::transport::Server;
use tonic::transport::server::TcpIncoming;
use tonic::{Request, Response, Status};
use uuid::Uuid;

/// How the server behaves until it is told otherwise.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum QdrantMischief {
    #[default]
    None,
    /// Every call is refused, as by a node that is starting.
    Unavailable,
    /// Writes are refused, as by a full disk; searches are answered.
    ReadOnly,
    /// What would bring a collection beyond so many points is refused, as by a disk that has filled up; searches are answered.
    FullAt(usize),
    /// Every answer comes this much later.
    Slow(Duration),
    /// The next write comes only when [`QdrantDouble::deliver`] says so, as of a client that was stopped while it sent; the one after that is refused. Others, meanwhile, are done.
    Late,
    /// Searches are held until it behaves otherwise, and answered then.
    HoldsSearches,
}

/// A point, as it was put.
#[derive(Clone, Debug)]
pub struct QdrantPoint {
    /// Of length 1.
    pub vector: Vec<f32>,
    pub payload: HashMap<String, Value>,
}

impl QdrantPoint {
    pub fn text(&self, field: &str) -> &str {
        self.payload
            .get(field)
            .and_then(|value| value.as_str())
            .map_or("", String::as_str)
    }
}

#[derive(Default)]
struct Collection {
    dimensions: usize,
    indexed: HashSet<String>,
    /// By id, so that what is equally near has an order.
    points: BTreeMap<String, QdrantPoint>,
}

#[derive(Default)]
struct Desk {
    collections: Mutex<HashMap<String, Collection>>,
    mischief: Mutex<QdrantMischief>,
    /// What searches and deletions were narrowed to.
    filters: Mutex<Vec<Filter>>,
    /// What the double itself does not heed, being exact and in memory: what it was asked for, in order.
    made: Mutex<Vec<CreateCollection>>,
    fields: Mutex<Vec<CreateFieldIndexCollection>>,
    searches: Mutex<Vec<QueryPoints>>,
    /// How often each chunk was put.
    puts: Mutex<HashMap<String, usize>>,
    late: watch::Sender<Late>,
    /// How many searches are held.
    held: watch::Sender<usize>,
}

/// Where the write that comes late is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Late {
    #[default]
    None,
    Held,
    Released,
    /// It was done; the next is refused.
    Done,
}

/// Ends with it.
pub struct QdrantDouble {
    pub url: String,
    desk: Arc<Desk>,
    _stop: DropGuard,
}

/// What clients must send as `api-key`.
pub const QDRANT_KEY: &str = "the-key-of-qdrant";

impl QdrantDouble {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        listener.set_nonblocking(true).unwrap();
        let incoming = TcpIncoming::from(tokio::net::TcpListener::from_std(listener).unwrap());
        let desk = Arc::new(Desk::default());
        let stop = CancellationToken::new();
        let stopped = stop.clone().cancelled_owned();
        // As large as the real one's: 64 MB.
        let most = 64 << 20;
        let server = Server::builder()
            .add_service(HealthServer::with_interceptor(Service(desk.clone()), with_key))
            .add_service(tonic::service::interceptor::InterceptedService::new(
                CollectionsServer::new(Service(desk.clone())),
                with_key,
            ))
            .add_service(tonic::service::interceptor::InterceptedService::new(
                PointsServer::new(Service(desk.clone())).max_decoding_message_size(most),
                with_key,
            ))
            .serve_with_incoming_shutdown(incoming, stopped);
        #[allow(clippy::disallowed_methods, reason = "ends with the double")]
        tokio::spawn(server);
        Self {
            url: format!("http://{address}"),
            desk,
            _stop: stop.drop_guard(),
        }
    }

    /// The settings of an installation that has this server.
    pub fn settings(&self) -> Vec<(&'static str, String)> {
        vec![
            ("qdrant.url", self.url.clone()),
            ("qdrant.api_key", QDRANT_KEY.to_owned()),
            ("qdrant.timeout_ms", "2000".to_owned()),
        ]
    }

    pub fn behave(&self, mischief: QdrantMischief) {
        *lock(&self.desk.mischief) = mischief;
        let _ = self.desk.held.send_replace(0);
    }

    /// Returns once a search is held, see [`QdrantMischief::HoldsSearches`].
    pub async fn holds_a_search(&self) {
        let _ = self.desk.held.subscribe().wait_for(|held| *held > 0).await.unwrap();
    }

    /// Returns once a write is held, see [`QdrantMischief::Late`].
    pub async fn holds_one(&self) {
        let _ = self
            .desk
            .late
            .subscribe()
            .wait_for(|late| *late == Late::Held)
            .await
            .unwrap();
    }

    /// Has the write that is held done, and returns then.
    pub async fn deliver(&self) {
        let mut late = self.desk.late.subscribe();
        let _ = self.desk.late.send_replace(Late::Released);
        let _ = late.wait_for(|late| *late != Late::Released).await.unwrap();
    }

    /// Loses everything, as a server does whose disk was replaced.
    pub fn wipe(&self) {
        lock(&self.desk.collections).clear();
    }

    /// Loses every chunk and nothing else, as a server does that was set back to an earlier moment of its own.
    pub fn lose_chunks(&self) {
        for collection in lock(&self.desk.collections).values_mut() {
            collection.points.retain(|_, point| point.text("chunk_id").is_empty());
        }
    }

    /// What every cursor says of the era goes, as a release wrote it that knew none.
    pub fn forget_eras(&self) {
        for collection in lock(&self.desk.collections).values_mut() {
            for point in collection.points.values_mut() {
                point.payload.remove("era");
            }
        }
    }

    /// Has a point that nobody put there as far as anybody knows.
    pub fn add(&self, point: &QdrantPoint) {
        for collection in lock(&self.desk.collections).values_mut() {
            collection.points.insert(Uuid::new_v4().to_string(), point.clone());
        }
    }

    /// Every point of every collection that is a chunk's.
    pub fn chunks(&self) -> Vec<QdrantPoint> {
        let collections = lock(&self.desk.collections);
        let points = collections.values().flat_map(|collection| collection.points.values());
        points
            .filter(|point| !point.text("chunk_id").is_empty())
            .cloned()
            .collect()
    }

    /// Every point there is.
    pub fn points(&self) -> usize {
        let collections = lock(&self.desk.collections);
        collections.values().map(|collection| collection.points.len()).sum()
    }

    /// Name, dimensions and indexed fields of each collection.
    pub fn collections(&self) -> Vec<(String, usize, Vec<String>)> {
        let collections = lock(&self.desk.collections);
        let described = collections.iter().map(|(name, collection)| {
            let mut indexed: Vec<String> = collection.indexed.iter().cloned().collect();
            indexed.sort_unstable();
            (name.clone(), collection.dimensions, indexed)
        });
        described.collect()
    }

    /// What every search and deletion since the last call was narrowed to.
    pub fn take_filters(&self) -> Vec<Filter> {
        std::mem::take(&mut lock(&self.desk.filters))
    }

    /// Every collection as it was asked for.
    pub fn made(&self) -> Vec<CreateCollection> {
        lock(&self.desk.made).clone()
    }

    /// Every index of a field as it was asked for.
    pub fn fields(&self) -> Vec<CreateFieldIndexCollection> {
        lock(&self.desk.fields).clone()
    }

    /// Every search as it was asked for.
    pub fn searches(&self) -> Vec<QueryPoints> {
        lock(&self.desk.searches).clone()
    }

    /// How many chunks were put more than once.
    pub fn put_again(&self) -> usize {
        lock(&self.desk.puts).values().filter(|puts| **puts > 1).count()
    }
}

/// One of the server's services.
struct Service(Arc<Desk>);

impl Service {
    async fn read(&self) -> Result<MutexGuard<'_, HashMap<String, Collection>>, Status> {
        self.enter(false).await
    }

    async fn write(&self) -> Result<MutexGuard<'_, HashMap<String, Collection>>, Status> {
        self.enter(true).await
    }

    async fn enter(&self, writes: bool) -> Result<MutexGuard<'_, HashMap<String, Collection>>, Status> {
        let mischief = *lock(&self.0.mischief);
        match mischief {
            QdrantMischief::Unavailable => return Err(Status::unavailable("the node is starting")),
            QdrantMischief::ReadOnly if writes => {
                return Err(no_space());
            }
            QdrantMischief::Slow(late) => tokio::time::sleep(late).await,
            QdrantMischief::Late if writes => return self.enter_late().await,
            QdrantMischief::Late
            | QdrantMischief::None
            | QdrantMischief::ReadOnly
            | QdrantMischief::FullAt(_)
            | QdrantMischief::HoldsSearches => {}
        }
        Ok(lock(&self.0.collections))
    }

    async fn hold_search(&self) {
        let mischief = *lock(&self.0.mischief);
        if mischief == QdrantMischief::HoldsSearches {
            let mut held = self.0.held.subscribe();
            self.0.held.send_modify(|held| *held += 1);
            drop(held.wait_for(|held| *held == 0).await);
        }
    }

    async fn enter_late(&self) -> Result<MutexGuard<'_, HashMap<String, Collection>>, Status> {
        let mut was = Late::None;
        self.0.late.send_modify(|late| {
            was = *late;
            *late = match was {
                Late::None => Late::Held,
                Late::Done => Late::None,
                Late::Held | Late::Released => was,
            };
        });
        match was {
            Late::None => {
                let mut late = self.0.late.subscribe();
                drop(late.wait_for(|late| *late == Late::Released).await);
                let collections = lock(&self.0.collections);
                let _ = self.0.late.send_replace(Late::Done);
                Ok(collections)
            }
            Late::Done => {
                *lock(&self.0.mischief) = QdrantMischief::None;
                // Of a kind that the client does not send again by itself.
                Err(Status::resource_exhausted("too many requests"))
            }
            Late::Held | Late::Released => Ok(lock(&self.0.collections)),
        }
    }
}

#[tonic::async_trait]
impl Qdrant for Service {
    async fn health_check(&self, _: Request<HealthCheckRequest>) -> Result<Response<HealthCheckReply>, Status> {
        drop(self.read().await?);
        Ok(Response::new(HealthCheckReply {
            title: "a double".to_owned(),
            version: "1.15.0".to_owned(),
            commit: None,
        }))
    }
}

fn with_key(request: Request<()>) -> Result<Request<()>, Status> {
    let key = request.metadata().get("api-key").and_then(|key| key.to_str().ok());
    match key == Some(QDRANT_KEY) {
        true => Ok(request),
        false => Err(Status::unauthenticated(
            "Must provide an API key or an Authorization bearer token",
        )),
    }
}

fn no_space() -> Status {
    Status::internal("Service internal error: No space left on device")
}

fn not_found(collection: &str) -> Status {
    Status::not_found(format!("Not found: Collection `{collection}` doesn't exist!"))
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
