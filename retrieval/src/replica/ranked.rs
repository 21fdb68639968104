use super::search::Shown;
use super::state::Replica;
use crate::allowed::Allowed;
use crate::documents::Documents;
use crate::error::Result;
use crate::fusion::Candidate;
use crate::keyword::{FieldBoosts, KeywordSearch};
use crate::query::{CandidateScore, Hit, Query};

impl Replica {
    /// Reads chunks that a [`search`](Self::search) for the same query has ranked, in the order and with the scores that they come with here: whoever orders the candidates
    /// of several bases reads only the best of all. What has changed in between is left out where it is gone, or the query may not look at it any more.
    pub fn read_ranked(&self, query: &Query, ranked: &[CandidateScore]) -> Result<Vec<Hit>> {
        if ranked.is_empty() {
            return Ok(Vec::new());
        }
        let state = self.read()?;
        let shared = query.together.as_ref().map(|together| &together.statistics);
        let seen = Allowed::seen_by(&query.viewer, &state.documents);
        let read = self.terms(&state, query, &seen, shared)?;
        let allowed = self.allowed(&state, query, seen)?;
        let found = ranked
            .iter()
            .filter_map(|ranked| find_again(&state.documents, &allowed, ranked));
        let wanted: Vec<Candidate> = found.collect();
        let searcher = state.searcher.clone();
        // Only for where chunks are: their scores are known.
        let keyword = KeywordSearch::new(&self.keyword, &searcher, &read.terms, FieldBoosts::default(), None)?;
        self.hits(
            &state,
            (&searcher, &keyword),
            &wanted,
            &mut Shown::new(query, &read.terms),
        )
    }
}

fn find_again(documents: &Documents, allowed: &Allowed, ranked: &CandidateScore) -> Option<Candidate> {
    let chunk = documents.find(ranked.document_id, ranked.chunk_id)?;
    if !allowed.contains(chunk) {
        return None;
    }
    Some(Candidate {
        key: documents.key(chunk)?,
        chunk,
        explain: ranked.explain,
    })
}
