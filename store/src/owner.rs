use crate::StoreError;
use crate::connect::{Plans, Target, Timeouts};
use config::{DatabaseSettings, ExposeSecret};
use diesel_async::AsyncPgConnection;

/// One connection of the owner: migrations, tenants and keys from the command line. Never part of a serving process's pool.
pub struct Owner {
    pub(crate) conn: AsyncPgConnection,
}

impl Owner {
    /// Connects as the owner.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the URL is missing or no connection can be made.
    pub async fn connect(settings: &DatabaseSettings) -> Result<Self, StoreError> {
        let url = settings
            .owner_url
            .as_ref()
            .ok_or_else(|| StoreError::Unavailable("DATABASE_OWNER_URL is not set".to_owned()))?;
        // A migration takes what it takes.
        let timeouts = Timeouts {
            statement: None,
            ..Timeouts::of(settings)
        };
        let unavailable = |error: diesel::ConnectionError| StoreError::Unavailable(error.to_string());
        let target = Target::new(url.expose_secret(), timeouts, Plans::Each).map_err(unavailable)?;
        let conn = target.connect().await.map_err(unavailable)?;
        Ok(Self { conn })
    }
}
