use crate::text::Word;

/// What kind of answer a question asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Expected {
    Price,
    Duration,
    /// "How long is …": a duration or a measure.
    Length,
    Count,
    Size,
    /// How somebody is reached, by mail or by telephone.
    Contact,
    Email,
    Phone,
    Time,
    Steps,
    /// A sentence that says of the question's predicate whether it holds.
    YesNo,
    Definition,
    Person,
    Place,
    Reason,
    /// "Which plan …": one or some of a kind.
    Choice,
    Open,
}

/// Openings that only ask for an answer; what is asked comes after them.
const POLITE: [&[&str]; 10] = [
    &["can", "you", "tell", "me"],
    &["could", "you", "tell", "me"],
    &["can", "you", "explain"],
    &["could", "you", "explain"],
    &["can", "you", "show", "me"],
    &["do", "you", "know"],
    &["i", "want", "to", "know"],
    &["please", "tell", "me"],
    &["tell", "me"],
    &["please"],
];

/// Verbs that open a question which is answered by yes or no.
const AUXILIARIES: &str =
    "is are was were am do does did can could will would has have had should may must might isnt arent dont doesnt";

/// Words that open a question of another kind.
const QUESTION_WORDS: &str = "how what which who whose whom where when why";

// "E-mail" is read as two words.
const EMAIL: [&str; 2] = ["email", "mail"];
const PHONE: [&str; 2] = ["phone", "telephone"];

/// What is asked of a thing's measure by "how much": its weight, or what goes into it.
const MEASURED: [&str; 8] = ["weigh", "weight", "hold", "holds", "store", "contain", "carry", "lift"];

/// What stands after the "how" of a question for steps.
const STEPS: [&str; 5] = ["to", "do", "can", "should", "would"];

impl Expected {
    /// Reads the kind from the question's words.
    pub(super) fn of(words: &[Word]) -> Self {
        let words = without_politeness(words);
        let at = |index: usize| words.get(index).map_or("", |word| word.lower.as_str());
        let has = |list: &[&str]| words.iter().any(|word| list.contains(&word.lower.as_str()));
        let pair = |left: &str, right: &[&str]| {
            words
                .windows(2)
                .any(|pair| matches!(pair, [a, b] if a.lower == left && right.contains(&b.lower.as_str())))
        };
        if is_yes_no(words) {
            return Self::YesNo;
        }
        let how_much = pair("how", &["much"]);
        let charged = how_much && has(&["pay", "charge", "charged"]) && words.len() <= 12;
        // "Why do prices differ?" and "How do I set the maximum?" name a value and do not ask for it.
        let asks_for_value = how_much || !asks_otherwise(words);
        if charged || (asks_for_value && has(&["price", "prices", "cost", "costs", "pricing", "fee", "fees"])) {
            return Self::Price;
        }
        if pair("how", &["long"]) && asks_what_it_measures(words) {
            return Self::Length;
        }
        if pair("how", &["long", "soon", "quickly", "fast"]) {
            return Self::Duration;
        }
        if pair("how", &["many", "often"]) {
            return Self::Count;
        }
        if how_much && has(&MEASURED) {
            return Self::Size;
        }
        if pair("how", &["large", "big", "heavy", "wide", "high", "far"])
            || (asks_for_value && has(&["biggest", "largest", "maximum", "minimum"]))
        {
            return Self::Size;
        }
        let asks_what = matches!(at(0), "what" | "which" | "whats");
        let last = words.last().map_or("", |word| word.lower.as_str());
        let named = asks_what && (has(&["address", "number"]) || EMAIL.contains(&last) || PHONE.contains(&last));
        let (email, phone) = (named && has(&EMAIL), named && has(&PHONE));
        let reached =
            at(0) == "how" && has(&["contact", "reach"]) && has(&["support", "you", "team", "sales", "someone"]);
        match (email, phone) {
            (true, false) => return Self::Email,
            (false, true) => return Self::Phone,
            (false, false) if !reached => {}
            _ => return Self::Contact,
        }
        if at(0) == "when" || pair("what", &["time", "date", "day"]) {
            return Self::Time;
        }
        let asks_what_to_do = asks_what && (pair("i", &["do"]) || pair("to", &["do"]));
        if pair("how", &STEPS) || has(&["steps", "instructions"]) || asks_what_to_do {
            return Self::Steps;
        }
        match at(0) {
            "who" | "whose" | "whom" => Self::Person,
            "where" => Self::Place,
            "why" => Self::Reason,
            "which" => Self::Choice,
            "what" | "whats" if asks_for_meaning(words) => Self::Definition,
            _ => Self::Open,
        }
    }

    /// Whether an answer without such a value is none.
    pub(super) fn is_strict(self) -> bool {
        matches!(self, Self::Price | Self::Duration | Self::Length | Self::Count) || self.is_contact()
    }

    pub(super) fn is_contact(self) -> bool {
        matches!(self, Self::Contact | Self::Email | Self::Phone)
    }

    /// Whether a value is asked for, which one thing has and another has not.
    pub(super) fn is_value(self) -> bool {
        self.is_strict() || matches!(self, Self::Size | Self::Time)
    }

    /// Words of a question that name the kind of value, not its subject.
    pub(super) fn value_words(self) -> &'static [&'static str] {
        match self {
            Self::Price => &["price", "prices", "cost", "pricing", "fee", "charge", "pay"],
            Self::Contact | Self::Email | Self::Phone => {
                &["email", "e", "mail", "phone", "telephone", "address", "number"]
            }
            Self::Size => &[
                "large", "big", "heavy", "wide", "high", "far", "biggest", "largest", "maximum",
            ],
            _ => &[],
        }
    }

    /// The value in a reader's words.
    pub(super) fn in_words(self) -> &'static str {
        match self {
            Self::Price => "a price",
            Self::Duration => "a duration",
            Self::Length => "a duration or a length",
            Self::Count => "a number",
            Self::Size => "a size",
            Self::Contact => "a contact",
            Self::Email => "an e-mail address",
            Self::Phone => "a telephone number",
            Self::Time => "a time",
            Self::Steps => "instructions",
            Self::YesNo => "a yes or a no",
            Self::Definition => "a definition",
            Self::Person => "a person",
            Self::Place => "a place",
            Self::Reason => "a reason",
            Self::Choice => "which one",
            Self::Open => "an answer",
        }
    }
}

/// The words after "Can you tell me" and the like.
pub(super) fn without_politeness(words: &[Word]) -> &[Word] {
    let opening = POLITE.iter().find(|opening| {
        words.len() > opening.len() && opening.iter().zip(words).all(|(polite, word)| word.lower == **polite)
    });
    words.get(opening.map_or(0, |opening| opening.len())..).unwrap_or(words)
}

fn is_question_word(word: &Word) -> bool {
    QUESTION_WORDS.split(' ').any(|asking| asking == word.lower)
}

pub(super) fn is_auxiliary(lower: &str) -> bool {
    AUXILIARIES.split(' ').any(|auxiliary| auxiliary == lower)
}

/// Whether the first word that asks is for steps, a person, a place, a reason, a time, a duration or a number, whatever else the question names.
fn asks_otherwise(words: &[Word]) -> bool {
    let next = |index: usize| words.get(index + 1).map_or("", |word| word.lower.as_str());
    let asking = words.iter().enumerate().find(|(index, word)| {
        // "When I upgrade, what does it cost?" only says when.
        let asks = word.lower != "when" || is_auxiliary(next(*index));
        asks && is_question_word(word)
    });
    let Some((index, word)) = asking else {
        return false;
    };
    match word.lower.as_str() {
        "how" => {
            STEPS.contains(&next(index)) || ["long", "soon", "quickly", "fast", "many", "often"].contains(&next(index))
        }
        "what" | "which" => false,
        _ => true,
    }
}

/// "How long is the cable?", "How long can a title be?": metres or letters as well as days.
fn asks_what_it_measures(words: &[Word]) -> bool {
    let is = words.windows(2).any(|pair| {
        matches!(pair, [long, is] if long.lower == "long" && matches!(is.lower.as_str(), "is" | "are" | "was" | "were"))
    });
    is || words.last().is_some_and(|word| word.lower == "be")
}

/// Whether the question, or a clause after a comma, begins with an auxiliary verb, and none begins with a question word.
fn is_yes_no(words: &[Word]) -> bool {
    let mut starts = words.iter().filter(|word| word.after_break);
    !starts.clone().any(is_question_word) && starts.any(|word| is_auxiliary(&word.lower))
}

/// "What is a webhook?", not "What is the limit of …": few words, and none of them determined by "the".
fn asks_for_meaning(words: &[Word]) -> bool {
    let content = words.iter().filter(|word| word.is_content()).count();
    let is = words
        .get(1)
        .is_some_and(|word| matches!(word.lower.as_str(), "is" | "are") || word.is_content());
    is && content <= 4 && !words.iter().any(|word| word.lower == "the")
}
