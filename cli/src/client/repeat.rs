//! Whether a request may be sent again when nobody knows what became of it.

use reqwest::Method;

/// What it does to send a request again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Repeat {
    /// No more than it did: reads, and changes that say how something is to be.
    Harmless,
    /// No more than it did, under the same `Idempotency-Key`: the API answers with what the first one made.
    UnderOneKey,
    /// No more than it did, but the answer may be that there is nothing to delete.
    Deletion,
    /// Something that nobody asked for: a second webhook, a secret that its receiver never had.
    Harmful,
}

/// Routes that take an `Idempotency-Key` and are to be done once: docs/API.md, "Work is a job".
const UNDER_ONE_KEY: [(Method, &str); 19] = [
    (Method::DELETE, "collections/*"),
    (Method::DELETE, "documents/*"),
    (Method::DELETE, "knowledge-bases/*"),
    (Method::DELETE, "knowledge-bases/*/embedding-migration"),
    (Method::DELETE, "sources/*"),
    (Method::POST, "answers"),
    (Method::POST, "batches"),
    (Method::POST, "batches/*/jobs"),
    (Method::POST, "checks"),
    (Method::POST, "documents/*/reingest"),
    (Method::POST, "jobs"),
    (Method::POST, "knowledge-bases"),
    (Method::POST, "knowledge-bases/*/documents/update"),
    (Method::POST, "knowledge-bases/*/embedding-migration"),
    (Method::POST, "knowledge-bases/*/reingest"),
    (Method::POST, "schedules"),
    (Method::POST, "schedules/*/fire"),
    (Method::POST, "sources/*/sync"),
    (Method::POST, "test-sets/*/evaluations"),
];

/// What may be posted twice: documents go by their external ids, a search changes nothing, and a question that a test set has is not added again.
const HARMLESS: [(Method, &str); 3] = [
    (Method::POST, "knowledge-bases/*/documents"),
    (Method::POST, "search"),
    (Method::POST, "test-sets/*/questions"),
];

impl Repeat {
    /// Of a request to this path, whatever stands before its `/v1/`.
    pub(super) fn of(method: &Method, path: &str) -> Self {
        let path = path.rsplit_once("/v1/").map_or(path, |(_, path)| path);
        let is_one_of = |routes: &[(Method, &str)]| routes.iter().any(|(of, route)| of == method && is_at(route, path));
        if is_one_of(&UNDER_ONE_KEY) {
            Self::UnderOneKey
        } else if *method == Method::DELETE {
            Self::Deletion
        } else if *method == Method::POST && !is_one_of(&HARMLESS) {
            Self::Harmful
        } else {
            Self::Harmless
        }
    }
}

fn is_at(route: &str, path: &str) -> bool {
    let (names, given) = (route.split('/'), path.split('/'));
    names.clone().count() == given.clone().count() && names.zip(given).all(|(name, given)| name == "*" || name == given)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
mod tests {
    use super::*;
    use serde_json::Value;

    /// Every operation of the API: its method, its path, and whether it takes an `Idempotency-Key`.
    fn operations() -> Vec<(Method, String, bool)> {
        let document: Value = serde_json::from_str(&api::openapi().to_json().unwrap()).unwrap();
        let mut found = Vec::new();
        for (path, item) in document["paths"].as_object().unwrap() {
            for (method, operation) in item.as_object().unwrap() {
                let parameters = operation["parameters"].as_array().into_iter().flatten();
                let takes_a_key = parameters.into_iter().any(|it| it["name"] == "Idempotency-Key");
                let method = method.to_uppercase().parse().unwrap();
                found.push((method, path.clone(), takes_a_key));
            }
        }
        found
    }

    #[test]
    fn every_route_that_takes_a_key_is_sent_one_unless_it_does_no_harm_twice() {
        for (method, path, takes_a_key) in operations() {
            let repeat = Repeat::of(&method, &path);
            let expected = takes_a_key && repeat != Repeat::Harmless;
            assert_eq!(repeat == Repeat::UnderOneKey, expected, "{method} {path}");
        }
    }

    #[test]
    fn of_what_is_posted_without_a_key_only_a_few_are_sent_again() {
        let mut harmless: Vec<String> = operations()
            .into_iter()
            .filter(|(method, path, _)| *method == Method::POST && Repeat::of(method, path) == Repeat::Harmless)
            .map(|(_, path, _)| path)
            .collect();
        harmless.sort();
        let expected = [
            "/v1/knowledge-bases/{id}/documents",
            "/v1/search",
            "/v1/test-sets/{id}/questions",
        ];
        assert_eq!(harmless, expected);
    }

    #[test]
    fn what_stands_before_the_path_does_not_count() {
        let repeat = Repeat::of(&Method::POST, "/v1/gateway/v1/schedules/7/fire");
        assert_eq!(repeat, Repeat::UnderOneKey);
        assert_eq!(
            Repeat::of(&Method::POST, "/v1/webhooks/7/rotate-secret"),
            Repeat::Harmful
        );
        assert_eq!(Repeat::of(&Method::DELETE, "/v1/budgets/openai"), Repeat::Deletion);
        assert_eq!(Repeat::of(&Method::PATCH, "/v1/webhooks/7"), Repeat::Harmless);
    }
}
