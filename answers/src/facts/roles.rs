use std::collections::HashMap;

use crate::text::{Word, WordKind};

/// Words before and after a pivot that may take its roles.
const REACH: usize = 7;

/// Whether claim and evidence share a pivot (a verb, "before", "than", "to") with the same two words around it in opposite
/// places: "A invites B" against "B invites A". A passive on one side ("B is invited by A") turns the order round.
pub(crate) fn roles_swapped(claim: &[Word], evidence: &[Word]) -> bool {
    let claim_places = unique_places(claim);
    let evidence_places = unique_places(evidence);
    let shared = claim_places
        .iter()
        .filter_map(|(key, &mine)| evidence_places.get(key).map(|&theirs| (*key, mine, theirs)));
    let shared: Vec<(&str, usize, usize)> = shared.collect();
    let swapped_around = shared.iter().any(|&(key, mine, theirs)| {
        is_pivot(key, claim, mine) && {
            let flipped = is_passive(claim, mine) != is_passive(evidence, theirs);
            crosses(&shared, key, mine, theirs, flipped, claim)
        }
    });
    swapped_around || prepositions_swapped(claim, evidence) || blocks_exchanged(&shared, claim, evidence)
}

/// Whether the claim becomes the evidence's order by exchanging two runs of words with something between them that stays.
/// A clause moved to the front leaves nothing between, and so is no exchange; neither are the members of a list.
fn blocks_exchanged(shared: &[(&str, usize, usize)], claim: &[Word], evidence: &[Word]) -> bool {
    let passives = |words: &[Word]| words.iter().filter(|word| word.lower == "by").count();
    if passives(claim) != passives(evidence) {
        return false;
    }
    let mut by_claim: Vec<(usize, usize)> = shared.iter().map(|&(_, mine, theirs)| (mine, theirs)).collect();
    by_claim.sort_unstable();
    let mut order: Vec<usize> = by_claim.iter().map(|&(_, theirs)| theirs).collect();
    order.sort_unstable();
    let ranks: Vec<(usize, usize)> = by_claim
        .iter()
        .filter_map(|&(mine, theirs)| Some((mine, order.binary_search(&theirs).ok()?)))
        .collect();
    let mut moved = ranks
        .iter()
        .enumerate()
        .filter(|(at, (_, rank))| at != rank)
        .map(|(at, _)| at);
    let (Some(first), Some(last)) = (moved.next(), moved.next_back()) else {
        return false;
    };
    let Some(span) = ranks.get(first..=last) else {
        return false;
    };
    let blocks = span.chunk_by(|a, b| a.1 + 1 == b.1).collect::<Vec<_>>();
    let is_exchange = blocks.len() == 3 && span.len() <= 12;
    let stays = blocks.get(1).into_iter().flat_map(|block| block.iter());
    let plain = stays.filter_map(|(mine, _)| claim.get(*mine)).any(|word| !word.capital);
    is_exchange && plain && reversed(&blocks)
}

/// Whether three blocks stand in the opposite of their order.
fn reversed(blocks: &[&[(usize, usize)]]) -> bool {
    let firsts: Vec<usize> = blocks
        .iter()
        .filter_map(|block| block.first().map(|(_, rank)| *rank))
        .collect();
    firsts.windows(2).all(|pair| matches!(pair, [a, b] if a > b))
}

/// Content words and pivots that stand once only: others cannot be placed.
fn unique_places(words: &[Word]) -> HashMap<&str, usize> {
    let mut places: HashMap<&str, Option<usize>> = HashMap::new();
    for (index, word) in words.iter().enumerate() {
        if word.is_content() || is_order_word(&word.lower) {
            places
                .entry(word.stem.as_str())
                .and_modify(|place| *place = None)
                .or_insert(Some(index));
        }
    }
    places
        .into_iter()
        .filter_map(|(stem, place)| place.map(|place| (stem, place)))
        .collect()
}

fn is_order_word(lower: &str) -> bool {
    matches!(
        lower,
        "before" | "after" | "than" | "over" | "under" | "above" | "below"
    )
}

fn is_pivot(key: &str, words: &[Word], index: usize) -> bool {
    words.get(index).is_some_and(|word| {
        is_order_word(key) || (word.kind == WordKind::Plain && word.is_content() && !(word.capital && index > 0))
    })
}

fn is_passive(words: &[Word], pivot: usize) -> bool {
    let after = words.get(pivot + 1..).unwrap_or_default();
    let verb = words
        .get(pivot)
        .is_some_and(|word| word.lower.ends_with("ed") || word.lower.ends_with("en") || word.lower.ends_with('t'));
    let by = after
        .iter()
        .take(4)
        .take_while(|word| !word.after_break)
        .any(|word| word.lower == "by");
    verb && by
        || words
            .get(pivot.saturating_sub(1))
            .is_some_and(|word| pivot > 0 && matches!(word.lower.as_str(), "by"))
}

fn crosses(
    shared: &[(&str, usize, usize)],
    pivot: &str,
    mine: usize,
    theirs: usize,
    flipped: bool,
    claim: &[Word],
) -> bool {
    let side = |place: usize, centre: usize| place.abs_diff(centre) <= REACH && place != centre;
    let near = shared.iter().filter(|&&(key, my, their)| {
        key != pivot && side(my, mine) && side(their, theirs) && claim.get(my).is_some_and(Word::is_content)
    });
    let (mut moved_right, mut moved_left) = (false, false);
    for &(_, my, their) in near {
        let (before_mine, before_theirs) = (my < mine, (their < theirs) != flipped);
        moved_right |= before_mine && !before_theirs;
        moved_left |= !before_mine && before_theirs;
    }
    moved_right && moved_left
}

/// "from A to B" against "from B to A": both prepositions take the other one's word.
fn prepositions_swapped(claim: &[Word], evidence: &[Word]) -> bool {
    let (claim_from, claim_to) = (object_of("from", claim), object_of("to", claim));
    let (evidence_from, evidence_to) = (object_of("from", evidence), object_of("to", evidence));
    let known = claim_from.is_some() && claim_to.is_some() && claim_from != claim_to;
    known && claim_from == evidence_to && claim_to == evidence_from
}

fn object_of<'a>(preposition: &str, words: &'a [Word]) -> Option<&'a str> {
    let place = words.iter().position(|word| word.lower == preposition)?;
    words
        .iter()
        .skip(place + 1)
        .take(3)
        .find(|word| word.is_content())
        .map(|word| word.stem.as_str())
}
