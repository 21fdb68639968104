//! Knowledge bases by the name that people use, or by their id.

use reqwest::StatusCode;
use serde_json::json;

use super::connection::Client;
use super::error::ClientError;
use super::pages::list_all;
use super::wire::KnowledgeBase;

const PATH: &[&str] = &["knowledge-bases"];

/// The bases of these names or ids, in their order. A base that is called like another's id is the one that is meant.
///
/// # Errors
/// [`ClientError::NoSuchBase`] for the first name that is not there.
pub(crate) async fn find_bases(client: &Client, names: &[String]) -> Result<Vec<KnowledgeBase>, ClientError> {
    let bases: Vec<KnowledgeBase> = match list_all(client, PATH).await {
        // A key that may only search may not list bases, and needs no list to name them by their ids.
        Err(ClientError::Problem(problem)) if problem.status == StatusCode::FORBIDDEN => {
            let by_id = names.iter().map(|name| KnowledgeBase::of_id(name));
            return by_id.collect::<Option<_>>().ok_or(ClientError::Problem(problem));
        }
        listed => listed?,
    };
    let find = |name: &String| {
        let named = bases.iter().find(|base| base.name.trim() == name.trim());
        named
            .or_else(|| bases.iter().find(|base| base.id.to_string() == *name))
            .cloned()
            .ok_or_else(|| ClientError::NoSuchBase {
                name: name.clone(),
                existing: bases.iter().map(|base| base.name.clone()).collect(),
            })
    };
    names.iter().map(find).collect()
}

/// The base of this name or id.
///
/// # Errors
/// [`ClientError::NoSuchBase`] if it is not there.
pub(crate) async fn find_base(client: &Client, name: &str) -> Result<KnowledgeBase, ClientError> {
    only(find_bases(client, &[name.to_owned()]).await?, name)
}

/// The base of this name, made if it is not there. Two commands that start together end up with the same base.
pub(crate) async fn find_or_create(client: &Client, name: &str) -> Result<KnowledgeBase, ClientError> {
    match find_base(client, name).await {
        Err(ClientError::NoSuchBase { .. }) => {}
        found => return found,
    }
    match client.post(PATH, &json!({ "name": name })).await {
        Err(ClientError::Problem(problem)) if problem.status == StatusCode::CONFLICT => find_base(client, name).await,
        created => created,
    }
}

fn only(bases: Vec<KnowledgeBase>, name: &str) -> Result<KnowledgeBase, ClientError> {
    let missing = || ClientError::NoSuchBase {
        name: name.to_owned(),
        existing: Vec::new(),
    };
    bases.into_iter().next().ok_or_else(missing)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use crate::testing::{Fake, reply};
    use serde_json::Value;

    const ID: &str = "019a0000-0000-7000-8000-000000000001";

    fn page(names: &[&str]) -> Value {
        let data: Vec<Value> = names.iter().map(|name| json!({"id": ID, "name": name})).collect();
        json!({"data": data, "next_cursor": null})
    }

    #[tokio::test]
    async fn a_missing_base_is_made_and_an_existing_one_is_not() {
        let fake = Fake::answering(vec![
            reply(200, page(&["other"])),
            reply(201, json!({"id": ID, "name": "docs", "language": "en"})),
        ])
        .await;
        assert_eq!(find_or_create(&fake.client(), "docs").await.unwrap().name, "docs");
        assert_eq!(fake.requests()[1].body, r#"{"name":"docs"}"#);
        let fake = Fake::answering(vec![reply(200, page(&["other", "docs"]))]).await;
        assert_eq!(find_or_create(&fake.client(), "docs").await.unwrap().name, "docs");
    }

    #[tokio::test]
    async fn losing_the_race_to_make_a_base_finds_the_winners() {
        let fake = Fake::answering(vec![
            reply(200, page(&[])),
            reply(409, json!({"code": "name_taken"})),
            reply(200, page(&["docs"])),
        ])
        .await;
        assert_eq!(find_or_create(&fake.client(), "docs").await.unwrap().name, "docs");
    }

    #[tokio::test]
    async fn white_space_around_a_name_does_not_count() {
        let fake = Fake::answering(vec![reply(200, page(&["docs"]))]).await;
        assert_eq!(find_or_create(&fake.client(), " docs ").await.unwrap().name, "docs");
    }

    #[tokio::test]
    async fn a_base_is_found_by_its_id_as_well() {
        let fake = Fake::answering(vec![reply(200, page(&["docs"]))]).await;
        let found = find_bases(&fake.client(), &[ID.to_owned()]).await.unwrap();
        assert_eq!(found[0].name, "docs");
        let fake = Fake::answering(vec![reply(200, page(&["docs"]))]).await;
        assert_eq!(find_base(&fake.client(), ID).await.unwrap().name, "docs");
    }

    #[tokio::test]
    async fn a_key_that_may_not_list_bases_names_them_by_id() {
        let refused = || reply(403, json!({"code": "forbidden"}));
        let fake = Fake::answering(vec![refused(), refused()]).await;
        let found = find_bases(&fake.client(), &[ID.to_owned()]).await.unwrap();
        assert_eq!(found[0].id.to_string(), ID);
        let error = find_bases(&fake.client(), &["docs".to_owned()]).await.unwrap_err();
        assert!(error.to_string().starts_with("403"), "{error}");
    }

    #[tokio::test]
    async fn an_unknown_name_lists_those_that_exist() {
        let fake = Fake::answering(vec![reply(200, page(&["a", "b"]))]).await;
        let error = find_base(&fake.client(), "c").await.unwrap_err();
        assert_eq!(error.help().unwrap(), "there are: a, b");
    }

    #[tokio::test]
    async fn of_many_a_few_are_listed_and_the_likely_one_first() {
        let names: Vec<String> = (0..30).map(|number| format!("base {number}")).collect();
        let mut names: Vec<&str> = names.iter().map(String::as_str).collect();
        names.push("Help centre");
        let fake = Fake::answering(vec![reply(200, page(&names))]).await;
        let error = find_bases(&fake.client(), &["help".into()]).await.unwrap_err();
        let help = error.help().unwrap();
        assert!(
            help.starts_with("there are: Help centre, base 0, ") && help.contains(" and 21 more"),
            "{help}"
        );
    }
}
