use crate::{Store, StoreError};
use diesel::QueryableByName;
use diesel::sql_types::Integer;
use diesel_async::RunQueryDsl;

/// The oldest PostgreSQL we run on, as `server_version_num` writes it; on 17 it is 17.3.
pub const MINIMUM_POSTGRES: i32 = 160_007;

#[derive(QueryableByName)]
struct Version {
    #[diesel(sql_type = Integer)]
    number: i32,
}

/// Refuses a PostgreSQL older than 16.7, or 17 older than 17.3.
///
/// # Errors
/// [`StoreError::Version`] with what is needed.
pub async fn check_server_version(store: &Store) -> Result<(), StoreError> {
    let mut conn = store.before_tenant().await?;
    let sql = "SELECT current_setting('server_version_num')::integer AS number";
    let Version { number } = diesel::sql_query(sql).get_result(&mut *conn).await?;
    let old_17 = (170_000..170_003).contains(&number);
    if number < MINIMUM_POSTGRES || old_17 {
        let found = format!("{}.{}", number / 10_000, number % 10_000);
        return Err(StoreError::Version(format!(
            "PostgreSQL {found} is too old: VisualKit needs 16.7, 17.3 or later"
        )));
    }
    Ok(())
}
