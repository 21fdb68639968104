//! Evaluations: what search configurations made of a test set, question by question; and the gate of a knowledge base.
mod evaluation;
mod gate;
mod run;

pub use self::evaluation::{Evaluation, Scored, ScoredFilter, create, find, list, list_ended, list_scored};
pub use self::gate::{
    Gate, GateOverride, NewOverride, find_gate, list_overrides, record_override, remove_gate, set_gate,
};
pub use self::run::{
    JudgedDocument, Scores, ToAsk, Waiting, all_scores, begin, end, judged_documents, record, waiting,
};
