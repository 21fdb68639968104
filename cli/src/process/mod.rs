//! What the commands that run a part of the system share: settings, telemetry, connections, signals.
mod admin;
mod api_part;
mod connect;
mod gauges;
mod local_model;
mod metric_help;
mod models;
mod settings;
mod signals;
mod telemetry;
mod worker_part;

pub(crate) use self::admin::{AdminAddress, AdminPart};
pub(crate) use self::api_part::{ApiAddress, ApiPart};
pub(crate) use self::connect::{Connections, outgoing_client};
pub(crate) use self::local_model::{embedder_settings, local_embedder, local_embedders, refuse_other_weights};
pub(crate) use self::models::{embedding_models, model_client, rerankers};
pub(crate) use self::settings::load_settings;
pub(crate) use self::signals::{Signals, until_told_to_stop};
pub(crate) use self::telemetry::Telemetry;
pub(crate) use self::worker_part::{WorkerPart, parser_program};
