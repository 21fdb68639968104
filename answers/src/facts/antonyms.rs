use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use crate::text::{Word, stem};

/// Pairs of opposites, written by hand for product and support texts. A word may stand in several pairs.
const PAIRS: &str = "enable/disable enabled/disabled allow/deny allow/forbid allow/block allow/prevent permit/forbid permit/prohibit before/after \
    increase/decrease increase/reduce increase/lower raise/lower raise/reduce rise/fall grow/shrink add/remove add/delete create/delete \
    include/exclude accept/reject accept/refuse accept/decline approve/reject grant/revoke open/close opened/closed start/stop start/end \
    begin/end begin/finish begin/stop first/last early/late earlier/later earliest/latest always/never always/sometimes more/less more/fewer \
    most/least maximum/minimum max/min above/below over/under upper/lower high/low higher/lower highest/lowest large/small larger/smaller \
    largest/smallest big/small bigger/smaller long/short longer/shorter longest/shortest fast/slow faster/slower old/new older/newer \
    young/old younger/older public/private internal/external inside/outside local/remote online/offline on/off required/optional \
    mandatory/optional must/optional manual/automatic manually/automatically temporary/permanent temporarily/permanently \
    encrypted/unencrypted success/failure succeed/fail win/lose won/lost pass/fail true/false valid/invalid active/inactive \
    visible/hidden show/hide shown/hidden lock/unlock locked/unlocked install/uninstall subscribe/unsubscribe connect/disconnect \
    attach/detach import/export upload/download send/receive sent/received buy/sell incoming/outgoing inbound/outbound input/output \
    read/write ascending/descending positive/negative good/bad better/worse best/worst strong/weak stronger/weaker rich/poor \
    safe/dangerous safe/unsafe easy/difficult easy/hard easier/harder simple/complex free/paid cheap/expensive cheaper/expensive \
    full/empty same/different similar/different equal/unequal left/right top/bottom front/back left/remained north/south east/west \
    northern/southern eastern/western male/female man/woman men/women boy/girl father/mother son/daughter brother/sister husband/wife \
    king/queen actor/actress alive/dead born/died life/death love/hate hot/cold warm/cool wet/dry day/night light/dark black/white \
    heavy/light near/far present/absent presence/absence possible/impossible likely/unlikely common/rare popular/unpopular \
    single/multiple single/married single/double many/few monthly/yearly monthly/annual monthly/annually daily/weekly daily/monthly \
    weekly/monthly weekday/weekend hourly/daily refundable/nonrefundable reversible/irreversible synchronous/asynchronous \
    client/server sender/recipient buyer/seller employer/employee teacher/student parent/child lender/borrower primary/secondary \
    major/minor majority/minority plaintext/encrypted mutable/immutable upgrade/downgrade expand/contract gain/loss \
    profit/loss promote/inhibit activate/inhibit activate/deactivate activate/suppress induce/inhibit enhance/inhibit enhance/reduce enhance/impair \
    improve/worsen improve/impair promote/prevent promote/reduce promote/suppress increase/inhibit upregulate/downregulate cause/prevent support/oppose \
    agree/disagree legal/illegal guilty/innocent victory/defeat ally/enemy attack/defend fiction/nonfiction fictional/real \
    fictional/factual ancient/modern domestic/foreign urban/rural amateur/professional solo/group entire/partial complete/incomplete \
    partially/fully partly/wholly together/separately with/without include/omit keep/delete keep/discard retain/delete preserve/destroy \
    sync/async succeed/crash expire/renew expired/valid permanent/temporary immediately/eventually instantly/eventually \
    lenient/strict tighten/loosen widen/narrow wide/narrow deep/shallow thick/thin tall/short broad/narrow begin/conclude \
    arrive/depart arrival/departure enter/leave enter/exit join/leave push/pull give/take lend/borrow ask/answer question/answer \
    debit/credit deposit/withdraw deposit/withdrawal inflow/outflow surplus/shortage overestimate/underestimate \
    inward/outward inwards/outwards forward/backward forwards/backwards successful/unsuccessful famous/unknown known/unknown happy/unhappy happy/sad comedy/drama comedy/tragedy friendly/hostile";

/// Prefixes that turn a word into its opposite.
const PREFIXES: [&str; 6] = ["un", "in", "im", "ir", "dis", "non"];

static OPPOSITES: LazyLock<HashMap<String, HashSet<String>>> = LazyLock::new(|| {
    let mut table: HashMap<String, HashSet<String>> = HashMap::new();
    for (left, right) in PAIRS.split_whitespace().filter_map(|pair| pair.split_once('/')) {
        let (left, right) = (stem(left), stem(right));
        if left != right {
            table.entry(left.clone()).or_default().insert(right.clone());
            table.entry(right).or_default().insert(left);
        }
    }
    table
});

/// Stems of the words that say the opposite of a stem: the listed ones, and the stem with a denying prefix or without it.
pub(crate) fn opposites(stem: &str) -> Vec<String> {
    let mut found: Vec<String> = OPPOSITES.get(stem).into_iter().flatten().cloned().collect();
    let prefixed = PREFIXES.iter().map(|prefix| format!("{prefix}{stem}"));
    let bare = PREFIXES.iter().filter_map(|prefix| stem.strip_prefix(prefix));
    found.extend(prefixed.chain(bare.map(str::to_owned)).filter(|other| other.len() >= 4));
    found.sort();
    found
}

/// Whether the claim has a word whose opposite, but not itself, stands in the evidence, while the evidence's word does not
/// stand in the claim.
pub(crate) fn has_antonym(claim: &[Word], evidence: &[Word]) -> bool {
    let claim_stems: HashSet<&str> = claim.iter().map(|word| word.stem.as_str()).collect();
    let evidence_stems: HashSet<&str> = evidence.iter().map(|word| word.stem.as_str()).collect();
    claim_stems
        .iter()
        .filter(|word| !evidence_stems.contains(*word))
        .any(|&word| {
            let listed = OPPOSITES.get(word).is_some_and(|others| {
                others
                    .iter()
                    .any(|other| evidence_stems.contains(other.as_str()) && !claim_stems.contains(other.as_str()))
            });
            listed || has_prefixed_opposite(word, &claim_stems, &evidence_stems)
        })
}

fn has_prefixed_opposite(word: &str, claim: &HashSet<&str>, evidence: &HashSet<&str>) -> bool {
    PREFIXES.iter().any(|prefix| {
        let stripped = word.strip_prefix(prefix).filter(|rest| rest.len() >= 4);
        let removed = stripped.is_some_and(|rest| evidence.contains(rest) && !claim.contains(rest));
        let longer = format!("{prefix}{word}");
        removed || (word.len() >= 4 && evidence.contains(longer.as_str()) && !claim.contains(longer.as_str()))
    })
}
