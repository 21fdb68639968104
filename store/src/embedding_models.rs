//! Which weights the stored vectors were made with.
use crate::prepared::Prepare;
use crate::{Store, StoreError};
use diesel::sql_types::{Binary, Text};
use diesel::{QueryableByName, sql_query};
use diesel_async::RunQueryDsl;

#[derive(QueryableByName)]
struct Known {
    #[diesel(sql_type = Binary)]
    sha256: Vec<u8>,
}

/// Remembers the SHA-256 of the weights that the model of this name has, the first time; afterwards says whether they are still the same.
/// Vectors of other weights do not compare with those that are stored under the name.
///
/// # Errors
/// [`StoreError`].
pub async fn is_unchanged(store: &Store, name: &str, sha256: &[u8]) -> Result<bool, StoreError> {
    let mut conn = store.before_tenant().await?;
    sql_query("INSERT INTO embedding_models (name, sha256) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING")
        .bind::<Text, _>(name)
        .bind::<Binary, _>(sha256)
        .prepared()
        .execute(&mut *conn)
        .await?;
    let known: Known = sql_query("SELECT sha256 FROM embedding_models WHERE name = $1")
        .bind::<Text, _>(name)
        .prepared()
        .get_result(&mut *conn)
        .await?;
    Ok(known.sha256 == sha256)
}
