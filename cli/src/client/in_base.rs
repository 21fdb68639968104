//! What knowledge bases have of their own, by the name that people use, or by its id.

use serde::Deserialize;
use uuid::Uuid;

use super::connection::Client;
use super::error::ClientError;
use super::pages::list_all;
use crate::outcome::Advised;

/// Names that users can be shown at once.
const SHOWN: usize = 20;

/// What has a name that is unique in its base.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum InBase {
    Source,
    TestSet,
}

impl InBase {
    fn route(self) -> &'static str {
        match self {
            Self::Source => "sources",
            Self::TestSet => "test-sets",
        }
    }

    fn word(self) -> &'static str {
        match self {
            Self::Source => "source",
            Self::TestSet => "test set",
        }
    }
}

#[derive(Deserialize)]
struct Listed {
    id: Uuid,
    name: String,
}

/// The one of this name or id, if the base has it. One that is called like another's id is the one that is meant.
///
/// # Errors
/// What a call may end with.
pub(crate) async fn look_for_in_base(
    client: &Client,
    base: Uuid,
    what: InBase,
    name: &str,
) -> Result<Option<Uuid>, ClientError> {
    Ok(called(&list(client, base, what).await?, name))
}

/// The one of this name or id that the base has.
///
/// # Errors
/// [`Advised`] if it has none, with those that it has.
pub(crate) async fn find_in_base(client: &Client, base: Uuid, what: InBase, name: &str) -> anyhow::Result<Uuid> {
    let known = list(client, base, what).await?;
    if let Some(id) = called(&known, name) {
        return Ok(id);
    }
    let names: Vec<&str> = known.iter().map(|it| it.name.as_str()).take(SHOWN).collect();
    let help = match names.is_empty() {
        true => "it has none".to_owned(),
        false => format!("there are: {}", names.join(", ")),
    };
    Err(Advised::new(format!("the knowledge base has no {} {name:?}", what.word()), help).into())
}

fn called(known: &[Listed], name: &str) -> Option<Uuid> {
    let named = known.iter().find(|it| it.name.trim() == name.trim());
    named
        .or_else(|| known.iter().find(|it| it.id.to_string() == name))
        .map(|it| it.id)
}

async fn list(client: &Client, base: Uuid, what: InBase) -> Result<Vec<Listed>, ClientError> {
    list_all(client, &["knowledge-bases", &base.to_string(), what.route()]).await
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
mod tests {
    use super::*;
    use crate::testing::{Fake, Reply, reply};
    use serde_json::{Value, json};

    const BASE: Uuid = Uuid::from_u128(1);
    const SITE: Uuid = Uuid::from_u128(2);

    fn page(named: &[(Uuid, &str)]) -> Reply {
        let data: Vec<Value> = named.iter().map(|(id, name)| json!({"id": id, "name": name})).collect();
        reply(200, json!({"data": data, "next_cursor": null}))
    }

    #[tokio::test]
    async fn what_a_base_has_is_found_by_its_name_and_by_its_id() {
        let other = Uuid::from_u128(3);
        for (name, expected) in [("site", SITE), (" site ", SITE), (other.to_string().as_str(), other)] {
            let fake = Fake::answering(vec![page(&[(SITE, "site"), (other, "blog")])]).await;
            let found = find_in_base(&fake.client(), BASE, InBase::Source, name).await;
            assert_eq!(found.unwrap(), expected, "{name}");
            let asked = format!("GET /v1/knowledge-bases/{BASE}/sources?limit=100");
            assert_eq!(fake.requests()[0].line, asked);
        }
    }

    #[tokio::test]
    async fn what_a_base_has_not_is_told_with_what_it_has() {
        let fake = Fake::answering(vec![page(&[(SITE, "golden")]), page(&[])]).await;
        let (client, set) = (fake.client(), InBase::TestSet);
        let error = find_in_base(&client, BASE, set, "gold").await.unwrap_err();
        assert_eq!(error.to_string(), "the knowledge base has no test set \"gold\"");
        assert_eq!(error.downcast_ref::<Advised>().unwrap().help, "there are: golden");
        assert_eq!(look_for_in_base(&client, BASE, set, "gold").await.unwrap(), None);
    }
}
