use config::Settings;
use jobs::AskedSettings;
use jobs::kinds::FusionMethod;
use retrieval::{Fusion, RRF_K};
use store::knowledge_bases::KnowledgeBase;

/// How a base makes one score of two.
pub(super) fn fusion(asked: &AskedSettings, settings: &Settings, base: &KnowledgeBase) -> Fusion {
    match asked.fusion(&settings.retrieval, &base.search) {
        FusionMethod::Weighted => Fusion::Weighted {
            alpha: asked.alpha(settings, base, &base.embedding_model),
        },
        FusionMethod::Rrf => Fusion::ReciprocalRank { k: RRF_K },
    }
}
