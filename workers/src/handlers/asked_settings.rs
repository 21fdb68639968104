//! How each base is searched: as the search says, else as the base does, else as the installation does.
use config::{RetrievalSettings, Settings};
use jobs::kinds::{FusionMethod, SearchKnowledge};
use retrieval::Fusion;
use store::knowledge_bases::KnowledgeBase;
use store::search_settings::SearchSettings;

/// The constant of reciprocal rank fusion in the paper that named it (Cormack, Clarke and Büttcher, 2009).
pub(super) const RRF_K: f32 = 60.0;

/// What a search itself says.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct AskedSettings {
    fusion: Option<FusionMethod>,
    alpha: Option<f32>,
    title_boost: Option<f32>,
    heading_boost: Option<f32>,
    candidates: Option<usize>,
    rerank_candidates: Option<usize>,
    /// Candidates of each leg, however few are said; the query's limit by default, so that nothing is missing of what is asked for.
    pub(super) candidates_at_least: Option<usize>,
}

impl From<&SearchKnowledge> for AskedSettings {
    fn from(search: &SearchKnowledge) -> Self {
        Self {
            fusion: search.fusion,
            alpha: search.alpha,
            title_boost: search.title_boost,
            heading_boost: search.heading_boost,
            candidates: search.candidates,
            rerank_candidates: search.rerank_candidates,
            candidates_at_least: None,
        }
    }
}

impl AskedSettings {
    pub(super) fn fusion(&self, settings: &Settings, base: &KnowledgeBase) -> Fusion {
        let (said, installation) = (&base.search, &settings.retrieval);
        let of_base = match said.fusion.as_deref() {
            Some("weighted") => Some(FusionMethod::Weighted),
            Some("rrf") => Some(FusionMethod::Rrf),
            _ => None,
        };
        let configured = match installation.fusion {
            config::FusionMethod::Weighted => FusionMethod::Weighted,
            config::FusionMethod::Rrf => FusionMethod::Rrf,
        };
        match self.fusion.or(of_base).unwrap_or(configured) {
            FusionMethod::Weighted => Fusion::Weighted {
                alpha: self
                    .alpha
                    .or(said.alpha)
                    .unwrap_or_else(|| settings.alpha(&base.language, &base.embedding_model)),
            },
            FusionMethod::Rrf => Fusion::ReciprocalRank { k: RRF_K },
        }
    }

    /// `usual` where nobody says.
    pub(super) fn title_boost(&self, base: &SearchSettings, usual: f32) -> f32 {
        self.title_boost.or(base.title_boost).unwrap_or(usual)
    }

    /// `usual` where nobody says.
    pub(super) fn heading_boost(&self, base: &SearchSettings, usual: f32) -> f32 {
        self.heading_boost.or(base.heading_boost).unwrap_or(usual)
    }

    pub(super) fn candidates(&self, installation: &RetrievalSettings, base: &SearchSettings) -> usize {
        self.candidates
            .or(count(base.candidates))
            .unwrap_or(installation.candidates)
    }

    /// Of several bases the one that says most.
    pub(super) fn rerank_candidates<'b>(
        &self,
        installation: &RetrievalSettings,
        bases: impl Iterator<Item = &'b SearchSettings>,
    ) -> usize {
        let of_bases = bases.map(|base| count(base.rerank_candidates).unwrap_or(installation.rerank_candidates));
        self.rerank_candidates
            .or(of_bases.max())
            .unwrap_or(installation.rerank_candidates)
    }
}

fn count(number: Option<i32>) -> Option<usize> {
    number.and_then(|number| usize::try_from(number).ok())
}
