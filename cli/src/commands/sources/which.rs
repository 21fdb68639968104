//! Which source a command is about.

use uuid::Uuid;

use crate::client::{Client, InBase, find_base, find_in_base};
use crate::outcome::Advised;

#[derive(clap::Args)]
pub(super) struct Which {
    /// The source, by its id; with --kb, by its name or id there
    #[arg(value_name = "SOURCE")]
    source: String,
    /// The knowledge base that it is of, by name or id
    #[arg(long, value_name = "NAME")]
    kb: Option<String>,
}

impl Which {
    pub(super) async fn id(&self, client: &Client) -> anyhow::Result<Uuid> {
        if let Some(base) = &self.kb {
            let base = find_base(client, base).await?.id;
            return find_in_base(client, base, InBase::Source, &self.source).await;
        }
        self.source.parse().map_err(|_| {
            let message = format!("{:?} is no id of a source", self.source);
            Advised::new(message, "say of which knowledge base it is the name: --kb NAME").into()
        })
    }

    #[cfg(test)]
    pub(super) fn of(id: Uuid) -> Self {
        Self {
            source: id.to_string(),
            kb: None,
        }
    }
}
