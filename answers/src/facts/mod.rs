mod antonyms;
mod names;
mod negation;
mod number_words;
mod numbers;
mod quantifiers;
mod roles;
mod units;

pub(crate) use antonyms::{has_antonym, opposites};
pub(crate) use names::{KnownNames, compare_names, spelled_out};
pub(crate) use negation::{is_negator, negation_mismatch};
pub(crate) use numbers::{Quantity, compare_numbers, quantities};
pub(crate) use quantifiers::quantifier_mismatch;
pub(crate) use roles::roles_swapped;
pub(crate) use units::Unit;
