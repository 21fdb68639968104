//! Knowledge bases.
use crate::schedules::disable_for_deletion;
use crate::schema::{knowledge_base_heads, knowledge_bases};
use crate::search_settings::SearchSettings;
use crate::{KnowledgeBaseId, StoreError, TenantTx, VectorStore, vector_indexes};
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

#[derive(Clone, Debug, HasQuery)]
pub struct KnowledgeBase {
    pub id: KnowledgeBaseId,
    pub name: String,
    /// ISO 639-1; decides how keywords are analysed.
    pub language: String,
    /// Of the index that is searched.
    pub embedding_model: String,
    /// Names the index that is searched: each that is built has a number of its own.
    pub index_generation: i32,
    /// Of the index that is searched.
    pub vector_store: VectorStore,
    pub created_at: DateTime<Utc>,
    #[diesel(embed)]
    pub search: SearchSettings,
}

/// A base with the number of its last committed change.
#[derive(Clone, Debug)]
pub struct KnowledgeBaseHead {
    pub base: KnowledgeBase,
    pub seq: i64,
    /// That of `seq`, see [`era_at`](crate::index_changes::era_at).
    pub era: Option<uuid::Uuid>,
    /// While the base is migrated to another embedding model.
    pub other: Option<OtherIndex>,
}

/// The index that is kept beside the one that is searched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OtherIndex {
    pub embedding_model: String,
    pub vector_store: VectorStore,
    /// Once every text has a vector of the model: before, nothing may be built of it.
    pub generation: Option<i32>,
}

impl KnowledgeBaseHead {
    /// The base as it is by its other index, if it has one that is whole.
    #[must_use]
    pub fn by_other(&self) -> Option<KnowledgeBase> {
        let other = self.other.as_ref()?;
        Some(KnowledgeBase {
            embedding_model: other.embedding_model.clone(),
            index_generation: other.generation?,
            vector_store: other.vector_store,
            ..self.base.clone()
        })
    }

    /// The base by each index that searches can use, first the one that they do.
    pub fn by_index(&self) -> impl Iterator<Item = KnowledgeBase> {
        std::iter::once(self.base.clone()).chain(self.by_other())
    }

    /// The base by its index of this generation, if it has that one.
    #[must_use]
    pub fn by_generation(&self, generation: i32) -> Option<KnowledgeBase> {
        self.by_index().find(|base| base.index_generation == generation)
    }
}

pub struct NewKnowledgeBase<'a> {
    pub id: KnowledgeBaseId,
    pub name: &'a str,
    pub language: &'a str,
    pub embedding_model: &'a str,
    pub vector_store: VectorStore,
}

/// # Errors
/// [`StoreError::Conflict`] when the tenant has a base of this name.
pub async fn create(tx: &mut TenantTx, new: &NewKnowledgeBase<'_>) -> Result<KnowledgeBase, StoreError> {
    let base = diesel::insert_into(knowledge_bases::table)
        .values((
            knowledge_bases::tenant_id.eq(tx.tenant),
            knowledge_bases::id.eq(new.id),
            knowledge_bases::name.eq(new.name),
            knowledge_bases::language.eq(new.language),
            knowledge_bases::embedding_model.eq(new.embedding_model),
            knowledge_bases::vector_store.eq(new.vector_store),
        ))
        .returning(KnowledgeBase::as_returning())
        .get_result(&mut tx.conn)
        .await
        .map_err(|error| StoreError::or_conflict(error, "a knowledge base of this name exists"))?;
    diesel::insert_into(knowledge_base_heads::table)
        .values((
            knowledge_base_heads::tenant_id.eq(tx.tenant),
            knowledge_base_heads::knowledge_base_id.eq(base.id),
        ))
        .execute(&mut tx.conn)
        .await?;
    if base.vector_store == VectorStore::Qdrant {
        vector_indexes::add(tx, base.id, base.index_generation).await?;
    }
    Ok(base)
}

/// # Errors
/// [`StoreError::NotFound`], also for a base that is being deleted.
pub async fn find(tx: &mut TenantTx, id: KnowledgeBaseId) -> Result<KnowledgeBase, StoreError> {
    KnowledgeBase::query()
        .filter(knowledge_bases::tenant_id.eq(tx.tenant))
        .filter(knowledge_bases::id.eq(id))
        .filter(knowledge_bases::deleting_at.is_null())
        .get_result(&mut tx.conn)
        .await
        .map_err(|error| StoreError::or_not_found(error, "knowledge base"))
}

/// Those of `ids` that exist and are not being deleted, with their heads; fewer than asked means some are not there.
///
/// # Errors
/// [`StoreError::Query`].
pub async fn heads(tx: &mut TenantTx, ids: &[KnowledgeBaseId]) -> Result<Vec<KnowledgeBaseHead>, StoreError> {
    type Row = (
        KnowledgeBase,
        i64,
        Option<uuid::Uuid>,
        Option<String>,
        Option<i32>,
        Option<VectorStore>,
    );
    let rows: Vec<Row> = knowledge_bases::table
        .inner_join(
            knowledge_base_heads::table.on(knowledge_base_heads::tenant_id
                .eq(knowledge_bases::tenant_id)
                .and(knowledge_base_heads::knowledge_base_id.eq(knowledge_bases::id))),
        )
        .filter(knowledge_bases::tenant_id.eq(tx.tenant))
        .filter(knowledge_bases::id.eq_any(ids))
        .filter(knowledge_bases::deleting_at.is_null())
        .select((
            KnowledgeBase::as_select(),
            knowledge_base_heads::seq,
            knowledge_base_heads::era,
            knowledge_base_heads::other_embedding_model,
            knowledge_base_heads::other_index_generation,
            knowledge_base_heads::other_vector_store,
        ))
        .load(&mut tx.conn)
        .await?;
    Ok(rows
        .into_iter()
        .map(|(base, seq, era, model, generation, store)| KnowledgeBaseHead {
            base,
            seq,
            era,
            other: model.map(|embedding_model| OtherIndex {
                embedding_model,
                vector_store: store.unwrap_or_default(),
                generation,
            }),
        })
        .collect())
}

/// The newest first; `before` is where the previous page ended.
///
/// # Errors
/// [`StoreError::Query`].
pub async fn list(
    tx: &mut TenantTx,
    before: Option<KnowledgeBaseId>,
    limit: i64,
) -> Result<Vec<KnowledgeBase>, StoreError> {
    let query = KnowledgeBase::query()
        .filter(knowledge_bases::tenant_id.eq(tx.tenant))
        .filter(knowledge_bases::deleting_at.is_null())
        .order(knowledge_bases::id.desc())
        .limit(limit);
    Ok(match before {
        Some(before) => query.filter(knowledge_bases::id.lt(before)).load(&mut tx.conn).await?,
        None => query.load(&mut tx.conn).await?,
    })
}

/// A base that is about to be changed: others that want to change it wait for the transaction's end.
///
/// # Errors
/// [`StoreError::NotFound`], also for a base that is being deleted.
pub async fn lock(tx: &mut TenantTx, id: KnowledgeBaseId) -> Result<KnowledgeBase, StoreError> {
    let live = knowledge_bases::table
        .filter(knowledge_bases::tenant_id.eq(tx.tenant))
        .filter(knowledge_bases::id.eq(id))
        .filter(knowledge_bases::deleting_at.is_null());
    live.select(KnowledgeBase::as_select())
        .for_no_key_update()
        .get_result(&mut tx.conn)
        .await
        .map_err(|error| StoreError::or_not_found(error, "knowledge base"))
}

/// Writes the name and the search settings of a base that is [`lock`]ed.
///
/// # Errors
/// [`StoreError::Conflict`] when the tenant has another base of this name.
pub async fn update(tx: &mut TenantTx, base: &KnowledgeBase) -> Result<KnowledgeBase, StoreError> {
    let live = knowledge_bases::table
        .filter(knowledge_bases::tenant_id.eq(tx.tenant))
        .filter(knowledge_bases::id.eq(base.id));
    diesel::update(live)
        .set((knowledge_bases::name.eq(&base.name), &base.search))
        .returning(KnowledgeBase::as_returning())
        .get_result(&mut tx.conn)
        .await
        .map_err(|error| StoreError::or_conflict(error, "a knowledge base of this name exists"))
}

/// A base that is [`lock`]ed, with its head.
///
/// # Errors
/// [`StoreError::NotFound`].
pub async fn lock_head(tx: &mut TenantTx, id: KnowledgeBaseId) -> Result<KnowledgeBaseHead, StoreError> {
    lock(tx, id).await?;
    let head = heads(tx, &[id]).await?.pop();
    head.ok_or(StoreError::NotFound { what: "knowledge base" })
}

/// Writes which indexes a base has that is [`lock`]ed: the one that is searched, and the other. Holds its head until the transaction ends.
///
/// # Errors
/// [`StoreError::Query`].
pub(crate) async fn set_indexes(
    tx: &mut TenantTx,
    base: &KnowledgeBase,
    other: Option<&OtherIndex>,
) -> Result<(), StoreError> {
    let searched = knowledge_bases::table
        .filter(knowledge_bases::tenant_id.eq(tx.tenant))
        .filter(knowledge_bases::id.eq(base.id));
    diesel::update(searched)
        .set((
            knowledge_bases::embedding_model.eq(&base.embedding_model),
            knowledge_bases::index_generation.eq(base.index_generation),
            knowledge_bases::vector_store.eq(base.vector_store),
        ))
        .execute(&mut tx.conn)
        .await?;
    let head = knowledge_base_heads::table
        .filter(knowledge_base_heads::tenant_id.eq(tx.tenant))
        .filter(knowledge_base_heads::knowledge_base_id.eq(base.id));
    diesel::update(head)
        .set((
            knowledge_base_heads::other_embedding_model.eq(other.map(|other| &other.embedding_model)),
            knowledge_base_heads::other_index_generation.eq(other.and_then(|other| other.generation)),
            knowledge_base_heads::other_vector_store.eq(other.map(|other| other.vector_store)),
        ))
        .execute(&mut tx.conn)
        .await?;
    Ok(())
}

/// Hides the base at once, and disables the schedules of its sources; a job deletes what is in it.
///
/// # Errors
/// [`StoreError::NotFound`].
pub async fn begin_deletion(tx: &mut TenantTx, id: KnowledgeBaseId) -> Result<(), StoreError> {
    disable_for_deletion(tx, None, Some(id)).await?;
    let live = knowledge_bases::table
        .filter(knowledge_bases::tenant_id.eq(tx.tenant))
        .filter(knowledge_bases::id.eq(id))
        .filter(knowledge_bases::deleting_at.is_null());
    let hidden = diesel::update(live)
        .set(knowledge_bases::deleting_at.eq(diesel::dsl::now))
        .execute(&mut tx.conn)
        .await?;
    if hidden == 0 {
        Err(StoreError::NotFound { what: "knowledge base" })
    } else {
        Ok(())
    }
}

/// Waits for every transaction that puts something into the base, and has later ones wait until this one ends.
///
/// # Errors
/// [`StoreError::Query`].
pub async fn hold_to_delete(tx: &mut TenantTx, id: KnowledgeBaseId) -> Result<(), StoreError> {
    let _: Option<KnowledgeBaseId> = knowledge_bases::table
        .filter(knowledge_bases::tenant_id.eq(tx.tenant))
        .filter(knowledge_bases::id.eq(id))
        .select(knowledge_bases::id)
        .for_update()
        .get_result(&mut tx.conn)
        .await
        .optional()?;
    Ok(())
}

/// Deletes the base's row; whatever still belongs to it goes with it.
///
/// # Errors
/// [`StoreError::Query`].
pub async fn delete(tx: &mut TenantTx, id: KnowledgeBaseId) -> Result<(), StoreError> {
    let base = knowledge_bases::table
        .filter(knowledge_bases::tenant_id.eq(tx.tenant))
        .filter(knowledge_bases::id.eq(id));
    diesel::delete(base).execute(&mut tx.conn).await?;
    Ok(())
}
