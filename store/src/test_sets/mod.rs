//! Test sets: questions to a knowledge base, and which documents are relevant to each.
mod judgements;
mod questions;
mod sample;
mod set;

pub use self::judgements::{Judgement, Named, base_of_question, judge, unknown_documents};
pub use self::questions::{
    Added, MAX_QUESTIONS, NewQuestion, Question, QuestionFilter, add_questions, delete_question, list_questions,
};
pub use self::sample::sample;
pub use self::set::{MAX_PER_BASE, TestSet, create, delete, find, list};
