//! Who the serving processes log in as. Looked at before anything is served: as another role they would work, and wrongly.
use crate::connection::Connection;
use crate::{Store, StoreError, System};
use diesel::QueryableByName;
use diesel::sql_types::{Bool, Text};
use diesel_async::RunQueryDsl;

#[derive(QueryableByName)]
struct Login {
    #[diesel(sql_type = Text)]
    role: String,
    #[diesel(sql_type = Bool)]
    unbound: bool,
}

/// Refuses a `DATABASE_URL` that logs in as any role but `visualkit_app`, or as one that row-level security does not bind.
///
/// # Errors
/// [`StoreError::Login`] with what is wrong; others when the database cannot say.
pub async fn check_app_login(store: &Store) -> Result<(), StoreError> {
    let mut conn = store.before_tenant().await?;
    let login = login(&mut conn).await?;
    login.must_be(
        "DATABASE_URL",
        "visualkit_app",
        "only as that role does one tenant not see another's rows",
    )
}

/// Refuses a `DATABASE_SYSTEM_URL` that logs in as any role but `visualkit_system`, or as one that row-level security does not bind.
///
/// # Errors
/// As [`check_app_login`].
pub async fn check_system_login(system: &System) -> Result<(), StoreError> {
    let mut conn = system.checkout().await?;
    let login = login(&mut conn).await?;
    let why = "any other sees no jobs, and would take from Redis what it cannot run, or sees more than jobs";
    login.must_be("DATABASE_SYSTEM_URL", "visualkit_system", why)
}

async fn login(conn: &mut Connection) -> Result<Login, StoreError> {
    let sql =
        "SELECT rolname::text AS role, rolsuper OR rolbypassrls AS unbound FROM pg_roles WHERE rolname = current_user";
    Ok(diesel::sql_query(sql).get_result(conn).await?)
}

impl Login {
    fn must_be(&self, variable: &str, role: &str, why: &str) -> Result<(), StoreError> {
        if self.role != role {
            return Err(StoreError::Login(format!(
                "{variable} logs in as {}, and must as {role}: {why}. Give it the connection string of {role}, which migrations/roles.sql makes",
                self.role
            )));
        }
        if self.unbound {
            return Err(StoreError::Login(format!(
                "{role}, which {variable} logs in as, is a superuser or bypasses row-level security, which keeps tenants apart. Run migrations/roles.sql again"
            )));
        }
        Ok(())
    }
}
