use std::ops::Range;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::acl::Viewer;
use crate::filter::Filter;
use crate::fusion::Fusion;
use crate::keyword::USUALLY_READ;
use crate::phrase::Phrase;
use crate::recency::Recency;
use crate::stop::Stop;
use crate::together::Together;

/// Which legs rank.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    #[default]
    Hybrid,
    Keyword,
    Vector,
}

/// One search. Build it with [`Query::new`] and set what differs.
#[derive(Clone, Debug)]
pub struct Query {
    /// Plain text; nothing in it is syntax. At most 512 tokens of it count.
    pub text: String,
    /// The text's embedding by the base's model; [`Mode::Keyword`] does without.
    pub vector: Option<Vec<f32>>,
    pub mode: Mode,
    /// Hits wanted, at most 1,000; 0 for who only ranks, and [reads](crate::Replica::read_ranked) later.
    pub limit: usize,
    /// How many chunks each leg proposes, at most 10,000; fewer than `limit` may give fewer hits.
    pub candidates: usize,
    /// How much a match in the document's title adds to the keyword score, which counts the title as part of every
    /// chunk already: BM25 of the chunk + boost * BM25 of the title. 0 to 10.
    pub title_boost: f32,
    /// The same of the chunk's headings, which stand above its text and count as part of it already. 0 to 10.
    pub heading_boost: f32,
    /// How [`Mode::Hybrid`] makes one score of two.
    pub fusion: Fusion,
    pub filter: Option<Filter>,
    /// Only chunks that hold all of these are found, by either leg.
    pub phrases: Vec<Phrase>,
    /// How many chunks that have all words of the phrases are read, to see whether these are in them; 20,000 unless set. Whoever searches several bases shares them out.
    pub phrase_reads: usize,
    /// Words that no chunk of the base holds, nor of those it is searched together with, are looked for as the base spells what is nearest to them.
    pub tolerate_typos: bool,
    pub recency: Option<Recency>,
    /// Chunks whose cosine is lower are not found; nothing in [`Mode::Keyword`], which has no cosines.
    pub min_similarity: Option<f32>,
    pub viewer: Viewer,
    /// Also answer every candidate's scores.
    pub explain: bool,
    /// Where the base is searched beside others: what makes their scores compare.
    pub together: Option<Together>,
    /// Ends the search early.
    pub stop: Stop,
}

impl Query {
    /// A hybrid search for 10 hits among 100 candidates a leg; without a vector, a keyword search.
    pub fn new(text: impl Into<String>, vector: Option<Vec<f32>>, viewer: Viewer) -> Self {
        Self {
            text: text.into(),
            mode: if vector.is_some() { Mode::Hybrid } else { Mode::Keyword },
            vector,
            limit: 10,
            candidates: 100,
            title_boost: crate::USUAL_TITLE_BOOST,
            heading_boost: crate::USUAL_HEADING_BOOST,
            fusion: Fusion::default(),
            filter: None,
            phrases: Vec::new(),
            phrase_reads: USUALLY_READ,
            tolerate_typos: true,
            recency: None,
            min_similarity: None,
            viewer,
            explain: false,
            together: None,
            stop: Stop::default(),
        }
    }

    /// Whether a candidate is as similar as it has to be.
    pub(crate) fn admits(&self, candidate: &Explain) -> bool {
        let least = self.min_similarity.filter(|_| self.mode != Mode::Keyword);
        least.is_none_or(|least| candidate.cosine.is_some_and(|cosine| cosine >= least))
    }
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Hits {
    /// Best first; equal scores by document id, ordinal and chunk id.
    pub hits: Vec<Hit>,
    /// How many chunks were ranked.
    pub candidates: usize,
    /// So many chunks have all words of the query's phrases that not each was looked at: there may be more that hold them.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub phrases_partial: bool,
    /// The query as the keyword leg understood it; only with `explain`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub terms: Vec<String>,
    /// Every candidate in order of rank, hits included; only with `explain`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ranking: Vec<CandidateScore>,
}

impl Hits {
    /// Each document once, best first, with the score of its best chunk.
    pub fn documents(&self) -> Vec<(Uuid, f32)> {
        let mut seen = std::collections::HashSet::new();
        let best = self.hits.iter().filter(|hit| seen.insert(hit.document_id));
        best.map(|hit| (hit.document_id, hit.score)).collect()
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Hit {
    pub document_id: Uuid,
    pub chunk_id: Uuid,
    pub ordinal: u32,
    pub title: String,
    pub headings: Vec<String>,
    pub text: String,
    /// Hybrid: the fused score. Keyword: BM25. Vector: cosine.
    pub score: f32,
    /// Cosine of query and chunk, -1 to 1, whichever leg found it; absent in keyword mode.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub similarity: Option<f32>,
    /// What recency multiplied the score by, for whoever makes another score of the hit; 1 without recency.
    pub factor: f32,
    /// Up to two pieces of `text` around matched words, in bytes; [`excerpt`](crate::excerpt) shows them.
    pub highlights: Vec<Range<usize>>,
    /// Only with `explain`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub explain: Option<Explain>,
}

/// Where a candidate's score comes from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Explain {
    /// BM25 of the chunk and its boosted title and headings, 0 when no term matches; absent when the keyword leg did not run.
    pub keyword_score: Option<f32>,
    /// Place among the keyword leg's proposals, from 1; absent when only the vector leg proposed the chunk.
    pub keyword_rank: Option<u32>,
    /// `keyword_score` as a share of what the query's words can come to, 0 to about 1, which a weighted search adds to the cosine: `score` is
    /// `(alpha * cosine + (1 - alpha) * keyword_share) * factor`. Absent otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub keyword_share: Option<f32>,
    /// Absent when the vector leg did not run.
    pub cosine: Option<f32>,
    /// Place among the vector leg's proposals, from 1; absent when only the keyword leg proposed the chunk.
    pub vector_rank: Option<u32>,
    pub score: f32,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct CandidateScore {
    pub document_id: Uuid,
    pub chunk_id: Uuid,
    /// As of a [`Hit`].
    pub factor: f32,
    #[serde(flatten)]
    pub explain: Explain,
}
