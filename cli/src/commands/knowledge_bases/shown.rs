use anyhow::Context as _;
use reqwest::Method;
use reqwest::header::{ETAG, HeaderValue};
use serde_json::Value;

use super::update::Setting;
use crate::client::{Client, find_base};
use crate::render::one_line;

/// The base as it is, with its ETag.
pub(super) async fn read(client: &Client, name: &str) -> anyhow::Result<(Value, HeaderValue)> {
    let id = find_base(client, name).await?.id.to_string();
    let response = client
        .send(|| client.request(Method::GET, &["knowledge-bases", &id]))
        .await?;
    let etag = response.headers().get(ETAG).cloned();
    Ok((
        response.json().await?,
        etag.context("the answer has no ETag: is the API of this version?")?,
    ))
}

pub(super) fn text(answered: &Value) -> String {
    match answered {
        Value::Array(bases) => bases.iter().map(line).collect(),
        base => {
            let settings = Setting::ALL.map(|setting| {
                let value = base.pointer(&format!("/search/{}", setting.field()));
                let shown = match value {
                    None | Some(Value::Null) => "as the installation says".to_owned(),
                    Some(Value::String(text)) => one_line(text, 200),
                    Some(value) => value.to_string(),
                };
                format!("    {:<20}{shown}\n", setting.field())
            });
            format!("{}{}", line(base), settings.concat())
        }
    }
}

fn line(base: &Value) -> String {
    let field = |name: &str| one_line(base.get(name).and_then(Value::as_str).unwrap_or_default(), 200);
    let elsewhere = match field("vector_store").as_str() {
        "" | "embedded" => String::new(),
        place => format!("  {place}"),
    };
    format!(
        "{}  {}  {}  {}{elsewhere}\n",
        field("id"),
        field("name"),
        field("language"),
        field("embedding_model")
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_base_is_shown_with_all_settings() {
        let base = json!({"id": "1", "name": "docs", "language": "en", "embedding_model": "m",
            "search": {"fusion": null, "alpha": 0.5, "reranker": "none"}});
        let shown = text(&base);
        assert!(
            shown.starts_with("1  docs  en  m\n    fusion              as the installation says\n"),
            "{shown}"
        );
        assert!(shown.contains("    alpha               0.5\n") && shown.contains("reranker            none\n"));
    }
}
