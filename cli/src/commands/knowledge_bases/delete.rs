use anyhow::ensure;
use reqwest::Method;
use serde_json::Value;

use crate::client::{Client, find_base};
use crate::render::one_line;

/// The job that deletes it.
pub(super) async fn delete(client: &Client, name: &str, confirm: &str) -> anyhow::Result<Value> {
    ensure!(
        name == confirm,
        "--confirm must be the name of the knowledge base, {name:?}; nothing was deleted"
    );
    let id = find_base(client, name).await?.id.to_string();
    let send = || client.request(Method::DELETE, &["knowledge-bases", &id]);
    let (_, job) = client.call::<Value>(send).await?;
    Ok(job)
}

pub(super) fn text(name: &str, job: &Value) -> String {
    let id = one_line(job.get("id").and_then(Value::as_str).unwrap_or_default(), 100);
    format!(
        "{} is found no more; `visualkit deletions show {id}` tells when all of it is gone\n",
        one_line(name, 200)
    )
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use crate::testing::{Fake, reply};
    use serde_json::json;

    const ID: &str = "019a0000-0000-7000-8000-000000000001";

    #[tokio::test]
    async fn a_base_is_deleted_only_when_it_is_named_twice() {
        let bases = json!({"data": [{"id": ID, "name": "docs"}], "next_cursor": null});
        let fake = Fake::answering(vec![reply(200, bases), reply(202, json!({"id": "a-job"}))]).await;
        assert!(delete(&fake.client(), "docs", "doc").await.is_err());
        let job = delete(&fake.client(), "docs", "docs").await.unwrap();
        assert_eq!(
            text("docs", &job),
            "docs is found no more; `visualkit deletions show a-job` tells when all of it is gone\n"
        );
    }
}
