//! Postgres: schema, models, queries, tenancy. The only crate that writes SQL.
//!
//! Tenant rows are reached in one way: [`Store::tenant`] opens a transaction that Postgres itself has scoped to one tenant
//! and hands it to a closure. Job rows are also moved across tenants, by [`System`], whose role sees nothing else. [`Owner`]
//! migrates and administers.
pub mod api_keys;
pub mod batches;
pub mod blobs;
mod chunk_image;
pub mod chunks;
pub mod collections;
mod connect;
mod connection;
pub mod deletions;
pub mod documents;
pub mod effects;
pub mod embedding_migrations;
pub mod embedding_models;
pub mod embeddings;
mod error;
pub mod evaluations;
pub mod idempotency_keys;
mod ids;
pub mod index_changes;
pub mod inspect;
pub mod jobs;
pub mod knowledge_bases;
pub mod limits;
mod logins;
mod migrate;
mod owner;
pub mod pauses;
pub mod pools;
mod prepared;
pub mod provider_budgets;
pub mod provider_usage;
pub mod replica_cursors;
pub mod schedules;
pub mod schema;
pub mod search_settings;
pub mod secrets;
pub mod sources;
mod store;
mod system;
mod tenant;
pub mod tenants;
pub mod test_sets;
pub mod vector_indexes;
mod vector_store;
mod versions;
pub mod webhooks;
pub mod workers;

pub use self::chunk_image::ChunkImage;
pub use self::error::StoreError;
pub use self::ids::{
    ApiKeyId, BatchId, BlobId, ChunkId, CollectionId, DeletionId, DocumentId, EvaluationId, JobId, KnowledgeBaseId,
    LimitId, PauseId, ScheduleId, SourceId, TenantId, TestQuestionId, TestSetId, WebhookDeliveryId, WebhookId,
};
pub use self::logins::{check_app_login, check_system_login};
pub use self::migrate::{check_migrations, migrate, pending_migrations};
pub use self::owner::Owner;
pub use self::store::{Durability, Store};
pub use self::system::System;
pub use self::tenant::{TenantTx, Work};
pub use self::vector_store::VectorStore;
pub use self::versions::{MINIMUM_POSTGRES, check_server_version};
