use super::collections::asked_collections;
use super::filter::{check_filter_of, read_filter};
use super::knowledge_base_heads::asked_bases;
use super::principal::Principal;
use super::recency::Recency;
use super::reranker_choice::{RerankWish, check_reranker};
use super::search_bounds;
use crate::extract::{Authorized, Fields, FromFields, JsonBody, SearchRead, WorkOptions};
use crate::views::SearchJob;
use crate::work::{self, Begin, start_work};
use crate::{ApiState, Problem};
use axum::extract::State;
use axum::response::Response;
use config::Settings;
use jobs::kinds::{FusionMethod, SearchKnowledge, SearchMode, Viewer};
use jobs::{EnqueueOptions, Enqueued};
use serde_json::Value;
use std::sync::Arc;
use store::TenantTx;
use utoipa::ToSchema;
use uuid::Uuid;

const MAX_PHRASES: usize = 5;

/// A search.
#[derive(Debug, ToSchema)]
pub(crate) struct SearchRequest {
    /// Each once.
    #[schema(min_items = 1, max_items = 20)]
    knowledge_base_ids: Vec<Uuid>,
    #[schema(min_length = 1, max_length = 2000)]
    query: String,
    /// 10 by default.
    #[schema(minimum = 1, maximum = 100)]
    limit: Option<i64>,
    mode: Option<SearchMode>,
    /// Whether a reranker orders the best of what is found: that of the bases, or else the installation's; 422 where there is none, or where the
    /// bases have different ones. As the bases say when absent, which is all that a publishable key gets. Where it fails, the results are in the fused order, and `rerank_error` says why.
    rerank: Option<bool>,
    /// This one, an available reranker of `GET /v1/models`. Not with a publishable key.
    #[schema(min_length = 1, max_length = 200)]
    reranker: Option<String>,
    /// How many of the best are given to the reranker: `limit` at least. As the bases or the installation say when absent. Not with a publishable key.
    #[schema(minimum = 1, maximum = 200)]
    rerank_candidates: Option<u16>,
    /// How many chunks each leg proposes of each base: `limit` at least, and 5000 of all bases at most. As the base or the installation says when absent.
    #[schema(minimum = 10, maximum = 1000)]
    candidates: Option<u16>,
    /// On metadata: `{"field": value}`, `{"field": {"gte": 3}}`, `{"and": […]}`, `{"or": […]}`, `{"not": …}`; at most 16 KiB. With a
    /// publishable key, of metadata only `eq`, `ne` and `in`, and neither `$said.<name>` nor `$source_id`.
    #[schema(value_type = Option<Object>)]
    filter: Option<Value>,
    /// Only documents in one of these collections of the asked knowledge bases are found.
    #[schema(min_items = 1, max_items = 100)]
    collection_ids: Option<Vec<Uuid>>,
    /// Not with a publishable key.
    principal: Option<Principal>,
    /// Show what each leg made of each result, and of the best 200 chunks that were ranked. Not with a publishable key.
    explain: Option<bool>,
    /// How a hybrid search makes one score of two; as the base or the installation says when absent.
    fusion: Option<FusionMethod>,
    /// The vector leg's share of a weighted score; not with `rrf`.
    #[schema(minimum = 0, maximum = 1)]
    alpha: Option<f32>,
    /// Only chunks that hold all of these are found: letter for letter but for case and spacing, as whole words. Each has a letter or a digit.
    #[schema(max_items = 5)]
    phrases: Option<Vec<String>>,
    /// Words that no asked base knows are looked for as each spells the nearest to them; `true` by default. Codes and numbers never are.
    tolerate_typos: Option<bool>,
    /// What a match in the title adds to the keyword score: BM25 of the chunk and `title_boost` times BM25 of the title; as the base
    /// says when absent, else 0.25.
    #[schema(minimum = 0, maximum = 10)]
    title_boost: Option<f32>,
    /// The same of the headings above the chunk; as the base says when absent, else 0.
    #[schema(minimum = 0, maximum = 10)]
    heading_boost: Option<f32>,
    recency: Option<Recency>,
    /// Only chunks with at least this `similarity` are found; not in keyword mode.
    #[schema(minimum = 0, maximum = 1)]
    min_similarity: Option<f32>,
    /// Of chunks that say nearly the same, only the best is a result of its own; it names the others as its `duplicates`.
    collapse: Option<bool>,
    /// How many chunks before and after each result are shown with it; 0 by default.
    #[schema(minimum = 0, maximum = 5)]
    neighbours: Option<i64>,
    /// Show each result with its document's metadata. Not with a publishable key.
    include_metadata: Option<bool>,
}

impl FromFields for SearchRequest {
    fn from_fields(fields: &mut Fields) -> Option<Self> {
        let knowledge_base_ids = fields.ids("knowledge_base_ids", 1..=20);
        let query = fields.text("query", 1..=2000);
        let limit = fields.optional_integer("limit", 1..=SearchKnowledge::LIMIT_MAX as i64);
        let mode = search_bounds::mode(fields);
        let rerank = fields.optional_bool("rerank");
        let reranker = search_bounds::reranker(fields);
        let rerank_candidates = search_bounds::rerank_candidates(fields);
        let candidates = search_bounds::candidates(fields);
        let filter = read_filter(fields);
        let collection_ids = fields.optional_ids("collection_ids", 1..=100);
        let principal = Principal::read(fields);
        let explain = fields.optional_bool("explain");
        let fusion = search_bounds::fusion(fields);
        let alpha = search_bounds::alpha(fields);
        let phrases = read_phrases(fields);
        let tolerate_typos = fields.optional_bool("tolerate_typos");
        let title_boost = search_bounds::title_boost(fields);
        let heading_boost = search_bounds::heading_boost(fields);
        let recency = Recency::read(fields);
        let min_similarity = search_bounds::min_similarity(fields);
        let collapse = fields.optional_bool("collapse");
        let neighbours = fields.optional_integer("neighbours", 0..=5);
        let include_metadata = fields.optional_bool("include_metadata");
        search_bounds::check_alpha(fields, fusion, alpha);
        search_bounds::check_min_similarity(fields, mode, min_similarity);
        let bases = knowledge_base_ids.as_ref().map_or(0, Vec::len);
        if candidates.is_some_and(|candidates| usize::from(candidates) * bases > SearchKnowledge::CANDIDATES_MAX) {
            let most = SearchKnowledge::CANDIDATES_MAX;
            fields.error(
                "candidates",
                "out_of_range",
                format!("must be {most} or less when multiplied by the number of knowledge bases"),
            );
        }
        search_bounds::check_reranker_wanted(fields, rerank, reranker.as_ref());
        let (knowledge_base_ids, query) = (knowledge_base_ids?, query?);
        Some(Self {
            knowledge_base_ids,
            query,
            limit,
            mode,
            rerank,
            reranker,
            rerank_candidates,
            candidates,
            filter,
            collection_ids,
            principal,
            explain,
            fusion,
            alpha,
            phrases,
            tolerate_typos,
            title_boost,
            heading_boost,
            recency,
            min_similarity,
            collapse,
            neighbours,
            include_metadata,
        })
    }

    fn check_against(fields: &mut Fields, settings: &Settings) {
        if let Some(name) = fields.peek_text("reranker").map(str::to_owned)
            && let Err((code, message)) = check_reranker(&settings.models, &name)
        {
            fields.error("reranker", code, message);
        }
    }
}

fn count(number: Option<i64>) -> Option<usize> {
    number.and_then(|number| usize::try_from(number).ok())
}

fn read_phrases(fields: &mut Fields) -> Option<Vec<String>> {
    let value = fields.value("phrases")?;
    let phrases = fields.texts("phrases", value, 0..=MAX_PHRASES, 1..=200)?;
    for (place, phrase) in phrases.iter().enumerate() {
        if !phrase.chars().any(char::is_alphanumeric) {
            fields.error(&format!("phrases.{place}"), "invalid", "must have a letter or a digit");
        }
    }
    Some(phrases)
}

struct Search {
    request: SearchRequest,
    viewer: Viewer,
    settings: Arc<Settings>,
}

impl Begin for Search {
    const INTERACTIVE: bool = true;

    async fn begin(self, tx: &mut TenantTx, options: EnqueueOptions) -> Result<Enqueued, Problem> {
        let Self {
            request,
            viewer,
            settings,
        } = self;
        let bases = asked_bases(tx, &request.knowledge_base_ids).await?;
        let collections = asked_collections(tx, &bases.at, request.collection_ids).await?;
        let wish = RerankWish {
            wanted: request.rerank,
            named: request.reranker,
        };
        let reranker = wish
            .choose(&settings, &bases.settings)
            .map_err(|error| Problem::invalid(vec![error]))?;
        let job = SearchKnowledge {
            knowledge_bases: bases.at,
            embedding_model: None,
            vector_store: None,
            query: request.query,
            limit: count(request.limit).unwrap_or(SearchKnowledge::LIMIT),
            mode: request.mode.unwrap_or_default(),
            rerank: reranker.is_some(),
            reranker,
            rerank_candidates: request.rerank_candidates.map(usize::from),
            candidates: request.candidates.map(usize::from),
            filter: request.filter,
            collections,
            viewer,
            explain: request.explain.unwrap_or(false),
            fusion: request.fusion.or(request.alpha.map(|_| FusionMethod::Weighted)),
            alpha: request.alpha,
            phrases: request.phrases.unwrap_or_default(),
            tolerate_typos: request.tolerate_typos.unwrap_or(true),
            title_boost: request.title_boost,
            heading_boost: request.heading_boost,
            recency: request.recency.map(Recency::into_kind),
            min_similarity: request.min_similarity,
            collapse: request.collapse.unwrap_or(false),
            neighbours: request
                .neighbours
                .and_then(|count| u8::try_from(count).ok())
                .unwrap_or(0),
            include_metadata: request.include_metadata.unwrap_or(false),
        };
        Ok(jobs::enqueue(tx, &job, options).await?)
    }
}

/// Search
///
/// Finds chunks by keywords, by meaning, or by both. Waits up to 10 seconds unless told otherwise. A change that was answered for before
/// the search began is seen by it, or the result says `stale`.
#[utoipa::path(
    post,
    path = "/v1/search",
    tag = "Search and answers",
    security(("api_key" = ["search:read"])),
    params(
        ("Prefer" = Option<String>, Header, description = "`wait=N` (at most 30 seconds) or `respond-async`."),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes the request safe to send again; kept one hour."),
    ),
    request_body = SearchRequest,
    responses(
        (status = 200, description = "The job has ended; its state says how.", body = SearchJob),
        (status = 202, description = "The job has not ended yet.", body = SearchJob, headers(("Location" = String, description = "The job."))),
        (status = 404, description = "A knowledge base does not exist."),
        (status = 409, description = "The idempotency key was used for another request."),
        (status = 413, description = "The body is over the limit."),
        (status = 415, description = "The body is not sent as JSON."),
        (status = 422, description = "Fields are missing, wrong or unknown."),
    )
)]
pub(crate) async fn search(
    State(state): State<ApiState>,
    Authorized { caller, .. }: Authorized<SearchRead>,
    options: WorkOptions,
    JsonBody { mut value, hash }: JsonBody<SearchRequest>,
) -> Result<Response, Problem> {
    let viewer = caller.viewer(value.principal.take().map(Principal::into_parts))?;
    // What is reranked is paid for: visitors get what the bases have.
    for (field, asked) in [
        ("explain", value.explain == Some(true)),
        ("include_metadata", value.include_metadata == Some(true)),
        ("rerank", value.rerank == Some(true)),
        ("reranker", value.reranker.is_some()),
        ("rerank_candidates", value.rerank_candidates.is_some()),
    ] {
        if asked {
            caller.refuse_field_of_publishable(field)?;
        }
    }
    check_filter_of(&caller, value.filter.as_ref())?;
    value
        .recency
        .as_ref()
        .map_or(Ok(()), |recency| recency.check_of(&caller))?;
    let request = work::Request {
        caller: &caller,
        options: &options,
        body_hash: hash,
    };
    let search = Search {
        request: value,
        viewer,
        settings: state.settings.clone(),
    };
    start_work(&state, request, search).await
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use jobs::FieldError;
    use serde_json::json;

    fn read(value: Value) -> Result<SearchRequest, Vec<FieldError>> {
        let mut fields = Fields::of(value);
        let read = SearchRequest::from_fields(&mut fields);
        fields.finish(read)
    }

    #[test]
    fn an_empty_query_without_bases_has_two_errors() {
        assert_eq!(read(json!({"query": ""})).unwrap_err().len(), 2);
    }

    #[test]
    fn the_smallest_search_is_accepted() {
        let read = read(json!({"knowledge_base_ids": [Uuid::now_v7()], "query": "lantern"})).unwrap();
        assert_eq!((read.limit, read.principal.is_none()), (None, true));
    }

    #[test]
    fn a_search_that_is_wrong_everywhere_lists_everything() {
        let wrong = json!({"knowledge_base_ids": ["x"], "query": 1, "limit": 0, "mode": "x", "rerank": "x", "reranker": "", "rerank_candidates": 0, "candidates": 9, "filter": [], "principal": {"role": "x"},
            "explain": 0, "fusion": "x", "alpha": 2, "phrases": ["a", "…"], "tolerate_typos": 1, "title_boost": 11, "heading_boost": -1, "recency": {"weight": 2}, "min_similarity": 2, "collapse": 0,
            "neighbours": 6, "include_metadata": "x", "surplus": 1});
        let fields: Vec<String> = read(wrong).unwrap_err().into_iter().map(|error| error.field).collect();
        let expected = "knowledge_base_ids.0 query limit mode rerank reranker rerank_candidates candidates filter principal.role explain fusion alpha phrases.1 tolerate_typos title_boost heading_boost \
                        recency.field recency.half_life_days recency.weight min_similarity collapse neighbours include_metadata surplus";
        assert_eq!(fields.join(" "), expected);
    }

    #[test]
    fn every_fault_of_a_filter_is_named_where_it_is() {
        let wrong = json!({"knowledge_base_ids": [Uuid::now_v7()], "query": "lantern",
            "filter": {"year": {"above": 3}, "and": [{"tag": {"in": "x"}}]}});
        let fields: Vec<String> = read(wrong).unwrap_err().into_iter().map(|error| error.field).collect();
        assert_eq!(fields, ["filter.and.0.tag.in", "filter.year.above"]);
    }

    #[test]
    fn alpha_is_refused_where_ranks_are_fused() {
        let wrong = json!({"knowledge_base_ids": [Uuid::now_v7()], "query": "lantern", "fusion": "rrf", "alpha": 0.5});
        assert_eq!(read(wrong).unwrap_err()[0].field, "alpha");
    }

    #[test]
    fn a_least_similarity_is_refused_where_nothing_has_one() {
        let wrong = json!({"knowledge_base_ids": [Uuid::now_v7()], "query": "lantern", "mode": "keyword", "min_similarity": 0.3});
        assert_eq!(read(wrong).unwrap_err()[0].field, "min_similarity");
    }

    #[test]
    fn many_bases_propose_fewer_candidates_each() {
        let search = |bases: usize, candidates: i64| {
            let ids: Vec<Uuid> = (0..bases).map(|_| Uuid::now_v7()).collect();
            read(json!({"knowledge_base_ids": ids, "query": "lantern", "candidates": candidates}))
        };
        assert!(search(20, 250).is_ok() && search(5, 1000).is_ok());
        for (bases, candidates) in [(20, 251), (6, 1000)] {
            let errors = search(bases, candidates).unwrap_err();
            assert_eq!((errors.len(), errors[0].field.as_str()), (1, "candidates"));
        }
    }

    #[test]
    fn a_reranker_is_refused_where_none_is_wanted() {
        let wrong = json!({"knowledge_base_ids": [Uuid::now_v7()], "query": "lantern", "rerank": false, "reranker": "rerank-2"});
        assert_eq!(read(wrong).unwrap_err()[0].field, "reranker");
    }

    #[test]
    fn every_mode_has_the_name_it_is_stored_under() {
        for (name, mode) in search_bounds::MODES {
            assert_eq!(serde_json::to_value(mode).unwrap(), name);
        }
    }
}
