use crate::data::Example;

type Pair = (Example, Example);
/// Alters a sentence, given its place among all sentences.
type Change<'a> = &'a dyn Fn(&str, usize) -> Option<String>;

/// At most this many pairs of each kind.
const PAIRS: usize = 300;

/// For each kind of change: a lightly edited true copy beside an altered copy of the same sentence.
pub(crate) fn kinds(sentences: &[(String, String)]) -> Vec<(&'static str, Vec<Pair>)> {
    let changes: [(&'static str, Change<'_>); 6] = [
        ("number", &|text, _| number(text)),
        ("name", &|text, at| name(text, sentences, at)),
        ("negation", &|text, _| negation(text)),
        ("antonym", &|text, _| swap_word(text, ANTONYMS)),
        ("quantifier", &|text, _| swap_word(text, QUANTIFIERS)),
        ("role swap", &|text, _| roles(text, sentences)),
    ];
    changes
        .into_iter()
        .map(|(kind, change)| {
            let pairs = sentences.iter().enumerate().filter_map(|(at, (sentence, source))| {
                let altered = change(sentence, at).filter(|altered| altered != sentence)?;
                let example = |claim: String, supported| Example {
                    source: source.clone(),
                    claim,
                    supported,
                };
                let kept = lightly_edited(sentence);
                Some((
                    example(kept.unwrap_or_else(|| sentence.clone()), true),
                    example(altered, false),
                ))
            });
            (kind, pairs.take(PAIRS).collect())
        })
        .collect()
}

/// Drops an adverb or an adjective of six letters or more: meaning kept as far as a rule can tell. `None` when there is none.
pub(crate) fn lightly_edited(sentence: &str) -> Option<String> {
    let words: Vec<&str> = sentence.split_whitespace().collect();
    let adverb = words
        .iter()
        .skip(1)
        .position(|word| word.len() >= 6 && word.ends_with("ly"));
    let adjective = words.windows(3).position(|three| {
        let [before, middle, _] = three else { return false };
        matches!(*before, "the" | "a" | "an") && middle.len() >= 6 && middle.chars().all(char::is_lowercase)
    });
    let dropped = adverb.or(adjective)? + 1;
    let kept: Vec<&str> = words
        .iter()
        .enumerate()
        .filter(|(at, _)| *at != dropped)
        .map(|(_, word)| *word)
        .collect();
    Some(kept.join(" "))
}

fn number(text: &str) -> Option<String> {
    let mut words: Vec<String> = text.split_whitespace().map(str::to_owned).collect();
    let word = words.iter_mut().find(|word| {
        let digits = word.trim_matches(|c: char| !c.is_ascii_digit());
        !digits.is_empty()
            && digits.len() <= 6
            && digits.bytes().all(|byte| byte.is_ascii_digit())
            && word.len() <= digits.len() + 2
    })?;
    let digits = word.trim_matches(|c: char| !c.is_ascii_digit()).to_owned();
    let value: u64 = digits.parse().ok()?;
    *word = word.replace(&digits, &(value + 3 + value / 7).to_string());
    Some(words.join(" "))
}

fn is_name(word: &str) -> bool {
    word.len() >= 4 && word.starts_with(char::is_uppercase) && word.chars().skip(1).all(char::is_lowercase)
}

/// Whether the word also stands in lower case somewhere: then its capital comes from the start of a sentence.
fn is_common(name: &str, sentences: &[(String, String)]) -> bool {
    let lower = name.to_lowercase();
    sentences
        .iter()
        .any(|(text, _)| text.split_whitespace().any(|word| word == lower))
}

/// Puts a name of a sentence further on in the place of the last one here. Words that also stand in lower case are no names.
fn name(text: &str, sentences: &[(String, String)], at: usize) -> Option<String> {
    let mut words: Vec<&str> = text.split_whitespace().collect();
    let place = words.iter().skip(1).rposition(|word| is_name(word))? + 1;
    let (_, source) = sentences.get(at)?;
    let others = sentences.iter().cycle().skip(at + 17).take(60);
    let mut names = others
        .flat_map(|(other, _)| other.split_whitespace().skip(1))
        .filter(|word| is_name(word));
    let other = names.find(|name| !source.contains(*name) && !is_common(name, sentences))?;
    *words.get_mut(place)? = other;
    Some(words.join(" "))
}

fn negation(text: &str) -> Option<String> {
    let words: Vec<&str> = text.split_whitespace().collect();
    if let Some(at) = words.iter().position(|word| *word == "not") {
        let kept: Vec<&str> = words
            .iter()
            .enumerate()
            .filter(|(index, _)| *index != at)
            .map(|(_, word)| *word)
            .collect();
        return Some(kept.join(" "));
    }
    let at = words.iter().position(|word| {
        matches!(
            *word,
            "is" | "are" | "was" | "were" | "can" | "will" | "may" | "should" | "must"
        )
    })?;
    let (before, after) = words.split_at_checked(at + 1)?;
    Some(format!("{} not {}", before.join(" "), after.join(" ")))
}

const ANTONYMS: &[(&str, &str)] = &[
    ("increased", "decreased"),
    ("increase", "decrease"),
    ("increases", "reduces"),
    ("reduced", "increased"),
    ("reduces", "increases"),
    ("higher", "lower"),
    ("lower", "higher"),
    ("before", "after"),
    ("after", "before"),
    ("first", "last"),
    ("early", "late"),
    ("large", "small"),
    ("small", "large"),
    ("largest", "smallest"),
    ("older", "younger"),
    ("best", "worst"),
    ("high", "low"),
    ("low", "high"),
    ("new", "old"),
    ("positive", "negative"),
    ("negative", "positive"),
    ("begin", "end"),
    ("began", "ended"),
    ("born", "died"),
    ("won", "lost"),
    ("enhanced", "impaired"),
    ("promotes", "inhibits"),
    ("improved", "worsened"),
    ("common", "rare"),
    ("popular", "unpopular"),
    ("male", "female"),
    ("longest", "shortest"),
    ("northern", "southern"),
    ("western", "eastern"),
    ("north", "south"),
    ("successful", "unsuccessful"),
    ("modern", "ancient"),
];

const QUANTIFIERS: &[(&str, &str)] = &[
    ("some", "all"),
    ("many", "all"),
    ("several", "all"),
    ("most", "all"),
    ("all", "some"),
    ("every", "no"),
    ("usually", "always"),
    ("often", "always"),
    ("sometimes", "always"),
    ("may", "must"),
    ("might", "must"),
    ("always", "sometimes"),
    ("only", "also"),
    ("each", "no"),
    ("few", "all"),
    ("both", "neither"),
];

fn swap_word(text: &str, pairs: &[(&str, &str)]) -> Option<String> {
    let mut words: Vec<&str> = text.split_whitespace().collect();
    let place = words
        .iter()
        .position(|word| pairs.iter().any(|(from, _)| from == word))?;
    let word = words.get_mut(place)?;
    *word = pairs.iter().find(|(from, _)| from == word).map(|(_, to)| *to)?;
    Some(words.join(" "))
}

/// Lets the first and the last single name of a sentence change places, when other words stand between them.
fn roles(text: &str, sentences: &[(String, String)]) -> Option<String> {
    let mut words: Vec<&str> = text.split_whitespace().collect();
    let single = |at: &usize| {
        let is = |index: usize| {
            words
                .get(index)
                .is_some_and(|word| word.starts_with(char::is_uppercase))
        };
        words.get(*at).is_some_and(|word| is_name(word)) && !is(at + 1) && (*at == 0 || !is(at - 1))
    };
    let names: Vec<usize> = (0..words.len()).filter(single).collect();
    let (first, last) = (*names.first()?, *names.last()?);
    let far = last > first + 2 && last <= first + 9 && words.get(first) != words.get(last);
    let real = [first, last]
        .iter()
        .filter_map(|at| words.get(*at))
        .all(|word| !is_common(word, sentences));
    if !far || !real {
        return None;
    }
    words.swap(first, last);
    Some(words.join(" "))
}
