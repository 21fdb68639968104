mod candidates;
mod describing;
mod given;
mod imperatives;
mod kinds;
mod lists;
mod naming;
mod question;
mod reading;
mod run;
mod score;
mod select;
mod support;
mod tables;
mod types;

pub use run::{MAX_SENTENCES_TO_EMBED, compose, sentences_to_embed};
pub use types::{AbstainCode, AbstainReason, Composition, Passage, SelectedSentence};
