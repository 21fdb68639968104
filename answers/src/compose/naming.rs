use std::collections::HashSet;

use crate::text::{Word, WordKind, split_sentences, words};

/// Capitals of a question that is written in capitals, for each small letter.
const CAPITALS_FOR_EACH_SMALL: usize = 4;
/// Fewer words may be a row of acronyms.
const SHOUTED_WORDS: usize = 3;

/// The words of a question, and what its capitals say of them.
pub(super) struct Naming {
    pub(super) words: Vec<Word>,
    /// Places of words that begin a sentence.
    openings: HashSet<usize>,
    /// Every Word Begins With a Capital.
    title_case: bool,
}

impl Naming {
    pub(super) fn of(question: &str) -> Self {
        let shouted = is_shouted(question);
        let text = if shouted {
            question.to_lowercase()
        } else {
            question.to_owned()
        };
        let words = words(&text);
        Self {
            openings: openings(&text, &words),
            title_case: is_title_case(&words),
            words,
        }
    }

    /// Whether the word at this place is a name, an address or an identifier: no other word stands for it.
    pub(super) fn is_name(&self, place: usize) -> bool {
        let Some(word) = self.words.get(place) else {
            return false;
        };
        let by_capital = word.capital && !self.title_case && !self.openings.contains(&place);
        match word.kind {
            WordKind::Code => true,
            WordKind::Plain => by_capital || word.inner_capital,
            // The capitals of "10GB" are those of its unit.
            WordKind::Number | WordKind::Cjk => false,
        }
    }
}

/// WHERE IS MY ORDER?
fn is_shouted(question: &str) -> bool {
    let capitals = question.chars().filter(|c| c.is_uppercase()).count();
    let small = question.chars().filter(|c| c.is_lowercase()).count();
    capitals >= CAPITALS_FOR_EACH_SMALL * small.max(1) && question.split_whitespace().count() >= SHOUTED_WORDS
}

/// "Where Is Your Refund Policy?": words that are no names have capitals as well.
fn is_title_case(words: &[Word]) -> bool {
    let [_, others @ ..] = words else {
        return false;
    };
    let plain = || others.iter().filter(|word| word.kind == WordKind::Plain);
    let function_word = plain().any(|word| word.stop && word.capital && word.lower != "i");
    function_word && plain().filter(|word| word.is_content()).all(|word| word.capital)
}

fn openings(text: &str, words: &[Word]) -> HashSet<usize> {
    let mut places = HashSet::from([0]);
    let mut read = 0;
    for sentence in split_sentences(text) {
        places.insert(read);
        read += self::words(&sentence.text).len();
    }
    // Markers of lists are no part of a sentence: where there are some, only the first word is known to open one.
    if read == words.len() {
        places
    } else {
        HashSet::from([0])
    }
}

#[cfg(test)]
mod tests {
    use super::Naming;

    fn names(question: &str) -> Vec<String> {
        let naming = Naming::of(question);
        let named = naming
            .words
            .iter()
            .enumerate()
            .filter(|(place, word)| word.is_content() && naming.is_name(*place));
        named.map(|(_, word)| word.lower.clone()).collect()
    }

    #[test]
    fn a_capital_inside_a_sentence_names_and_one_that_opens_it_does_not() {
        assert_eq!(names("Does it work with Shopify?"), ["shopify"]);
        assert_eq!(names("Hi there. Delivery was slow. Parcels of DHL too?"), ["dhl"]);
        assert_eq!(names("Who is Angela Merkel?"), ["angela", "merkel"]);
        assert_eq!(names("Where is config.toml of GitHub?"), ["config.toml", "github"]);
    }

    #[test]
    fn where_every_word_has_capitals_they_name_nothing() {
        assert!(names("WHAT IS YOUR REFUND POLICY?").is_empty());
        assert!(names("Where Is Your Refund Policy?").is_empty());
        assert_eq!(names("How Do I Set Up SSO?"), ["sso"]);
        assert_eq!(names("SSO MFA"), ["sso", "mfa"]);
        assert_eq!(names("May I pay with Visa?"), ["visa"]);
    }

    #[test]
    fn a_number_with_its_unit_is_no_name() {
        assert!(names("Is there a limit of 10GB?").is_empty());
    }
}
