//! Knowledge bases.
use crate::schema::{knowledge_base_heads, knowledge_bases};
use crate::search_settings::SearchSettings;
use crate::{KnowledgeBaseId, StoreError, TenantTx};
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

#[derive(Clone, Debug, HasQuery)]
pub struct KnowledgeBase {
    pub id: KnowledgeBaseId,
    pub name: String,
    /// ISO 639-1; decides how keywords are analysed.
    pub language: String,
    pub embedding_model: String,
    pub created_at: DateTime<Utc>,
    #[diesel(embed)]
    pub search: SearchSettings,
}

/// A base with the number of its last committed change.
#[derive(Clone, Debug)]
pub struct KnowledgeBaseHead {
    pub base: KnowledgeBase,
    pub seq: i64,
}

pub struct NewKnowledgeBase<'a> {
    pub id: KnowledgeBaseId,
    pub name: &'a str,
    pub language: &'a str,
    pub embedding_model: &'a str,
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
    let rows: Vec<(KnowledgeBase, i64)> = knowledge_bases::table
        .inner_join(
            knowledge_base_heads::table.on(knowledge_base_heads::tenant_id
                .eq(knowledge_bases::tenant_id)
                .and(knowledge_base_heads::knowledge_base_id.eq(knowledge_bases::id))),
        )
        .filter(knowledge_bases::tenant_id.eq(tx.tenant))
        .filter(knowledge_bases::id.eq_any(ids))
        .filter(knowledge_bases::deleting_at.is_null())
        .select((KnowledgeBase::as_select(), knowledge_base_heads::seq))
        .load(&mut tx.conn)
        .await?;
    Ok(rows
        .into_iter()
        .map(|(base, seq)| KnowledgeBaseHead { base, seq })
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

/// Hides the base at once; a job deletes what is in it.
///
/// # Errors
/// [`StoreError::NotFound`].
pub async fn begin_deletion(tx: &mut TenantTx, id: KnowledgeBaseId) -> Result<(), StoreError> {
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
