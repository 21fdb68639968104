use super::candidates::Candidate;
use super::given::gives;
use super::imperatives::{commands, is_imperative};
use super::kinds::Expected;
use super::question::Question;
use super::reading::points_back;
use super::types::Passage;
use crate::text::SentenceKind;
use crate::vectors::{SentenceVectors, cosine};

/// What the parts of a score weigh. Set by hand on the development half of tests/golden/answers.json.
const COVERAGE: f32 = 0.25;
const OWN_COVERAGE: f32 = 0.25;
const NEARNESS: f32 = 0.4;
const RANK: f32 = 0.1;
/// For the kind of answer that is asked for; off for a yes/no question's sentence without its predicate.
const GIVEN: f32 = 0.12;
/// For a sentence that only says where or that something can be done, when steps are asked for.
const NO_COMMAND: f32 = 0.06;
const UNDECIDED: f32 = 0.2;
/// A first sentence under no heading that commands ("Import your data into …") announces the page more often than it instructs.
const ANNOUNCES: f32 = 0.12;
/// A sentence or list of steps that serves another task than the question's.
pub(super) const OTHER_TASK: f32 = 0.12;

/// A yes/no question may be decided in quite other words: by a sentence this near that shares at most so much of the question.
/// A near sentence that shares more may be near by its subject alone.
const NEAR_IN_OTHER_WORDS: f32 = 0.5;
const OTHER_WORDS_COVERAGE: f32 = 0.3;

/// A sentence without a name or number of the question that another one which answers has.
pub(super) const UNNAMED: f32 = 0.15;

/// A candidate with how well it answers.
pub(super) struct Scored {
    pub(super) candidate: Candidate,
    pub(super) score: f32,
    /// Cosine of the question and the sentence, or its passage; 0 when unknown.
    pub(super) nearness: f32,
    /// Gives what is asked for: a value of the kind, the predicate of a yes/no question, an instruction.
    pub(super) given: bool,
    /// Opens its page by saying what the page is for, when steps are asked for.
    pub(super) announces: bool,
}

pub(super) fn scored(
    question: &Question,
    candidate: Candidate,
    passages: &[Passage],
    vectors: &dyn SentenceVectors,
) -> Scored {
    let of_passage = passages.get(candidate.passage).map_or(0.0, |passage| passage.cosine);
    let of_passage = if of_passage.is_finite() {
        of_passage.max(0.0)
    } else {
        0.0
    };
    let of_sentence = nearness(question, &candidate, vectors);
    let given = is_given(question, &candidate, of_sentence);
    let form = match candidate.sentence.kind {
        _ if candidate.sentence.text.starts_with('<') => -0.15,
        SentenceKind::Code => -0.15,
        SentenceKind::TableRow => -0.05,
        _ => 0.0,
    };
    let kind = match (question.expected, given) {
        (Expected::YesNo, false) => -UNDECIDED,
        (Expected::Steps, true) if !commands(&candidate.words) => NO_COMMAND,
        (_, true) => GIVEN,
        (_, false) => 0.0,
    };
    let announces = question.expected == Expected::Steps && announces(&candidate, passages);
    let score = COVERAGE * candidate.coverage
        + OWN_COVERAGE * candidate.own_coverage
        + NEARNESS * of_sentence.unwrap_or(of_passage)
        + RANK * rank_share(candidate.passage)
        + form
        + kind
        - if announces { ANNOUNCES } else { 0.0 }
        - if candidate.other_task { OTHER_TASK } else { 0.0 };
    Scored {
        nearness: of_sentence.unwrap_or(0.0).max(of_passage),
        candidate,
        score,
        given,
        announces,
    }
}

/// The score of a list of steps as a whole.
pub(super) fn of_list(coverage: f32, own_coverage: f32, nearness: f32, passage: usize) -> f32 {
    COVERAGE * coverage + OWN_COVERAGE * own_coverage + NEARNESS * nearness + RANK * rank_share(passage) + GIVEN
}

/// 1 for the first passage, less for each after it.
pub(super) fn rank_share(passage: usize) -> f32 {
    1.0 / (1.0 + passage as f32 / 4.0)
}

/// Cosine of the question and the nearest of a sentence's contexts, 0..=1; `None` when none of them has a vector.
fn nearness(question: &Question, candidate: &Candidate, vectors: &dyn SentenceVectors) -> Option<f32> {
    let asked = vectors.vector(&question.text)?;
    candidate
        .contexts
        .iter()
        .filter_map(|context| cosine(asked, vectors.vector(context)?))
        .reduce(f32::max)
        .map(|near| near.max(0.0))
}

fn is_given(question: &Question, candidate: &Candidate, nearness: Option<f32>) -> bool {
    match question.expected {
        Expected::YesNo => {
            let named = question.predicate.is_empty() || question.predicate.iter().any(|term| candidate.has(*term));
            let paraphrased = candidate.own_coverage <= OTHER_WORDS_COVERAGE
                && nearness.is_some_and(|near| near >= NEAR_IN_OTHER_WORDS);
            named || paraphrased
        }
        Expected::Definition => defines(question, candidate),
        expected => gives(
            expected,
            &candidate.sentence.text,
            &candidate.said,
            question.counted.as_deref(),
        ),
    }
}

/// Whether the sentence has what is to be defined for its subject: its first content word, in a sentence of its own.
fn defines(question: &Question, candidate: &Candidate) -> bool {
    let subject = candidate.words.iter().find(|word| word.is_content());
    let asked = subject.is_some_and(|word| question.terms.iter().any(|term| term.stem == word.stem));
    candidate.is_kind(SentenceKind::Prose) && asked && !points_back(&candidate.words)
}

/// Whether the sentence opens its page, under no heading but the title, with a verb of command.
fn announces(candidate: &Candidate, passages: &[Passage]) -> bool {
    let first = candidate.words.first();
    let titled = passages
        .get(candidate.passage)
        .is_some_and(|passage| passage.headings.iter().all(|heading| *heading == passage.title));
    candidate.place == 0 && titled && first.is_some_and(|word| is_imperative(&word.lower))
}
