use uuid::Uuid;

use crate::client::{Client, InBase, find_in_base};

/// The source of the base that is meant, by name or id. One that was deleted has documents still, and is known by its id only.
pub(super) async fn source_id(client: &Client, base: Uuid, name: Option<&str>) -> anyhow::Result<Option<Uuid>> {
    let Some(name) = name else { return Ok(None) };
    Ok(Some(match name.parse::<Uuid>() {
        Ok(id) => id,
        Err(_) => find_in_base(client, base, InBase::Source, name).await?,
    }))
}
