use crate::kinds::{FusionMethod, SearchKnowledge};
use config::{RetrievalSettings, Settings};
use store::knowledge_bases::KnowledgeBase;
use store::search_settings::SearchSettings;

/// How a base is searched: as the search says, else as the base does, else as the installation does.
///
/// Searches and evaluations, and so gates, ask this one; an evaluation is worth something only if it is what searches do.
#[derive(Clone, Copy, Debug, Default)]
pub struct AskedSettings {
    pub fusion: Option<FusionMethod>,
    pub alpha: Option<f32>,
    pub title_boost: Option<f32>,
    pub heading_boost: Option<f32>,
    pub min_similarity: Option<f32>,
    pub candidates: Option<usize>,
    pub rerank_candidates: Option<usize>,
    /// Candidates of each leg, however few are said; the query's limit by default, so that nothing is missing of what is asked for.
    pub candidates_at_least: Option<usize>,
}

impl From<&SearchKnowledge> for AskedSettings {
    fn from(search: &SearchKnowledge) -> Self {
        Self {
            fusion: search.fusion,
            alpha: search.alpha,
            title_boost: search.title_boost,
            heading_boost: search.heading_boost,
            min_similarity: search.min_similarity,
            candidates: search.candidates,
            rerank_candidates: search.rerank_candidates,
            candidates_at_least: None,
        }
    }
}

impl AskedSettings {
    /// How a hybrid search makes one score of two; one that says only `alpha` is weighted.
    #[must_use]
    pub fn fusion(&self, installation: &RetrievalSettings, base: &SearchSettings) -> FusionMethod {
        let of_base = base.fusion.as_deref().and_then(FusionMethod::named);
        let of_installation = match installation.fusion {
            config::FusionMethod::Weighted => FusionMethod::Weighted,
            config::FusionMethod::Rrf => FusionMethod::Rrf,
        };
        self.fusion
            .or(self.alpha.map(|_| FusionMethod::Weighted))
            .or(of_base)
            .unwrap_or(of_installation)
    }

    /// The vector leg's share of a weighted score in a base that is searched by an index of this model.
    #[must_use]
    pub fn alpha(&self, settings: &Settings, base: &KnowledgeBase, model: &str) -> f32 {
        self.alpha
            .or(base.search.alpha)
            .unwrap_or_else(|| settings.alpha(&base.language, model))
    }

    /// `usual` where nobody says.
    #[must_use]
    pub fn title_boost(&self, base: &SearchSettings, usual: f32) -> f32 {
        self.title_boost.or(base.title_boost).unwrap_or(usual)
    }

    /// `usual` where nobody says.
    #[must_use]
    pub fn heading_boost(&self, base: &SearchSettings, usual: f32) -> f32 {
        self.heading_boost.or(base.heading_boost).unwrap_or(usual)
    }

    /// How like the query what is found must be at least; `None`, and so 0, leaves nothing out.
    #[must_use]
    pub fn min_similarity(&self, base: &SearchSettings) -> Option<f32> {
        self.min_similarity.or(base.min_similarity).filter(|least| *least > 0.0)
    }

    /// How many chunks each leg proposes.
    #[must_use]
    pub fn candidates(&self, installation: &RetrievalSettings, base: &SearchSettings) -> usize {
        self.candidates
            .or(count(base.candidates))
            .unwrap_or(installation.candidates)
    }

    /// How many of the best a reranker is given; of several bases the one that says most decides.
    pub fn rerank_candidates<'b>(
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn what_a_search_says_comes_before_its_base_and_that_before_the_installation() {
        let settings =
            Settings::with_overrides(&[("retrieval.fusion", "rrf"), ("retrieval.candidates", "50")]).unwrap();
        let (installation, says_nothing) = (&settings.retrieval, SearchSettings::default());
        let of_base = SearchSettings {
            fusion: Some("weighted".to_owned()),
            title_boost: Some(2.0),
            min_similarity: Some(0.5),
            candidates: Some(70),
            rerank_candidates: Some(80),
            ..SearchSettings::default()
        };
        let nothing = AskedSettings::default();
        assert_eq!(nothing.fusion(installation, &says_nothing), FusionMethod::Rrf);
        assert_eq!(nothing.fusion(installation, &of_base), FusionMethod::Weighted);
        assert_eq!(nothing.candidates(installation, &says_nothing), 50);
        assert_eq!(nothing.candidates(installation, &of_base), 70);
        assert!((nothing.title_boost(&says_nothing, 0.25) - 0.25).abs() < f32::EPSILON);
        assert!((nothing.title_boost(&of_base, 0.25) - 2.0).abs() < f32::EPSILON);
        assert_eq!(nothing.min_similarity(&says_nothing), None);
        assert_eq!(nothing.min_similarity(&of_base), Some(0.5));
        let of_both = [&says_nothing, &of_base];
        assert_eq!(nothing.rerank_candidates(installation, of_both.into_iter()), 80);
        let asked = AskedSettings {
            fusion: Some(FusionMethod::Rrf),
            candidates: Some(90),
            rerank_candidates: Some(5),
            min_similarity: Some(0.0),
            ..nothing
        };
        assert_eq!(asked.fusion(installation, &of_base), FusionMethod::Rrf);
        assert_eq!(asked.candidates(installation, &of_base), 90);
        assert_eq!(asked.min_similarity(&of_base), None, "0 leaves nothing out");
        assert_eq!(asked.rerank_candidates(installation, of_both.into_iter()), 5);
    }

    #[test]
    fn a_search_that_says_only_alpha_is_weighted() {
        let settings = Settings::with_overrides(&[("retrieval.fusion", "rrf")]).unwrap();
        let asked = AskedSettings {
            alpha: Some(0.5),
            ..AskedSettings::default()
        };
        let of_base = SearchSettings {
            fusion: Some("rrf".to_owned()),
            ..SearchSettings::default()
        };
        assert_eq!(asked.fusion(&settings.retrieval, &of_base), FusionMethod::Weighted);
    }
}
