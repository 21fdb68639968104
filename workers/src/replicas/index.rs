use retrieval::IndexId;
use store::knowledge_bases::KnowledgeBase;
use store::replica_cursors::ReplicaOf;
use store::{KnowledgeBaseId, TenantId};
use uuid::Uuid;

/// An index of a base: while the base is migrated to another embedding model, it has two.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Index {
    pub(super) tenant: TenantId,
    pub(super) base: KnowledgeBaseId,
    pub(super) generation: i32,
}

impl Index {
    pub(super) fn of(tenant: TenantId, base: &KnowledgeBase) -> Self {
        Self {
            tenant,
            base: base.id,
            generation: base.index_generation,
        }
    }

    /// The replica of it in a slot.
    pub(super) fn in_slot(self, slot: Uuid) -> ReplicaOf {
        ReplicaOf {
            base: self.base,
            generation: self.generation,
            slot,
        }
    }
}

impl From<IndexId> for Index {
    fn from(id: IndexId) -> Self {
        Self {
            tenant: TenantId(id.tenant),
            base: KnowledgeBaseId(id.knowledge_base),
            generation: id.generation,
        }
    }
}

impl From<Index> for IndexId {
    fn from(index: Index) -> Self {
        Self {
            tenant: index.tenant.0,
            knowledge_base: index.base.0,
            generation: index.generation,
        }
    }
}
