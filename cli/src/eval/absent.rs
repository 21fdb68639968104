//! Relevant documents that a knowledge base has not.

use std::collections::BTreeSet;

use futures::{StreamExt as _, TryStreamExt as _, stream};
use serde_json::Value;

use crate::client::{Client, ClientError, Page};
use crate::render::{number_of, one_line};

/// Requests at a time.
const AT_ONCE: usize = 8;
/// Names that are looked for: a slip shows among the first of them.
const LOOKED_FOR: usize = 200;
/// Names that are shown.
const SHOWN: usize = 5;

/// A line that counts the questions whose relevant documents the base has not, and names some of those; nothing where it has all.
///
/// # Errors
/// What a call may end with.
pub(crate) async fn absent(client: &Client, base: &str, questions: &[Value]) -> Result<String, ClientError> {
    let names: BTreeSet<&str> = questions.iter().flat_map(relevant).collect();
    let looked_for = stream::iter(names.into_iter().take(LOOKED_FOR)).map(|name| async move {
        let query = [("external_id", name.to_owned()), ("limit", "1".to_owned())];
        let page: Page<Value> = client.get(&["knowledge-bases", base, "documents"], &query).await?;
        Ok::<_, ClientError>((name, page.data.is_empty()))
    });
    let found: Vec<(&str, bool)> = looked_for.buffered(AT_ONCE).try_collect().await?;
    let absent: BTreeSet<&str> = found
        .into_iter()
        .filter(|(_, absent)| *absent)
        .map(|(name, _)| name)
        .collect();
    if absent.is_empty() {
        return Ok(String::new());
    }
    let names_one = |question: &&Value| relevant(question).any(|name| absent.contains(name));
    let count = questions.iter().filter(names_one).count();
    let shown: Vec<String> = absent.iter().take(SHOWN).map(|name| one_line(name, 80)).collect();
    let more = match absent.len().saturating_sub(SHOWN) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    Ok(format!(
        "warning: of {}, {count} name relevant documents that the knowledge base has not, which count as not found: {}{more}\n",
        number_of(questions.len() as u64, "question"),
        shown.join(", ")
    ))
}

/// The external ids of what is relevant to a question.
fn relevant(question: &Value) -> impl Iterator<Item = &str> {
    let judged = question.get("relevant").and_then(Value::as_array).into_iter().flatten();
    judged
        .filter(|judged| judged.get("relevance").and_then(Value::as_i64) != Some(0))
        .filter_map(|judged| judged.get("external_id")?.as_str())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use crate::testing::{Fake, reply};
    use serde_json::json;

    #[tokio::test]
    async fn mistyped_documents_are_named_with_how_many_questions_they_spoil() {
        let fake = Fake::serving(|request| {
            let data = if request.line.contains("=there.md") {
                json!([{}])
            } else {
                json!([])
            };
            reply(200, json!({"data": data, "next_cursor": null}))
        })
        .await;
        let question = |names: &[&str]| {
            let relevant: Vec<Value> = names.iter().map(|name| json!({"external_id": name})).collect();
            json!({"query": "x", "relevant": relevant})
        };
        let some = [
            question(&["there.md", "nope.md"]),
            question(&["there.md"]),
            question(&["nope.md"]),
            json!({"query": "y", "relevant": [{"external_id": "no-matter.md", "relevance": 0}]}),
        ];
        let said = absent(&fake.client(), "b", &some).await.unwrap();
        assert_eq!(
            said,
            "warning: of 4 questions, 2 name relevant documents that the knowledge base has not, which count as not found: nope.md\n"
        );
        assert_eq!(fake.requests().len(), 2, "each once");
        assert_eq!(absent(&fake.client(), "b", &some[1..2]).await.unwrap(), "");
    }
}
