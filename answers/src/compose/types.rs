use serde::Serialize;
use uuid::Uuid;

use crate::text::SentenceKind;

/// A retrieved chunk, best first in the list given to [`crate::compose`].
#[derive(Debug, Clone, PartialEq)]
pub struct Passage {
    pub chunk_id: Uuid,
    pub document_id: Uuid,
    pub title: String,
    /// Headings above the chunk, outermost first.
    pub headings: Vec<String>,
    pub text: String,
    /// Retrieval score; only its order within one list matters.
    pub score: f32,
    /// Cosine of question and chunk, -1..=1; 0 when unknown.
    pub cosine: f32,
}

/// A sentence of a passage that answers, word for word.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SelectedSentence {
    pub text: String,
    /// The chunk it stands in.
    pub chunk_id: Uuid,
    /// How well it answers, 0..=1; comparable within one answer.
    pub score: f32,
    /// Of a list of steps, which says nothing true without each of them.
    pub step: bool,
    /// What kind of line it stands in.
    pub kind: SentenceKind,
    /// Which paragraph, item or row of its chunk it belongs to, counted from 0.
    pub block: usize,
    /// The first row of a table, which names the columns of the others.
    pub header: bool,
}

/// Why nothing was answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum AbstainCode {
    /// The question has no word to look for.
    EmptyQuestion,
    /// Retrieval found nothing.
    NothingFound,
    /// What was found speaks of other things.
    OffTopic,
    /// The question names something that stands nowhere in what was found.
    UnknownName,
    /// The subject is covered, but the asked price, count, duration or contact is not given.
    ValueNotGiven,
    /// The subject is covered, but no sentence says whether what a yes/no question asks holds.
    Undecided,
}

/// A code for programs and a sentence for people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AbstainReason {
    pub code: AbstainCode,
    pub sentence: String,
}

/// An extractive answer, or the reason why there is none.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Composition {
    /// One to four sentences in reading order, or all steps of a list.
    Answered(Vec<SelectedSentence>),
    Abstained {
        reason: AbstainReason,
    },
}
