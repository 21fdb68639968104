use documents::{Attachments, Block, BlockKind, Format, Image, ParsedDocument, RecognisedPage};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// What the parent writes before the document's bytes: one line of JSON.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Request {
    /// How many bytes follow the line.
    pub(super) bytes: usize,
    pub(super) media_type: String,
    pub(super) file_name: Option<String>,
    pub(super) task: Task,
}

/// What is to be done with the document.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Task {
    Read {
        /// Pages of a PDF that are pictures, or pictures in the document, as a recogniser read them.
        recognised: Vec<RecognisedPage>,
        /// The attachments of a message are read, too; otherwise they are named.
        attachments: bool,
    },
    /// The first of these pages of a PDF, from 1, or the first few of these pictures in the document by their numbers, which ascend: the answer is followed by them, each as PGM.
    Draw { pages: Vec<usize> },
}

impl Task {
    pub(super) fn recognised(&self) -> &[RecognisedPage] {
        match self {
            Self::Read { recognised, .. } => recognised,
            Self::Draw { .. } => &[],
        }
    }

    pub(super) fn attachments(&self) -> Attachments {
        match self {
            Self::Read { attachments: true, .. } => Attachments::Read,
            Self::Read { .. } | Self::Draw { .. } => Attachments::Name,
        }
    }
}

impl Request {
    pub(super) fn to_line(&self) -> String {
        // Numbers and texts: there is nothing in it that could not be written.
        let mut line = serde_json::to_string(self).unwrap_or_default();
        line.push('\n');
        line
    }

    /// The request, and the bytes that follow it; `None` when the parent wrote less than it said.
    pub(super) fn read(input: &[u8]) -> Option<(Self, &[u8])> {
        let end = input.iter().position(|byte| *byte == b'\n')?;
        let request: Self = serde_json::from_slice(input.get(..end)?).ok()?;
        let bytes = input.get(end + 1..)?;
        (bytes.len() == request.bytes).then_some((request, bytes))
    }
}

/// What the child writes: one line of JSON, which pictures may follow.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Answer {
    /// What the document is, where that was found out.
    pub(super) format: Option<Format>,
    /// What a recogniser may read: [`ParsedDocument::pictures`].
    pub(super) pictures: Vec<usize>,
    pub(super) outcome: Outcome,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Outcome {
    Read(Document),
    Drawn(Vec<Drawing>),
    Refused { code: String, message: String },
}

/// What came of drawing one of them.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Drawing {
    pub(super) number: usize,
    pub(super) picture: Result<DrawnPicture, Refusal>,
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct DrawnPicture {
    /// So many of what follows the answer, behind those of the pictures before it.
    pub(super) bytes: usize,
    pub(super) dots_per_inch: u32,
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Refusal {
    pub(super) code: String,
    pub(super) message: String,
}

impl Answer {
    /// The answer, and what follows it.
    pub(super) fn read(mut output: Vec<u8>) -> Option<(Self, Vec<u8>)> {
        let end = output.iter().position(|byte| *byte == b'\n')?;
        let answer = serde_json::from_slice(output.get(..end)?).ok()?;
        output.drain(..=end);
        Some((answer, output))
    }
}

/// A parsed document, its headings written once for all the blocks under them.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Document {
    title: Option<String>,
    metadata: Map<String, Value>,
    sections: Vec<Section>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    image: Option<Image>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Section {
    headings: Vec<String>,
    blocks: Vec<(BlockKind, String)>,
}

impl From<ParsedDocument> for Document {
    fn from(parsed: ParsedDocument) -> Self {
        let mut sections: Vec<Section> = Vec::new();
        for Block { headings, kind, text } in parsed.blocks {
            match sections.last_mut() {
                Some(section) if section.headings == headings => section.blocks.push((kind, text)),
                _ => sections.push(Section {
                    headings,
                    blocks: vec![(kind, text)],
                }),
            }
        }
        Self {
            title: parsed.title,
            metadata: parsed.metadata,
            sections,
            image: parsed.image,
        }
    }
}

impl From<Document> for ParsedDocument {
    fn from(document: Document) -> Self {
        let mut blocks = Vec::new();
        for Section {
            headings,
            blocks: under,
        } in document.sections
        {
            blocks.extend(under.into_iter().map(|(kind, text)| Block {
                headings: headings.clone(),
                kind,
                text,
            }));
        }
        Self {
            title: document.title,
            metadata: document.metadata,
            blocks,
            image: document.image,
            // They are beside the document.
            pictures: Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn a_document_arrives_as_it_was_sent() {
        let text = "---\nyear: 2026\n---\n# One\n\na \u{1f600} \"b\"\n\n- c\n- d\n\n## Two\n\n| e | f |\n|---|---|\n| g | h |\n\n# One\n\n```\ni\n```\n> j";
        let parsed = documents::parse(text.as_bytes(), Format::Markdown).unwrap();
        let answer = Answer {
            format: Some(Format::Markdown),
            pictures: vec![2],
            outcome: Outcome::Read(parsed.clone().into()),
        };
        let mut sent = serde_json::to_vec(&answer).unwrap();
        assert!(Answer::read(sent.clone()).is_none(), "it was cut off");
        sent.extend(b"\na\nb");
        let (answer, rest) = Answer::read(sent).unwrap();
        assert_eq!((answer.pictures, rest.as_slice()), (vec![2], b"a\nb".as_slice()));
        let Outcome::Read(arrived) = answer.outcome else {
            panic!("refused")
        };
        assert_eq!(ParsedDocument::from(arrived), parsed);
    }

    #[test]
    fn a_request_that_was_cut_off_is_not_read() {
        let request = Request {
            bytes: 4,
            media_type: "text/plain".to_owned(),
            file_name: Some("a\nb\u{0}.txt".to_owned()),
            task: Task::Draw { pages: vec![3] },
        };
        let sent = [request.to_line().as_bytes(), b"w\nds"].concat();
        let (read, bytes) = Request::read(&sent).unwrap();
        assert_eq!((read.file_name, bytes), (request.file_name, b"w\nds".as_slice()));
        for cut in 0..sent.len() {
            assert!(Request::read(sent.get(..cut).unwrap()).is_none());
        }
    }
}
