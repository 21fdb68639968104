//! Collections by the name that people use, or by their id.

use reqwest::StatusCode;
use serde::Deserialize;
use serde_json::json;
use uuid::Uuid;

use super::connection::Client;
use super::error::ClientError;
use super::pages::list_all;
use crate::outcome::Advised;

#[derive(Deserialize)]
struct Collection {
    id: Uuid,
    name: String,
}

/// The collections of these bases that have one of these names or ids. A name may be that of one in each base.
///
/// # Errors
/// [`Advised`] for the first name that is in none of them.
pub(crate) async fn find_collections(client: &Client, bases: &[Uuid], names: &[String]) -> anyhow::Result<Vec<Uuid>> {
    if names.is_empty() {
        return Ok(Vec::new());
    }
    let mut known: Vec<Collection> = Vec::new();
    for base in bases {
        known.extend(list::<Collection>(client, *base).await?);
    }
    let mut found = Vec::new();
    for name in names {
        let mut of_name: Vec<Uuid> = known
            .iter()
            .filter(|it| it.name.trim() == name.trim())
            .map(|it| it.id)
            .collect();
        if of_name.is_empty() {
            of_name.extend(known.iter().map(|it| it.id).filter(|id| id.to_string() == *name));
        }
        if of_name.is_empty() {
            let names: Vec<&str> = known.iter().map(|it| it.name.as_str()).take(20).collect();
            let help = match names.is_empty() {
                true => "there are none: `visualkit collections create` makes one".to_owned(),
                false => format!("there are: {}", names.join(", ")),
            };
            return Err(Advised::new(format!("there is no collection {name:?}"), help).into());
        }
        found.extend(of_name);
    }
    found.sort_unstable();
    found.dedup();
    Ok(found)
}

/// The collection of this name in the base, made if it is not there. Two commands that start together end up with the same.
pub(crate) async fn find_or_create_collection(client: &Client, base: Uuid, name: &str) -> Result<Uuid, ClientError> {
    if let Some(id) = of_name(client, base, name).await? {
        return Ok(id);
    }
    let path = ["knowledge-bases", &base.to_string(), "collections"];
    let made: Result<Collection, ClientError> = client.post(&path, &json!({ "name": name })).await;
    match made {
        Err(ClientError::Problem(problem)) if problem.status == StatusCode::CONFLICT => {
            match of_name(client, base, name).await? {
                Some(id) => Ok(id),
                None => Err(ClientError::Problem(problem)),
            }
        }
        made => Ok(made?.id),
    }
}

async fn of_name(client: &Client, base: Uuid, name: &str) -> Result<Option<Uuid>, ClientError> {
    let known: Vec<Collection> = list(client, base).await?;
    let named = known.iter().find(|it| it.name.trim() == name.trim());
    Ok(named
        .or_else(|| known.iter().find(|it| it.id.to_string() == name))
        .map(|it| it.id))
}

async fn list<T: serde::de::DeserializeOwned>(client: &Client, base: Uuid) -> Result<Vec<T>, ClientError> {
    list_all(client, &["knowledge-bases", &base.to_string(), "collections"]).await
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
mod tests {
    use super::*;
    use crate::testing::{Fake, reply};
    use serde_json::Value;

    const BASE: Uuid = Uuid::from_u128(1);
    const FAQ: Uuid = Uuid::from_u128(2);

    fn page(collections: &[(Uuid, &str)]) -> Value {
        let data: Vec<Value> = collections
            .iter()
            .map(|(id, name)| json!({"id": id, "name": name}))
            .collect();
        json!({"data": data, "next_cursor": null})
    }

    #[tokio::test]
    async fn a_name_stands_for_the_collection_of_each_base() {
        let other = Uuid::from_u128(3);
        let fake = Fake::answering(vec![
            reply(200, page(&[(FAQ, "faq")])),
            reply(200, page(&[(other, "faq")])),
        ])
        .await;
        let found = find_collections(&fake.client(), &[BASE, other], &["faq".into(), FAQ.to_string()]).await;
        assert_eq!(found.unwrap(), [FAQ, other]);
    }

    #[tokio::test]
    async fn a_name_that_there_is_not_is_told_with_those_that_there_are() {
        let fake = Fake::answering(vec![reply(200, page(&[(FAQ, "faq")]))]).await;
        let error = find_collections(&fake.client(), &[BASE], &["fax".into()])
            .await
            .unwrap_err();
        assert_eq!(error.downcast_ref::<Advised>().unwrap().help, "there are: faq");
    }

    #[tokio::test]
    async fn a_missing_collection_is_made_and_who_loses_the_race_finds_the_winners() {
        let fake = Fake::answering(vec![
            reply(200, page(&[])),
            reply(409, json!({"code": "conflict"})),
            reply(200, page(&[(FAQ, "faq")])),
        ])
        .await;
        assert_eq!(
            find_or_create_collection(&fake.client(), BASE, "faq").await.unwrap(),
            FAQ
        );
        assert_eq!(fake.requests()[1].body, r#"{"name":"faq"}"#);
    }
}
