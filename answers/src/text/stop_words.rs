use std::collections::HashSet;
use std::sync::LazyLock;

/// English function words: they carry no content of their own. Negations, quantifiers and modal verbs stand here too,
/// because the fact detectors read them apart from content.
const STOP_WORDS: &str = "a an the and or but nor so yet if then than as at by for from in into of off on onto out over to up \
    with within without about above across after again against all along also although always am among any anybody anyone \
    anything are around because been before being below between both can could did do does doing done down during each \
    either else ever every everyone everything few get gets getting got had has have having he her here hers herself him \
    himself his how however i im instead is it its itself just least less let like may maybe me might mine more most much \
    must my myself neither never no nobody none not nothing now often once one only other others otherwise our ours \
    ourselves own per perhaps please quite rather really same shall she should since some somebody someone something \
    sometimes soon still such that their theirs them themselves there thereby therefore these they this those though \
    through thus till too toward towards under until unless upon us use used uses using usually very via was we well were \
    what whatever when whenever where whereas whether which while who whoever whom whose why will would yes you your yours \
    yourself ll re ve d s t m don";

static SET: LazyLock<HashSet<&'static str>> = LazyLock::new(|| STOP_WORDS.split_whitespace().collect());

pub(crate) fn is_stop_word(lower: &str) -> bool {
    SET.contains(lower)
}
