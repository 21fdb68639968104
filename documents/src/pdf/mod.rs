use crate::{ParseError, ParsedDocument};

pub(crate) fn parse(_bytes: &[u8]) -> Result<ParsedDocument, ParseError> {
    Err(ParseError::Unsupported {
        what: "a PDF",
        instead: "",
    })
}
