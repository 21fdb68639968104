//! Finding chunks in several bases: shared by search and answers.
use super::embedding;
use super::fusion::fusion;
use crate::replicas::failed;
use crate::{JobContext, JobError};
use config::ModelSettings;
use futures::stream::{self, StreamExt as _, TryStreamExt as _};
use jobs::AskedSettings;
use jobs::kinds::{BaseAt, SearchKnowledge, Viewer};
use retrieval::{BaseQuery, Filter, Hit, Hits, Mode, Query, Replica, Stop, search_several};
use serde_json::Value;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};
use store::knowledge_bases::{KnowledgeBase, KnowledgeBaseHead};
use store::search_settings::SearchSettings;
use store::{CollectionId, KnowledgeBaseId, knowledge_bases};

/// Bases that are waited for together: each that is behind reads the database meanwhile.
const AT_ONCE: usize = 8;

/// How long looking through the bases may take where somebody waits: as long as a request waits for its job at most, if nothing else is set. It is usually milliseconds.
const LONGEST: Duration = Duration::from_secs(30);

/// The bases that are asked and still exist, by the index that is asked, in the order asked.
pub(super) struct AskedBases(Vec<(BaseAt, KnowledgeBase)>);

/// Which index of each base: where nothing is said, the one that is searched.
#[derive(Clone, Copy, Default)]
pub(super) struct AskedIndex<'a> {
    model: Option<&'a str>,
    store: Option<&'a str>,
}

impl<'a> AskedIndex<'a> {
    pub(super) fn of(search: &'a SearchKnowledge) -> Self {
        Self {
            model: search.embedding_model.as_deref(),
            store: search.vector_store.as_deref(),
        }
    }

    fn find(&self, head: &KnowledgeBaseHead) -> Result<KnowledgeBase, JobError> {
        let is_asked = |base: &KnowledgeBase| {
            self.model.is_none_or(|model| model == base.embedding_model)
                && self.store.is_none_or(|store| store == base.vector_store.as_str())
        };
        head.by_index().find(is_asked).ok_or_else(|| {
            let (model, store) = (self.model.unwrap_or("any model"), self.store.unwrap_or("any place"));
            let message = format!("The knowledge base has no index by {model} in {store} any more.");
            JobError::permanent("model_unavailable", message)
        })
    }
}

impl AskedBases {
    pub(super) async fn read(job: &JobContext, asked: &[BaseAt], index: AskedIndex<'_>) -> Result<Self, JobError> {
        let ids: Vec<KnowledgeBaseId> = asked.iter().map(|at| at.id).collect();
        let heads = job
            .app
            .store
            .read_by_id(job.tenant(), async |tx| knowledge_bases::heads(tx, &ids).await)
            .await?;
        let found = asked.iter().filter_map(|at| {
            let head = heads.iter().find(|head| head.base.id == at.id)?;
            Some(index.find(head).map(|base| (*at, base)))
        });
        Ok(Self(found.collect::<Result<_, _>>()?))
    }

    /// Whether a base's model reads pictures: only such a base has any.
    pub(super) fn may_have_images(&self, models: &ModelSettings) -> bool {
        let mut of_bases = self.0.iter().map(|(_, base)| &base.embedding_model);
        of_bases.any(|model| models.catalogue.get(model).is_some_and(|model| model.reads_images))
    }

    pub(super) fn settings(&self) -> impl Iterator<Item = &SearchSettings> {
        self.0.iter().map(|(_, base)| &base.search)
    }
}

/// What the bases gave.
pub(super) struct Found {
    pub(super) bases: Vec<(KnowledgeBaseId, Hits)>,
    pub(super) stale: bool,
}

impl Found {
    /// Whether some base looked at only some of the chunks that may hold the phrases.
    pub(super) fn phrases_partial(&self) -> bool {
        self.bases.iter().any(|(_, hits)| hits.phrases_partial)
    }

    /// The hits of all bases, the best first.
    pub(super) fn merged(&mut self) -> Vec<(KnowledgeBaseId, Hit)> {
        let mut merged: Vec<(KnowledgeBaseId, Hit)> = Vec::new();
        for (base, of_base) in &mut self.bases {
            merged.extend(std::mem::take(&mut of_base.hits).into_iter().map(|hit| (*base, hit)));
        }
        // Each base came in order; only several need merging. A stable sort keeps equal scores in the order of the request.
        merged.sort_by(|(_, a), (_, b)| b.score.total_cmp(&a.score));
        merged
    }
}

/// Runs the query against each base, as `asked` or else the base or the installation says. Its vector is made here, by the model of each base.
pub(super) async fn find(
    job: &JobContext,
    bases: &AskedBases,
    query: &Query,
    asked: &AskedSettings,
) -> Result<Found, JobError> {
    let app = &job.app;
    let settings = &app.settings.retrieval;
    let vectors = if query.mode == Mode::Keyword {
        HashMap::new()
    } else {
        let models = bases.0.iter().map(|(_, base)| base.embedding_model.as_str());
        embedding::query_vectors(job, models, &query.text).await?
    };
    // What bases say for themselves is too much for many together.
    let most_of_each = SearchKnowledge::CANDIDATES_MAX / bases.0.len().max(1);
    let reads_of_each = query.phrase_reads / bases.0.len().max(1);
    // They are waited for together: whoever asks many bases waits for hardly longer than for one.
    let waiting: Vec<_> = bases
        .0
        .iter()
        .map(|(at, base)| fresh(job, base, *at, query.mode))
        .collect();
    let fresh: Vec<_> = stream::iter(waiting).buffered(AT_ONCE).try_collect().await?;
    let stop = Stop::new(job.job.interactive.then(|| Instant::now() + LONGEST));
    let _stops = StopsWhenDropped(stop.clone());
    let (mut searches, mut stale) = (Vec::new(), false);
    for ((_, base), (replica, is_stale)) in bases.0.iter().zip(fresh) {
        stale |= is_stale;
        let (of_base, model) = (&base.search, &base.embedding_model);
        searches.push(BaseQuery {
            model: model.clone(),
            replica,
            query: Query {
                vector: vectors.get(model.as_str()).cloned(),
                fusion: fusion(asked, &app.settings, base),
                title_boost: asked.title_boost(of_base, query.title_boost),
                heading_boost: asked.heading_boost(of_base, query.heading_boost),
                min_similarity: asked.min_similarity(of_base),
                candidates: asked
                    .candidates(settings, of_base)
                    .min(most_of_each)
                    .max(asked.candidates_at_least.unwrap_or(query.limit)),
                phrase_reads: reads_of_each,
                stop: stop.clone(),
                ..query.clone()
            },
        });
    }
    let found = tokio::task::spawn_blocking(move || counted(search_several(searches)))
        .await
        .map_err(|error| JobError::retry("panicked", format!("The search failed: {error}")))?
        .map_err(failed)?;
    let ids = bases.0.iter().map(|(at, _)| at.id);
    Ok(Found {
        bases: ids.zip(found).collect(),
        stale,
    })
}

/// Stops the search on its thread when whoever waits for it goes: the job was cancelled, or its lease is lost.
struct StopsWhenDropped(Stop);

impl Drop for StopsWhenDropped {
    fn drop(&mut self) {
        self.0.stop();
    }
}

/// Counts a search that was stopped; here, since nobody may wait for it any more.
fn counted<T>(found: retrieval::Result<T>) -> retrieval::Result<T> {
    let reason = match &found {
        Err(retrieval::Error::Unwanted) => "unwanted",
        Err(retrieval::Error::TooCostly) => "too_costly",
        _ => return found,
    };
    metrics::counter!("searches_stopped_total", "reason" => reason).increment(1);
    found
}

/// The base's replica, and whether it or the server that has its vectors is older than it was to be.
async fn fresh(
    job: &JobContext,
    base: &KnowledgeBase,
    at: BaseAt,
    mode: Mode,
) -> Result<(Arc<Replica>, bool), JobError> {
    let (app, tenant) = (&job.app, job.tenant());
    let (replica, mut is_stale) = app.replicas.at(tenant, base, at).await?;
    if mode != Mode::Keyword {
        is_stale |= app.replicas.served_at(tenant, base, at).await?;
    }
    Ok((replica, is_stale))
}

/// A filter as it was accepted: read again, by this release. What passes is in one of the collections, where there are any.
pub(super) fn filter(filter: Option<&Value>, collections: &[CollectionId]) -> Result<Option<Filter>, JobError> {
    let filter = filter.map(Filter::parse).transpose().map_err(|errors| {
        let all: Vec<String> = errors.iter().map(ToString::to_string).collect();
        JobError::permanent(
            "invalid_filter",
            format!("The filter cannot be used: {}", all.join("; ")),
        )
    })?;
    if collections.is_empty() {
        return Ok(filter);
    }
    Ok(Some(Filter::in_collections(
        collections.iter().map(ToString::to_string),
        filter,
    )))
}

pub(super) fn viewer(viewer: &Viewer) -> retrieval::Viewer {
    match viewer {
        Viewer::Tenant => retrieval::Viewer::Tenant,
        Viewer::Public => retrieval::Viewer::Public,
        Viewer::Principal { user, groups } => retrieval::Viewer::Principal {
            user: user.clone(),
            groups: groups.clone(),
        },
    }
}
