use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};

use unicode_segmentation::UnicodeSegmentation;

use crate::phrase::Phrase;

/// Words in a row that are compared.
const SHINGLE: usize = 3;
/// Of all runs of words in either text, the share that must be in both. Broder, "On the resemblance and containment of documents", 1997.
const ALIKE: f64 = 0.8;

/// What a text is compared by.
pub struct Wording {
    shingles: HashSet<u64>,
}

impl Wording {
    #[must_use]
    pub fn of(text: &str) -> Self {
        let folded = Phrase::folded(text);
        let words: Vec<&str> = folded.unicode_words().collect();
        // A text of fewer words is one run.
        let runs = words.windows(SHINGLE.min(words.len()).max(1));
        Self {
            shingles: runs.map(hash).collect(),
        }
    }

    /// Whether two texts say the same with hardly a word changed. Texts without words are never alike.
    #[must_use]
    pub fn is_near(&self, other: &Self) -> bool {
        let common = self.shingles.intersection(&other.shingles).count();
        let all = self.shingles.len() + other.shingles.len() - common;
        all > 0 && common as f64 >= ALIKE * all as f64
    }
}

fn hash(run: &[&str]) -> u64 {
    let mut hasher = DefaultHasher::new();
    run.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(left: &str, right: &str) -> bool {
        Wording::of(left).is_near(&Wording::of(right))
    }

    const TEXT: &str = "We refund every order within thirty days of its delivery. Send the parcel back with the label that came in it, and the money is on your account within a week of the day on which it reaches us.";

    #[test]
    fn a_changed_word_in_a_long_text_makes_no_difference() {
        assert!(near(TEXT, TEXT));
        assert!(near(TEXT, &TEXT.replace("parcel", "package").to_uppercase()));
    }

    #[test]
    fn other_texts_and_short_ones_that_differ_stay_apart() {
        assert!(!near(TEXT, "We refund every order within thirty days of its delivery."));
        assert!(!near("Lamp 3 costs 12 euros.", "Lamp 4 costs 12 euros."));
        assert!(near("Lamp", "lamp"));
        assert!(!near("", ""));
    }
}
