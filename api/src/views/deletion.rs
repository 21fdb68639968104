use crate::Problem;
use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value;
use sha2::{Digest, Sha256};
use store::deletions::{Deletion, DeletionReplica, DeletionState, ReplicaState};
use utoipa::ToSchema;
use uuid::Uuid;

/// The receipt of a deletion: ids and counts, no word of what was deleted.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Deletion)]
pub(crate) struct DeletionObject {
    /// Also the id of the job that carries it out.
    pub(crate) id: Uuid,
    /// `accepted` until it is gone from the database, `erasing` until it is gone from every replica, then `complete`. In none of them is it found.
    #[schema(value_type = DeletionStateName)]
    pub(crate) state: DeletionState,
    /// `document`, `knowledge_base`, `source` or `collection`.
    pub(crate) kind: String,
    /// What was to be deleted.
    pub(crate) target_id: Uuid,
    /// The knowledge base that it is, or was in.
    pub(crate) knowledge_base_id: Uuid,
    /// The API key that asked; null: a source's sync found it gone.
    #[schema(required = true)]
    pub(crate) requested_by: Option<Uuid>,
    pub(crate) accepted_at: DateTime<Utc>,
    /// Since when nobody finds it: what hides it was committed with the acceptance.
    pub(crate) unsearchable_at: DateTime<Utc>,
    /// When the last of its rows was deleted.
    #[schema(required = true)]
    pub(crate) erased_at: Option<DateTime<Utc>>,
    /// When no replica had to be waited for any more.
    #[schema(required = true)]
    pub(crate) completed_at: Option<DateTime<Utc>>,
    /// What is gone from the database so far.
    pub(crate) erased: ErasedObject,
    /// The knowledge base's change from which on replicas do without it; null before it is erased, and where the base itself is gone.
    #[schema(required = true)]
    pub(crate) index_seq: Option<i64>,
    /// Replicas that held the knowledge base.
    pub(crate) replicas: Vec<DeletionReplicaObject>,
    /// SHA-256, in hexadecimal, of this object without `digest`, as JSON with its keys sorted and no white space.
    pub(crate) digest: String,
}

/// Counts of what was deleted.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Erased)]
pub(crate) struct ErasedObject {
    pub(crate) documents: i64,
    /// Submissions of them.
    pub(crate) versions: i64,
    pub(crate) chunks: i64,
    /// Vectors that no other document needs.
    pub(crate) embeddings: i64,
    pub(crate) files: i64,
    pub(crate) file_bytes: i64,
    /// Kept answers whose words were taken out.
    pub(crate) kept_answers: i64,
}

/// A replica, as the deletion sees it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DeletionReplica)]
pub(crate) struct DeletionReplicaObject {
    /// The place on a machine's disk.
    pub(crate) slot_id: Uuid,
    pub(crate) host: String,
    /// `confirmed`: nothing of it is left there. `pending`: not yet. `silent`: not yet, and nobody has heard of it for two minutes. `lost`: given up;
    /// should it return, what it holds is thrown away unread.
    #[schema(value_type = ReplicaStateName)]
    pub(crate) state: ReplicaState,
    /// Since when it is `confirmed` or `lost`; else when it was last heard of.
    pub(crate) at: DateTime<Utc>,
}

impl DeletionObject {
    /// # Errors
    /// None in practice: it is plain JSON.
    pub(crate) fn of(deletion: Deletion, replicas: Vec<DeletionReplica>) -> Result<Self, Problem> {
        let mut object = Self {
            id: deletion.id.0,
            state: deletion.state(),
            kind: deletion.kind,
            target_id: deletion.target_id,
            knowledge_base_id: deletion.knowledge_base_id.0,
            requested_by: deletion.requested_by.map(|key| key.0),
            accepted_at: deletion.accepted_at,
            unsearchable_at: deletion.accepted_at,
            erased_at: deletion.erased_at,
            completed_at: deletion.completed_at,
            erased: ErasedObject {
                documents: deletion.documents,
                versions: deletion.versions,
                chunks: deletion.chunks,
                embeddings: deletion.embeddings,
                files: deletion.files,
                file_bytes: deletion.file_bytes,
                kept_answers: deletion.kept_answers,
            },
            index_seq: deletion.index_seq,
            replicas: replicas.into_iter().map(DeletionReplicaObject::from).collect(),
            digest: String::new(),
        };
        object.digest = digest(&object).map_err(|error| Problem::internal(&error))?;
        Ok(object)
    }
}

impl From<DeletionReplica> for DeletionReplicaObject {
    fn from(replica: DeletionReplica) -> Self {
        Self {
            slot_id: replica.slot_id,
            state: replica.state(),
            host: replica.host,
            at: replica.at,
        }
    }
}

/// A [`Value`] keeps its keys sorted and prints without white space.
fn digest(object: &DeletionObject) -> serde_json::Result<String> {
    let mut value = serde_json::to_value(object)?;
    if let Value::Object(fields) = &mut value {
        fields.remove("digest");
    }
    Ok(hex(&Sha256::digest(value.to_string())))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// How far a deletion is.
#[derive(ToSchema)]
#[schema(as = DeletionState, rename_all = "snake_case")]
#[expect(
    dead_code,
    reason = "describes `store::deletions::DeletionState` in the OpenAPI document"
)]
pub(crate) enum DeletionStateName {
    Accepted,
    Erasing,
    Complete,
}

/// What a replica has to do with a deletion.
#[derive(ToSchema)]
#[schema(as = ReplicaState, rename_all = "snake_case")]
#[expect(
    dead_code,
    reason = "describes `store::deletions::ReplicaState` in the OpenAPI document"
)]
pub(crate) enum ReplicaStateName {
    Confirmed,
    Lost,
    Pending,
    Silent,
}
