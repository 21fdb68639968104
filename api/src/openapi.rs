//! What the OpenAPI document says besides what stands at the routes.
use crate::{Problem, ProblemBody, ProblemCode};
use utoipa::openapi::path::{Operation, ParameterIn, PathItem};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::tag::TagBuilder;
use utoipa::openapi::{Components, ContentBuilder, InfoBuilder, OpenApi, OpenApiBuilder, Ref, RefOr, ResponseBuilder};
use utoipa::{PartialSchema, ToSchema};

/// Problems that any operation with a key can answer with.
const ANYWHERE: [(ProblemCode, &str); 5] = [
    (
        ProblemCode::Unauthenticated,
        "No API key, or one that is unknown, expired or revoked.",
    ),
    (
        ProblemCode::Forbidden,
        "The key lacks the scope, or is not for pages of this origin.",
    ),
    (
        ProblemCode::RateLimited,
        "The key has made too many requests. Try again after `Retry-After`.",
    ),
    (ProblemCode::Internal, "Our fault; logged under the request id."),
    (
        ProblemCode::Unavailable,
        "The database does not answer, or the request took too long. Try again after `Retry-After`.",
    ),
];

const TAGS: [(&str, &str); 11] = [
    ("Knowledge bases", "Documents that are searched together."),
    ("Documents", "What is searched and cited."),
    ("Deletions", "Receipts of what was deleted, down to the last replica."),
    ("Collections", "Some of a knowledge base's documents, held together."),
    ("Sources", "Where documents come from by themselves."),
    (
        "Search and answers",
        "Work that someone waits for: it answers with its job, as a rule one that has ended.",
    ),
    (
        "Evaluation",
        "Questions with judged documents, and how good the searches of a knowledge base are on them.",
    ),
    ("Jobs", "All work, wherever it was started."),
    ("Schedules", "Jobs that are submitted again and again."),
    ("Webhooks", "Addresses of yours that are told of events."),
    ("About", "The API itself."),
];

pub(crate) fn introduction() -> OpenApi {
    let info = InfoBuilder::new()
        .title("VisualKit")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(
            "Support and knowledge, around durable jobs. Whatever takes time is a job: the request answers 202 with it, or 200 once it \
             has ended. Errors are problems (RFC 9457) with a stable `code`.",
        ))
        .build();
    let tags = TAGS.map(|(name, text)| TagBuilder::new().name(name).description(Some(text)).build());
    OpenApiBuilder::new().info(info).tags(Some(tags)).build()
}

/// Adds the key, the problem schema, and a problem body with an example to every error.
pub(crate) fn complete(mut document: OpenApi) -> OpenApi {
    let key = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .description(Some("An API key of the tenant. The scopes an operation needs stand at the operation; a key of scope `*` has all."))
        .build();
    let components = document.components.get_or_insert_with(Components::new);
    components.add_security_scheme("api_key", SecurityScheme::Http(key));
    let mut referenced = Vec::new();
    ProblemBody::schemas(&mut referenced);
    components.schemas.extend(referenced);
    components.schemas.insert("Problem".to_owned(), ProblemBody::schema());
    document
        .paths
        .paths
        .values_mut()
        .flat_map(operations)
        .for_each(complete_operation);
    document
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    [
        &mut item.get,
        &mut item.post,
        &mut item.put,
        &mut item.patch,
        &mut item.delete,
    ]
    .into_iter()
    .flatten()
}

fn complete_operation(operation: &mut Operation) {
    // An operation without requirements is open to all and reads nothing.
    let needs_key = operation
        .security
        .iter()
        .flatten()
        .any(|requirement| *requirement != Default::default());
    for (code, description) in ANYWHERE.into_iter().filter(|_| needs_key) {
        let response = ResponseBuilder::new().description(description).build();
        operation
            .responses
            .responses
            .entry(code.status().as_str().to_owned())
            .or_insert(RefOr::T(response));
    }
    let unreadable = if operation.request_body.is_some() {
        "The body cannot be read as what it says it is, or a query parameter is unknown."
    } else if takes_checked_header(operation) {
        "A header is none that can be read, or a query parameter is unknown."
    } else {
        "A query parameter is unknown."
    };
    let response = ResponseBuilder::new().description(unreadable).build();
    operation
        .responses
        .responses
        .entry("400".to_owned())
        .or_insert(RefOr::T(response));
    for (status, response) in &mut operation.responses.responses {
        let RefOr::T(response) = response else { continue };
        let Some(code) = ProblemCode::ALL.iter().find(|code| code.status().as_str() == status) else {
            continue;
        };
        if response.content.is_empty() {
            let content = ContentBuilder::new()
                .schema(Some(Ref::from_schema_name("Problem")))
                .example(Some(example(*code)))
                .build();
            response
                .content
                .insert("application/problem+json".to_owned(), content.into());
        }
    }
}

/// Whether it takes a header that is refused when it is malformed; a malformed `Prefer` is passed over.
fn takes_checked_header(operation: &Operation) -> bool {
    let mut parameters = operation.parameters.iter().flatten();
    parameters.any(|parameter| {
        let RefOr::T(parameter) = parameter else { return false };
        matches!(parameter.parameter_in, ParameterIn::Header)
            && ["Idempotency-Key", "If-Match"].contains(&parameter.name.as_str())
    })
}

fn example(code: ProblemCode) -> serde_json::Value {
    let problem = if code == ProblemCode::Invalid || code.status() == ProblemCode::Invalid.status() {
        Problem::invalid(vec![jobs::FieldError::new("name", "required", "is required")])
    } else {
        Problem::new(code, "What happened, and what to do.")
    };
    serde_json::from_slice(&problem.render("0198f3a2-6c1e-7d5b-9f0a-3b1c2d4e5f60")).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
    use crate::openapi;
    use serde_json::Value;

    fn operations() -> Vec<(String, Value)> {
        let document: Value = serde_json::from_str(&openapi().to_json().unwrap()).unwrap();
        let mut found = Vec::new();
        for (path, item) in document["paths"].as_object().unwrap() {
            for (method, operation) in item.as_object().unwrap() {
                found.push((format!("{method} {path}"), operation.clone()));
            }
        }
        found
    }

    #[test]
    fn every_operation_says_what_it_does_who_may_and_how_it_fails() {
        for (name, operation) in operations()
            .into_iter()
            .filter(|(name, _)| name != "get /v1/openapi.json")
        {
            for field in ["summary", "description", "operationId"] {
                assert!(
                    operation[field].as_str().is_some_and(|text| !text.is_empty()),
                    "{name} has no {field}"
                );
            }
            assert_eq!(operation["tags"].as_array().unwrap().len(), 1, "{name}");
            assert!(
                operation["security"][0]["api_key"][0].is_string(),
                "{name} names no scope"
            );
            for status in ["400", "401", "403", "500", "503"] {
                let content = &operation["responses"][status]["content"]["application/problem+json"];
                assert!(content["example"]["code"].is_string(), "{name} {status}");
            }
            if name.contains("{id}") {
                assert!(operation["responses"]["404"].is_object(), "{name} has no 404");
            }
        }
    }

    #[test]
    fn every_reference_leads_somewhere() {
        let text = openapi().to_json().unwrap();
        let document: Value = serde_json::from_str(&text).unwrap();
        assert!(document["openapi"].as_str().unwrap().starts_with("3.1"));
        for reference in text.split("\"$ref\":\"#/components/schemas/").skip(1) {
            let name = reference.split('"').next().unwrap();
            assert!(document["components"]["schemas"][name].is_object(), "{name} is nowhere");
        }
    }
}
