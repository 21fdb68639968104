//! Resources as the API shows them.
mod chunk;
mod dead_letter;
mod document;
mod effect;
mod full_job;
mod job;
mod job_results;
mod kept_result;
mod knowledge_base;
mod limit;
mod page;
mod pause;
mod why;

pub(crate) use self::chunk::ChunkObject;
pub(crate) use self::dead_letter::DeadLetterObject;
pub(crate) use self::document::DocumentObject;
pub(crate) use self::effect::EffectObject;
pub(crate) use self::full_job::FullJob;
pub(crate) use self::job::JobObject;
pub(crate) use self::job_results::{AnswerJob, CheckJob, DocumentJob, KnowledgeBaseDeletionJob, SearchJob};
pub(crate) use self::kept_result::fill_in;
pub(crate) use self::knowledge_base::KnowledgeBaseObject;
pub(crate) use self::limit::LimitObject;
pub(crate) use self::page::Page;
pub(crate) use self::pause::PauseObject;
pub(crate) use self::why::WhyObject;
