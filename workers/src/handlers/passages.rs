//! Finding chunks in several bases: shared by search and answers.
use super::embedding;
use crate::{JobContext, JobError};
use config::RetrievalSettings;
use jobs::kinds::{BaseAt, FusionMethod, Viewer};
use retrieval::{Fusion, Hits, Mode, Query};
use std::collections::HashMap;
use store::knowledge_bases::KnowledgeBaseHead;
use store::{KnowledgeBaseId, knowledge_bases};

/// The constant of reciprocal rank fusion in the paper that named it (Cormack, Clarke and Büttcher, 2009).
const RRF_K: f32 = 60.0;

/// What the bases gave, each by itself.
pub(super) struct Found {
    pub(super) bases: Vec<(KnowledgeBaseId, Hits)>,
    pub(super) stale: bool,
}

/// Runs the query against each base that still exists. Its vector is made here, by the model of each base.
pub(super) async fn find(job: &JobContext, bases: &[BaseAt], query: &Query) -> Result<Found, JobError> {
    let (app, tenant) = (&job.app, job.tenant());
    let ids: Vec<KnowledgeBaseId> = bases.iter().map(|at| at.id).collect();
    let heads: Vec<KnowledgeBaseHead> = app
        .store
        .tenant(tenant, async |tx| knowledge_bases::heads(tx, &ids).await)
        .await?;
    let vectors = if query.mode == Mode::Keyword {
        HashMap::new()
    } else {
        let models = heads.iter().map(|head| head.base.embedding_model.as_str());
        embedding::query_vectors(job, models, &query.text).await?
    };
    let mut found = Found {
        bases: Vec::new(),
        stale: false,
    };
    for at in bases {
        let Some(head) = heads.iter().find(|head| head.base.id == at.id) else {
            continue;
        };
        let (replica, stale) = app.replicas.at(tenant, &head.base, *at).await?;
        found.stale |= stale;
        let query = Query {
            vector: vectors.get(head.base.embedding_model.as_str()).cloned(),
            ..query.clone()
        };
        let hits = tokio::task::spawn_blocking(move || replica.search(&query))
            .await
            .map_err(|error| JobError::retry("panicked", format!("The search failed: {error}")))?
            .map_err(|error| {
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "a replica could not be searched"
                );
                JobError::retry("replica", "The search index could not be used.")
            })?;
        found.bases.push((at.id, hits));
    }
    Ok(found)
}

/// How two scores become one: as the search says, else as configured.
pub(super) fn fusion(settings: &RetrievalSettings, method: Option<FusionMethod>, alpha: Option<f32>) -> Fusion {
    let configured = match settings.fusion {
        config::FusionMethod::Weighted => FusionMethod::Weighted,
        config::FusionMethod::Rrf => FusionMethod::Rrf,
    };
    match method.unwrap_or(configured) {
        FusionMethod::Weighted => Fusion::Weighted {
            alpha: alpha.unwrap_or(settings.alpha),
        },
        FusionMethod::Rrf => Fusion::ReciprocalRank { k: RRF_K },
    }
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
