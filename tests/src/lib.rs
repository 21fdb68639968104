//! What the tests work with: the real router and the real workers on a Postgres database and a Redis prefix of their own, as the
//! roles of production.
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "tests"
)]
mod app;
pub mod chaos;
mod client;
mod connections;
mod database;
mod embedder;
mod embedding_vendor;
mod environment;
mod far_ahead;
mod file_server;
mod limited_vendor;
mod links;
mod pictures;
mod processes;
mod proxy;
mod qdrant_server;
mod receiver;
mod rerank_vendor;
mod served;
mod site;
mod vendor;
mod workspace;

pub use self::app::{MASTER_KEY, TestApp, TestOptions, eventually};
pub use self::client::{Answered, Client};
pub use self::database::TestDatabase;
pub use self::embedder::HashingEmbedder;
pub use self::embedding_vendor::{EmbeddingMischief, EmbeddingVendor, VendorCall};
pub use self::environment::{Environment, evaluation_data};
pub use self::far_ahead::far_ahead;
pub use self::file_server::FileServer;
pub use self::limited_vendor::{LimitedVendor, Says, VendorLimit};
pub use self::pictures::{Picture, grey_png, shown_on};
pub use self::processes::{Process, Servers, binary, dispatch_backend, free_port, lasting_port, model_settings};
pub use self::proxy::Proxy;
pub use self::qdrant_server::{QDRANT_KEY, QdrantDouble, QdrantMischief, QdrantPoint};
pub use self::receiver::{Answer, Received, Receiver};
pub use self::rerank_vendor::{RerankMischief, RerankVendor};
pub use self::site::{FakeSite, SitePage, SiteRequest};
pub use self::vendor::{Behaviour, FakeVendor};
pub use self::workspace::workspace_root;
