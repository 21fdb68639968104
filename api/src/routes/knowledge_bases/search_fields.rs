use crate::extract::{Fields, FromFields};
use crate::routes::reranker_choice::check_reranker;
use crate::routes::search_bounds;
use config::Settings;
use store::search_settings::{NO_RERANKER, SearchSettings};
use utoipa::ToSchema;

/// How the base is to be searched; what is absent stays as it is, and `null` is what the installation says.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes the body; it is read field by field")]
pub(crate) struct SearchSettingsPatch {
    /// `weighted` or `rrf`.
    fusion: Option<String>,
    /// The vector leg's share of a weighted score.
    #[schema(minimum = 0, maximum = 1)]
    alpha: Option<f32>,
    /// What a match in the title adds to the keyword score.
    #[schema(minimum = 0, maximum = 10)]
    title_boost: Option<f32>,
    /// What a match in the headings above a chunk adds to it.
    #[schema(minimum = 0, maximum = 10)]
    heading_boost: Option<f32>,
    /// What is found must be so like the query at least, unless a search says otherwise; not in keyword mode.
    #[schema(minimum = 0, maximum = 1)]
    min_similarity: Option<f32>,
    /// How many chunks each leg proposes.
    #[schema(minimum = 10, maximum = 1000)]
    candidates: Option<i32>,
    /// An available reranker of `GET /v1/models`, or `none`.
    #[schema(min_length = 1, max_length = 200)]
    reranker: Option<String>,
    /// Whether searches and answers that do not say are reranked.
    rerank: Option<bool>,
    /// How many of the best are given to the reranker.
    #[schema(minimum = 1, maximum = 200)]
    rerank_candidates: Option<i32>,
}

/// What is to be different: `Some(None)` is what the installation says.
#[derive(Clone, Debug, Default)]
pub(crate) struct SearchChange {
    fusion: Option<Option<String>>,
    alpha: Option<Option<f32>>,
    title_boost: Option<Option<f32>>,
    heading_boost: Option<Option<f32>>,
    min_similarity: Option<Option<f32>>,
    candidates: Option<Option<i32>>,
    reranker: Option<Option<String>>,
    rerank: Option<Option<bool>>,
    rerank_candidates: Option<Option<i32>>,
}

impl SearchChange {
    /// Back to what the installation says, in every field.
    fn nothing_said() -> Self {
        Self {
            fusion: Some(None),
            alpha: Some(None),
            title_boost: Some(None),
            heading_boost: Some(None),
            min_similarity: Some(None),
            candidates: Some(None),
            reranker: Some(None),
            rerank: Some(None),
            rerank_candidates: Some(None),
        }
    }

    /// `search` of a change, where it is there.
    pub(super) fn read(fields: &mut Fields) -> Self {
        if fields.is_null("search") {
            fields.value("search");
            return Self::nothing_said();
        }
        let read = fields.value("search").and_then(|value| fields.nested("search", value));
        read.unwrap_or_default()
    }

    /// Notes a reranker that this installation cannot use.
    pub(super) fn check_against(fields: &mut Fields, settings: &Settings) {
        let named = fields.peek("search").and_then(|search| search.get("reranker"));
        let Some(name) = named.and_then(serde_json::Value::as_str).map(str::to_owned) else {
            return;
        };
        if name != NO_RERANKER
            && let Err((code, message)) = check_reranker(&settings.models, &name)
        {
            fields.error("search.reranker", code, message);
        }
    }

    pub(super) fn applied_to(self, before: SearchSettings) -> SearchSettings {
        SearchSettings {
            fusion: self.fusion.unwrap_or(before.fusion),
            alpha: self.alpha.unwrap_or(before.alpha),
            title_boost: self.title_boost.unwrap_or(before.title_boost),
            heading_boost: self.heading_boost.unwrap_or(before.heading_boost),
            min_similarity: self.min_similarity.unwrap_or(before.min_similarity),
            candidates: self.candidates.unwrap_or(before.candidates),
            reranker: self.reranker.unwrap_or(before.reranker),
            rerank: self.rerank.unwrap_or(before.rerank),
            rerank_candidates: self.rerank_candidates.unwrap_or(before.rerank_candidates),
        }
    }
}

impl FromFields for SearchChange {
    fn from_fields(fields: &mut Fields) -> Option<Self> {
        Some(Self {
            fusion: changed(fields, "fusion", |fields| {
                let fusion = search_bounds::fusion(fields)?;
                Some(fusion.as_str().to_owned())
            }),
            alpha: changed(fields, "alpha", search_bounds::alpha),
            title_boost: changed(fields, "title_boost", search_bounds::title_boost),
            heading_boost: changed(fields, "heading_boost", search_bounds::heading_boost),
            min_similarity: changed(fields, "min_similarity", search_bounds::min_similarity),
            candidates: changed(fields, "candidates", |fields| {
                search_bounds::candidates(fields).map(i32::from)
            }),
            reranker: changed(fields, "reranker", search_bounds::reranker),
            rerank: changed(fields, "rerank", |fields| fields.optional_bool("rerank")),
            rerank_candidates: changed(fields, "rerank_candidates", |fields| {
                search_bounds::rerank_candidates(fields).map(i32::from)
            }),
        })
    }
}

/// `None`: absent; `Some(None)`: null.
fn changed<T>(fields: &mut Fields, name: &str, read: impl Fn(&mut Fields) -> Option<T>) -> Option<Option<T>> {
    if fields.is_null(name) {
        fields.value(name);
        return Some(None);
    }
    read(fields).map(Some)
}
