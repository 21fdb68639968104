//! Resources as the API shows them.
mod batch;
mod budget;
mod chunk;
mod dead_group;
mod dead_letter;
mod document;
mod effect;
mod full_job;
mod job;
mod job_results;
mod kept_result;
mod knowledge_base;
mod limit;
mod model;
mod page;
mod pause;
mod schedule;
mod source;
mod step;
mod webhook;
mod webhook_delivery;
mod why;

pub(crate) use self::batch::BatchObject;
pub(crate) use self::budget::BudgetObject;
pub(crate) use self::chunk::ChunkObject;
pub(crate) use self::dead_group::DeadGroupObject;
pub(crate) use self::dead_letter::DeadLetterObject;
pub(crate) use self::document::DocumentObject;
pub(crate) use self::effect::EffectObject;
pub(crate) use self::full_job::FullJob;
pub(crate) use self::job::JobObject;
pub(crate) use self::job_results::{
    AnswerJob, CheckJob, DocumentJob, KnowledgeBaseDeletionJob, SearchJob, SourceDeletionJob, SourceSyncJob,
};
pub(crate) use self::kept_result::fill_in;
pub(crate) use self::knowledge_base::KnowledgeBaseObject;
pub(crate) use self::limit::LimitObject;
pub(crate) use self::model::ModelObject;
pub(crate) use self::page::Page;
pub(crate) use self::pause::PauseObject;
pub(crate) use self::schedule::{FiringObject, ScheduleDetails, ScheduleObject};
pub(crate) use self::source::{SourceItemObject, SourceObject, SourceSyncObject};
pub(crate) use self::step::StepObject;
pub(crate) use self::webhook::{WebhookObject, WebhookSecretObject};
pub(crate) use self::webhook_delivery::WebhookDeliveryObject;
pub(crate) use self::why::WhyObject;
