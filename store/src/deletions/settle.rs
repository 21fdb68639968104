use crate::prepared::Prepare;
use crate::store::Durability;
use crate::{StoreError, System};
use diesel::sql_types::{Integer, Nullable};
use diesel::{QueryableByName, sql_query};
use diesel_async::RunQueryDsl;

/// How long what deletions need is kept.
#[derive(Clone, Copy, Debug)]
pub struct Keeping {
    /// A replica that was silent for so long is given up.
    pub replica_hours: i32,
    /// Receipts, from when the deletion was complete.
    pub receipt_days: i32,
}

#[derive(QueryableByName)]
struct Open {
    #[diesel(sql_type = Nullable<Integer>)]
    open: Option<i32>,
}

/// Goes on with every deletion that waits, of all tenants: takes vectors that two deletions left to each other, notes which replicas have confirmed,
/// gives up those that were silent too long, ends deletions that wait for nothing more, forgets old receipts. Returns how many deletions are open;
/// `None`: another process is at it.
///
/// # Errors
/// [`StoreError`].
pub async fn settle(system: &System, keeping: Keeping, limit: i32) -> Result<Option<i32>, StoreError> {
    let mut tx = system.begin(Durability::Durable).await?;
    let Open { open } = sql_query("SELECT settle_deletions($1 * interval '1 hour', $2 * interval '1 day', $3) AS open")
        .bind::<Integer, _>(keeping.replica_hours)
        .bind::<Integer, _>(keeping.receipt_days)
        .bind::<Integer, _>(limit)
        .prepared()
        .get_result(&mut tx.conn)
        .await?;
    tx.commit().await?;
    Ok(open)
}
