use crate::facts::{Unit, quantities};
use crate::text::{Word, WordKind};

/// What kind of answer a question asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Expected {
    Price,
    Duration,
    Count,
    Contact,
    Time,
    Steps,
    Open,
}

impl Expected {
    /// Reads the kind from the question's words.
    pub(super) fn of(words: &[Word]) -> Self {
        let at = |index: usize| words.get(index).map_or("", |word| word.lower.as_str());
        let has = |lower: &str| words.iter().any(|word| word.lower == lower);
        let pair = |left: &str, right: &[&str]| {
            words
                .windows(2)
                .any(|pair| matches!(pair, [a, b] if a.lower == left && right.contains(&b.lower.as_str())))
        };
        if has("price") || has("prices") || has("cost") || has("costs") || has("pricing") || has("fee") || has("fees") {
            return Self::Price;
        }
        if pair("how", &["much"]) && (has("pay") || has("charge") || has("charged") || has("does")) && words.len() <= 12
        {
            return Self::Price;
        }
        if pair("how", &["long", "soon", "quickly", "fast"]) {
            return Self::Duration;
        }
        if pair("how", &["many", "often"]) {
            return Self::Count;
        }
        let asks_what = matches!(at(0), "what" | "which" | "whats");
        let contact = has("email") || has("phone") || has("telephone");
        if asks_what && contact && (has("address") || has("number")) {
            return Self::Contact;
        }
        if at(0) == "when" || pair("what", &["time", "date", "day"]) {
            return Self::Time;
        }
        if pair("how", &["to", "do", "can", "should", "would"]) || has("steps") || has("instructions") {
            return Self::Steps;
        }
        Self::Open
    }

    /// Whether an answer without such a value is none.
    pub(super) fn is_strict(self) -> bool {
        matches!(self, Self::Price | Self::Duration | Self::Count | Self::Contact)
    }

    /// Whether a sentence gives a value of this kind. `counted` is the thing a "how many" asks about.
    pub(super) fn is_given_by(self, words: &[Word], counted: Option<&str>) -> bool {
        let has = |list: &[&str]| words.iter().any(|word| list.contains(&word.lower.as_str()));
        let unit = |wanted: &dyn Fn(&Unit) -> bool| quantities(words).iter().any(|quantity| wanted(&quantity.unit));
        match self {
            Self::Price => unit(&|unit| matches!(unit, Unit::Money(_))) || has(&["free", "gratis"]),
            Self::Duration => {
                unit(&|unit| matches!(unit, Unit::Time(_)))
                    || has(&["immediately", "instantly", "forever", "indefinitely", "overnight"])
            }
            Self::Count => {
                let named = counted.is_none_or(|stem| words.iter().any(|word| word.stem == stem));
                let number = words.iter().any(|word| word.kind == WordKind::Number) || unit(&|_| true);
                (number && named) || has(&["unlimited", "daily", "weekly", "hourly", "monthly", "twice", "every"])
            }
            Self::Contact => words.iter().any(|word| {
                let digits = word.lower.bytes().filter(u8::is_ascii_digit).count();
                (word.kind == WordKind::Code && word.lower.contains('@'))
                    || (word.kind == WordKind::Number && digits >= 6)
            }),
            Self::Time => {
                unit(&|unit| matches!(unit, Unit::Time(_) | Unit::Year | Unit::Label(_)))
                    || has(&[
                        "when",
                        "after",
                        "before",
                        "once",
                        "monday",
                        "friday",
                        "immediately",
                        "daily",
                        "weekly",
                        "monthly",
                    ])
            }
            Self::Steps => words.first().is_some_and(|word| is_imperative(&word.lower)),
            Self::Open => false,
        }
    }

    /// Words of a question that name the kind of value, not its subject.
    pub(super) fn value_words(self) -> &'static [&'static str] {
        match self {
            Self::Price => &["price", "prices", "cost", "pricing", "fee", "charge", "pay"],
            Self::Contact => &["email", "mail", "phone", "telephone", "address", "number"],
            _ => &[],
        }
    }

    /// The value in a reader's words.
    pub(super) fn in_words(self) -> &'static str {
        match self {
            Self::Price => "a price",
            Self::Duration => "a duration",
            Self::Count => "a number",
            Self::Contact => "a contact",
            Self::Time => "a time",
            Self::Steps => "instructions",
            Self::Open => "an answer",
        }
    }
}

/// Verbs that open an instruction.
pub(super) fn is_imperative(lower: &str) -> bool {
    const VERBS: [&str; 60] = [
        "add",
        "allow",
        "ask",
        "assign",
        "check",
        "choose",
        "click",
        "close",
        "configure",
        "connect",
        "contact",
        "copy",
        "create",
        "define",
        "delete",
        "deploy",
        "disable",
        "download",
        "drag",
        "edit",
        "enable",
        "ensure",
        "enter",
        "export",
        "fill",
        "find",
        "follow",
        "generate",
        "give",
        "go",
        "import",
        "install",
        "invite",
        "log",
        "make",
        "navigate",
        "open",
        "paste",
        "pick",
        "press",
        "provide",
        "remove",
        "replace",
        "restart",
        "run",
        "save",
        "scroll",
        "select",
        "send",
        "set",
        "sign",
        "start",
        "stop",
        "switch",
        "tap",
        "turn",
        "type",
        "update",
        "upload",
        "visit",
    ];
    VERBS.contains(&lower)
        || matches!(
            lower,
            "use" | "register" | "verify" | "write" | "change" | "move" | "toggle" | "specify"
        )
}
