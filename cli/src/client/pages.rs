//! Lists, page by page.

use serde::de::DeserializeOwned;

use super::connection::Client;
use super::error::ClientError;
use super::wire::Page;

const PAGE_SIZE: usize = 100;
/// Ten million rows: a list that does not end is an error of the server, not a reason to run for ever.
const MAX_PAGES: usize = 100_000;

/// All rows of a list, in the server's order.
///
/// # Errors
/// What a call may end with, and [`ClientError::Unreadable`] when the cursors do not come to an end.
pub(crate) async fn list_all<T: DeserializeOwned>(client: &Client, path: &[&str]) -> Result<Vec<T>, ClientError> {
    list_all_of(client, path, &[]).await
}

/// The same, of those rows that a filter is for.
///
/// # Errors
/// As above.
pub(crate) async fn list_all_of<T: DeserializeOwned>(
    client: &Client,
    path: &[&str],
    filter: &[(&str, String)],
) -> Result<Vec<T>, ClientError> {
    let mut rows = Vec::new();
    let mut cursor: Option<String> = None;
    for _ in 0..MAX_PAGES {
        let mut query = vec![("limit", PAGE_SIZE.to_string())];
        query.extend_from_slice(filter);
        query.extend(cursor.clone().map(|cursor| ("cursor", cursor)));
        let page: Page<T> = client.get(path, &query).await?;
        rows.extend(page.data);
        match page.next_cursor {
            None => return Ok(rows),
            next if next == cursor => break,
            next => cursor = next,
        }
    }
    Err(ClientError::Unreadable {
        route: path.join("/"),
        detail: "the list does not end".into(),
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use crate::testing::{Fake, reply};
    use serde_json::{Value, json};

    #[tokio::test]
    async fn every_page_is_read_and_the_cursor_is_encoded() {
        let fake = Fake::answering(vec![
            reply(200, json!({"data": [1, 2], "next_cursor": "a&b"})),
            reply(200, json!({"data": [3], "next_cursor": null})),
        ])
        .await;
        assert_eq!(list_all::<u8>(&fake.client(), &["things"]).await.unwrap(), [1, 2, 3]);
        let lines: Vec<String> = fake.requests().into_iter().map(|request| request.line).collect();
        assert_eq!(
            lines,
            ["GET /v1/things?limit=100", "GET /v1/things?limit=100&cursor=a%26b"]
        );
    }

    #[tokio::test]
    async fn a_cursor_that_stands_still_is_an_error() {
        let fake = Fake::serving(|_| reply(200, json!({"data": [1], "next_cursor": "same"}))).await;
        let error = list_all::<Value>(&fake.client(), &["things"]).await.unwrap_err();
        assert!(matches!(error, ClientError::Unreadable { .. }));
    }
}
