use serde::Serialize;
use std::fmt::Display;

/// Named as examples; whoever wants all of them asks the database.
const EXAMPLES: usize = 5;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Health {
    Ok,
    /// Nothing is broken yet, or nobody is hurt by it.
    Warning,
    Problem,
    /// Was a problem or a warning, and is no longer.
    Repaired,
    /// Could not be looked at.
    Skipped,
}

impl Health {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warning => "warning",
            Self::Problem => "problem",
            Self::Repaired => "repaired",
            Self::Skipped => "skipped",
        }
    }
}

/// What one check found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Verdict {
    pub(crate) health: Health,
    pub(crate) found: String,
    /// How many; 0 where nothing is counted.
    pub(crate) count: usize,
    /// The first few.
    pub(crate) examples: Vec<String>,
    /// What to do about it.
    pub(crate) advice: Option<String>,
}

impl Verdict {
    pub(crate) fn new(health: Health, found: impl Into<String>) -> Self {
        Self {
            health,
            found: found.into(),
            count: 0,
            examples: Vec::new(),
            advice: None,
        }
    }

    pub(crate) fn ok(found: impl Into<String>) -> Self {
        Self::new(Health::Ok, found)
    }

    /// Counts `things` and names the first few of them.
    pub(crate) fn of<T: Display>(mut self, things: &[T]) -> Self {
        self.count = things.len();
        self.examples = things.iter().take(EXAMPLES).map(ToString::to_string).collect();
        self
    }

    pub(crate) fn advise(mut self, advice: impl Into<String>) -> Self {
        self.advice = Some(advice.into());
        self
    }

    /// Mended, unless some are left.
    pub(crate) fn repaired(self, left: usize) -> Self {
        match left {
            0 => Self {
                health: Health::Repaired,
                advice: None,
                ..self
            },
            left => Self {
                found: format!("{}; {left} could not be repaired", self.found),
                ..self
            },
        }
    }
}

/// Why a check could not be made: it neither passes nor fails.
#[derive(Debug)]
pub(crate) struct Unchecked(pub(crate) String);

impl<E: std::error::Error> From<E> for Unchecked {
    fn from(error: E) -> Self {
        let mut text = error.to_string();
        let mut cause = error.source();
        while let Some(source) = cause {
            text.push_str(&format!(": {source}"));
            cause = source.source();
        }
        Self(format!("cannot be checked: {text}"))
    }
}
