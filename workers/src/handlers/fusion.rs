use config::Settings;
use jobs::AskedSettings;
use jobs::kinds::FusionMethod;
use retrieval::Fusion;
use store::knowledge_bases::KnowledgeBase;

/// The constant of reciprocal rank fusion in the paper that named it (Cormack, Clarke and Büttcher, 2009).
pub(super) const RRF_K: f32 = 60.0;

/// How a base makes one score of two.
pub(super) fn fusion(asked: &AskedSettings, settings: &Settings, base: &KnowledgeBase) -> Fusion {
    match asked.fusion(&settings.retrieval, &base.search) {
        FusionMethod::Weighted => Fusion::Weighted {
            alpha: asked.alpha(settings, base, &base.embedding_model),
        },
        FusionMethod::Rrf => Fusion::ReciprocalRank { k: RRF_K },
    }
}
