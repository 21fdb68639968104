use serde_json::Value;

use crate::client::{Client, find_base, list_all};
use crate::render::one_line;

pub(super) async fn list(client: &Client, name: &str) -> anyhow::Result<Vec<Value>> {
    let id = find_base(client, name).await?.id.to_string();
    Ok(list_all(client, &["knowledge-bases", &id, "replicas"]).await?)
}

pub(super) fn line(replica: &Value) -> String {
    let text = |name: &str| one_line(replica.get(name).and_then(Value::as_str).unwrap_or_default(), 200);
    let number = |name: &str| replica.get(name).and_then(Value::as_i64).unwrap_or_default();
    let progress = replica.get("progress").filter(|progress| progress.is_object());
    let documents = progress.map(|progress| {
        let count = |name: &str| progress.get(name).and_then(Value::as_i64).unwrap_or_default();
        format!("; document {} of {}", count("documents_done"), count("documents"))
    });
    let standing = match text("state").as_str() {
        "behind" => format!(
            "behind (change {} of {}{})",
            number("index_seq"),
            number("head_seq"),
            documents.unwrap_or_default()
        ),
        state => state.to_owned(),
    };
    let of = match replica.get("searched").and_then(Value::as_bool) {
        Some(false) => "  of the other index",
        _ => "",
    };
    format!("{}  {}  {standing}{of}\n", text("host"), text("kind"))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_copy_that_is_behind_is_shown_with_how_far_it_is() {
        let mut replica = json!({"host": "search-1", "kind": "process", "searched": true, "state": "behind", "index_seq": 40, "head_seq": 120});
        assert_eq!(line(&replica), "search-1  process  behind (change 40 of 120)\n");
        replica["progress"] = json!({"documents_done": 600, "documents": 5_183});
        assert_eq!(
            line(&replica),
            "search-1  process  behind (change 40 of 120; document 600 of 5183)\n"
        );
        replica.as_object_mut().unwrap().extend(
            json!({"state": "current", "searched": false})
                .as_object()
                .unwrap()
                .clone(),
        );
        assert_eq!(line(&replica), "search-1  process  current  of the other index\n");
    }
}
