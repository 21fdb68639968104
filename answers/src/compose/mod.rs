mod candidates;
mod kinds;
mod question;
mod run;
mod select;
mod support;
mod types;

pub use run::{MAX_SENTENCES_TO_EMBED, compose, sentences_to_embed};
pub use types::{AbstainCode, AbstainReason, Composition, Passage, SelectedSentence};
