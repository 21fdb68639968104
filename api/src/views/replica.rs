use chrono::{DateTime, Utc};
use serde::Serialize;
use store::knowledge_bases::KnowledgeBaseHead;
use store::replica_cursors::{ReplicaCursor, SILENT_AFTER_SECS};
use store::vector_indexes::SERVER;
use utoipa::ToSchema;
use uuid::Uuid;

/// A copy of a knowledge base.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Replica)]
pub(crate) struct ReplicaObject {
    /// The place on a machine's disk; of the vector server always the same.
    pub(crate) slot_id: Uuid,
    pub(crate) host: String,
    /// `process`: keyword index and texts, and the vectors where no server has them. `vector_server`: vectors only.
    #[schema(example = "process")]
    pub(crate) kind: &'static str,
    /// Whether it is of the index that is searched; else of the one that a migration keeps beside it, or of one that is about to go.
    pub(crate) searched: bool,
    /// `current`; `behind`: being built, or brought up to date at its next visit or search; `silent`: nobody has heard of it for two minutes.
    #[schema(example = "current")]
    pub(crate) state: &'static str,
    /// The number of the last change that it has.
    pub(crate) index_seq: i64,
    /// The number of the base's last change.
    pub(crate) head_seq: i64,
    /// How far it is, while it is built or brought up to date and that takes longer than a moment.
    pub(crate) progress: Option<ReplicaProgress>,
    /// When it was last heard of.
    pub(crate) seen_at: DateTime<Utc>,
}

/// How far a copy is that is being built.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ReplicaProgress {
    /// The documents that it has taken in.
    pub(crate) documents_done: i64,
    /// Of so many that it lacked, or that have changed.
    pub(crate) documents: i64,
}

impl ReplicaObject {
    pub(crate) fn of(head: &KnowledgeBaseHead, cursor: &ReplicaCursor) -> Self {
        let silent = cursor.silent_secs > SILENT_AFTER_SECS;
        let progress = cursor.documents_done.zip(cursor.documents_all);
        Self {
            slot_id: cursor.slot_id,
            host: cursor.host.clone(),
            kind: match cursor.slot_id == SERVER {
                true => "vector_server",
                false => "process",
            },
            searched: cursor.generation == head.base.index_generation,
            state: match (silent, cursor.seq >= head.seq) {
                (true, _) => "silent",
                (false, true) => "current",
                (false, false) => "behind",
            },
            index_seq: cursor.seq,
            head_seq: head.seq,
            progress: progress.map(|(documents_done, documents)| ReplicaProgress {
                documents_done,
                documents,
            }),
            seen_at: cursor.seen_at,
        }
    }
}
