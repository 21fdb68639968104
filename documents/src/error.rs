/// Why a document could not be read. The text is meant for the person who sent it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ParseError {
    /// The bytes are not UTF-8, as they are said to be, nor anything older, nor text that is only damaged.
    #[error(
        "The document is not valid UTF-8: the first wrong byte is at position {position}. Save it as UTF-8 and send it again."
    )]
    InvalidUtf8 {
        /// Offset in bytes from the start of the file.
        position: usize,
    },
    /// A NUL byte: a binary file.
    #[error(
        "The document contains a NUL character at byte {position}, so it is not a text file. Send it as UTF-8 text."
    )]
    ContainsNul {
        /// Offset in bytes from the start of the file.
        position: usize,
    },
    /// Nothing to search for.
    #[error(
        "The document has no text: no letter, digit or emoji is left once markup is removed. Send a document with text."
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
    /// Protected by a password, or by rights management.
    #[error("The {format} is encrypted. Save it without a password and send it again.")]
    Encrypted {
        /// What the file is, as a person calls it: "PDF", "Word document".
        format: &'static str,
    },
    /// A message that was sealed for whoever has the key (S/MIME, PGP).
    #[error(
        "The e-mail is encrypted for its receiver's key. Decrypt it where that key is, save it as it reads there and send it again."
    )]
    EncryptedMail,
    /// Not what its first bytes say, or cut off.
    #[error("The {format} is damaged and cannot be read: {reason}. Open it, save it anew and send it again.")]
    Damaged {
        /// What the file is, as a person calls it.
        format: &'static str,
        /// Where reading failed; one line, at most 200 characters.
        reason: String,
    },
    /// It unpacks to more than a document may be.
    #[error("The {format} is too large once it is unpacked: {what} would exceed {limit}. Split it and send the parts.")]
    TooLarge {
        /// What the file is, as a person calls it.
        format: &'static str,
        /// What there was too much of: "its text", "the sheet `Prices`".
        what: String,
        /// The limit with its unit.
        limit: &'static str,
    },
    /// Pages that are pictures.
    #[error(
        "The PDF has no text layer that can be read: its {pages} pages are pictures, or signs that do not say what they stand for. Run text recognition (OCR) over it and send the result."
    )]
    NoTextLayer {
        /// How many pages were looked at.
        pages: usize,
        /// The numbers, from 1, of those that show something.
        pictures: Vec<usize>,
    },
    /// Pictures, and nothing else.
    #[error(
        "The document has no text: what it shows are pictures, {} of which may have words on them. Run text recognition (OCR) over it and send the result.",
        pictures.len()
    )]
    OnlyPictures {
        /// The numbers of the pictures, as [`ParsedDocument::pictures`](crate::ParsedDocument::pictures) has them.
        pictures: Vec<usize>,
    },
    /// Asked for one that is not there.
    #[error("The document has no picture number {number}.")]
    NoSuchPicture {
        /// From 1.
        number: usize,
    },
    /// Pages that are pictures, in which a recogniser found no text.
    #[error(
        "The PDF has no text layer: its {pages} pages are pictures, in which text recognition (OCR) found no words. Scan it anew, upright and at 300 dots an inch."
    )]
    NothingRecognised {
        /// How many pages were looked at.
        pages: usize,
    },
    /// The bytes are not what was said of them, nor anything else that can be read.
    #[error(
        "The document was sent as {said}, but looks like {found}. Send it as what it is, or, if it was cut off or altered on its way, send it anew."
    )]
    Mismatch {
        /// What the media type or the file's name stands for, with its article.
        said: &'static str,
        /// What the bytes look like, with its article.
        found: &'static str,
    },
    /// The bytes are not in the encoding that was declared.
    #[error(
        "The document is not in {charset}, as its byte order mark or its media type says. Save it as UTF-8 and send it again."
    )]
    InvalidEncoding {
        /// The encoding's name.
        charset: &'static str,
    },
    /// A format that we know, and do not read.
    #[error("This is {what}, which is not read. {instead}")]
    Unsupported {
        /// With its article: "a Word document of before 2007 (.doc)".
        what: &'static str,
        /// What to do, as a sentence: "Save it as .docx and send it again."
        instead: &'static str,
    },
}

impl ParseError {
    /// What a recogniser (OCR) may still read, as [`ParsedDocument::pictures`](crate::ParsedDocument::pictures) says it of a document that has text.
    #[must_use]
    pub fn pictures(&self) -> &[usize] {
        match self {
            ParseError::NoTextLayer { pictures, .. } | ParseError::OnlyPictures { pictures } => pictures,
            _ => &[],
        }
    }

    /// A stable code for programs.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            ParseError::InvalidUtf8 { .. } => "invalid_utf8",
            ParseError::ContainsNul { .. } => "contains_nul",
            ParseError::NoText => "no_text",
            ParseError::NoSuchPicture { .. } => "no_such_picture",
            ParseError::TooDeep { .. } => "too_deep",
            ParseError::TooComplex { .. } => "too_complex",
            ParseError::Encrypted { .. } | ParseError::EncryptedMail => "encrypted",
            ParseError::Damaged { .. } => "damaged",
            ParseError::TooLarge { .. } => "too_large",
            ParseError::NoTextLayer { .. } | ParseError::OnlyPictures { .. } | ParseError::NothingRecognised { .. } => {
                "no_text_layer"
            }
            ParseError::Mismatch { .. } => "format_mismatch",
            ParseError::InvalidEncoding { .. } => "invalid_encoding",
            ParseError::Unsupported { .. } => "unsupported_format",
        }
    }
}
