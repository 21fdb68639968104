/// Why a document could not be read. The text is meant for the person who sent it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ParseError {
    /// The bytes are not UTF-8.
    #[error(
        "The document is not valid UTF-8: the first wrong byte is at position {position}. Save it as UTF-8 and send it again."
    )]
    InvalidUtf8 {
        /// Offset in bytes from the start of the file.
        position: usize,
    },
    /// A NUL byte: a binary file, or UTF-16.
    #[error(
        "The document contains a NUL character at byte {position}, so it is not a text file. Send it as UTF-8 text."
    )]
    ContainsNul {
        /// Offset in bytes from the start of the file.
        position: usize,
    },
    /// Nothing to search for.
    #[error(
        "The document has no text: no letter and no digit is left once markup is removed. Send a document with text."
    )]
    NoText,
    /// HTML nested deeper than any real page.
    #[error("The HTML is nested more than {limit} elements deep. Flatten its structure and send it again.")]
    TooDeep {
        /// The deepest nesting we read.
        limit: usize,
    },
    /// Markup built to blow up while it is read.
    #[error("The document's markup is too complex to be read: {reason}. Simplify it and send it again.")]
    TooComplex {
        /// What there was too much of.
        reason: &'static str,
    },
}

impl ParseError {
    /// A stable code for programs.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            ParseError::InvalidUtf8 { .. } => "invalid_utf8",
            ParseError::ContainsNul { .. } => "contains_nul",
            ParseError::NoText => "no_text",
            ParseError::TooDeep { .. } => "too_deep",
            ParseError::TooComplex { .. } => "too_complex",
        }
    }
}
