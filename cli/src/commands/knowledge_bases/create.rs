use serde_json::{Map, Value};

use crate::client::Client;

#[derive(clap::Args)]
pub(super) struct CreateArgs {
    /// What it is to be called
    name: String,
    /// The language of its documents, by ISO 639-1; auto: each document's own; en by default
    #[arg(long, value_name = "CODE")]
    language: Option<String>,
    /// What embeds it: one that `visualkit models list` shows as available; the installation's by default
    #[arg(long)]
    model: Option<String>,
    /// Where searches compare vectors: embedded (in the workers), which is the default, or qdrant
    #[arg(long, value_name = "PLACE")]
    vector_store: Option<String>,
}

impl CreateArgs {
    fn body(&self) -> Value {
        let optional = [
            ("language", &self.language),
            ("embedding_model", &self.model),
            ("vector_store", &self.vector_store),
        ];
        let mut body = Map::new();
        body.insert("name".to_owned(), self.name.as_str().into());
        body.extend(
            optional
                .into_iter()
                .filter_map(|(field, value)| Some((field.to_owned(), value.as_deref()?.into()))),
        );
        body.into()
    }
}

pub(super) async fn create(client: &Client, args: &CreateArgs) -> anyhow::Result<Value> {
    Ok(client.post(&["knowledge-bases"], &args.body()).await?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_is_not_given_is_left_to_the_installation() {
        let mut args = CreateArgs {
            name: "docs".into(),
            language: None,
            model: None,
            vector_store: None,
        };
        assert_eq!(args.body(), json!({"name": "docs"}));
        (args.language, args.vector_store) = (Some("de".into()), Some("qdrant".into()));
        let expected = json!({"name": "docs", "language": "de", "vector_store": "qdrant"});
        assert_eq!(args.body(), expected);
    }
}
