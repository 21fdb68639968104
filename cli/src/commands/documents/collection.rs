use anyhow::Context as _;
use serde_json::Value;
use uuid::Uuid;

use crate::client::{Client, find_collections};
use crate::outcome::Advised;

/// The id of a collection of the base, by its name or its id.
pub(super) async fn of_base(client: &Client, base: Uuid, name: &str) -> anyhow::Result<Uuid> {
    let found = find_collections(client, &[base], &[name.to_owned()]).await?;
    found.first().copied().context("there is no such collection")
}

/// The same of the base that the document is in. An id need not be looked for.
pub(super) async fn of_documents_base(client: &Client, document: Uuid, name: &str) -> anyhow::Result<Uuid> {
    if let Ok(id) = name.parse() {
        return Ok(id);
    }
    let shown: Value = client.get(&["documents", &document.to_string()], &[]).await?;
    let base = shown.get("knowledge_base_id").and_then(Value::as_str);
    let base = base.and_then(|id| id.parse::<Uuid>().ok()).ok_or_else(|| {
        let help = "name the collection by its id: `visualkit collections list` shows it";
        Advised::new("the server does not say which knowledge base the document is in", help)
    })?;
    of_base(client, base, name).await
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
mod tests {
    use super::*;
    use crate::testing::{Fake, reply};
    use serde_json::json;

    const BASE: Uuid = Uuid::from_u128(1);
    const DOCUMENT: Uuid = Uuid::from_u128(2);
    const FAQ: Uuid = Uuid::from_u128(3);

    #[tokio::test]
    async fn a_collection_is_named_in_the_base_that_the_document_is_in() {
        let fake = Fake::answering(vec![
            reply(200, json!({"id": DOCUMENT, "knowledge_base_id": BASE})),
            reply(200, json!({"data": [{"id": FAQ, "name": "faq"}], "next_cursor": null})),
        ])
        .await;
        let found = of_documents_base(&fake.client(), DOCUMENT, "faq").await;
        assert_eq!(found.unwrap(), FAQ);
        let lines: Vec<String> = fake.requests().into_iter().map(|request| request.line).collect();
        let collections = format!("GET /v1/knowledge-bases/{BASE}/collections?limit=100");
        assert_eq!(lines, [format!("GET /v1/documents/{DOCUMENT}"), collections]);
    }

    #[tokio::test]
    async fn an_id_is_taken_as_it_is() {
        let fake = Fake::answering(Vec::new()).await;
        let found = of_documents_base(&fake.client(), DOCUMENT, &FAQ.to_string()).await;
        assert_eq!(found.unwrap(), FAQ);
        assert!(fake.requests().is_empty());
    }
}
