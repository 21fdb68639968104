use sha2::{Digest, Sha256};

use super::cut::Part;
use crate::BlockKind;

/// How well a run of text can be cut at a place: less is better. Among places that are as good, the words that follow decide, by their hash: they
/// decide the same wherever they stand, so that after an edit the cuts soon fall where they fell before. Counting from the beginning would move every
/// cut after the edit. (Content-defined chunking: Xia et al., "FastCDC", USENIX ATC 2016.)
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    worse: u8,
    hash: [u8; 8],
}

impl Place {
    /// Before a line of code, a row or a sentence. Code is rather cut where a line is not indented.
    pub(super) fn before_line(line: &str) -> Place {
        Place {
            worse: u8::from(line.starts_with([' ', '\t'])),
            hash: hash(&[line]),
        }
    }

    /// Between two parts of a section: not after what announces the next, and rather not between the items of a list.
    pub(super) fn between(before: &Part<'_>, after: &Part<'_>) -> Place {
        let announces = before.kind == BlockKind::Heading || before.text.trim_end().ends_with([':', '：']);
        let in_list = before.kind == BlockKind::ListItem && after.kind == BlockKind::ListItem;
        Place {
            worse: if announces { 2 } else { u8::from(in_list) },
            hash: hash(&[&after.text]),
        }
    }

    /// Before the first part of a section.
    pub(super) fn before_section(first: &Part<'_>) -> Place {
        let mut texts: Vec<&str> = first.headings.iter().map(String::as_str).collect();
        texts.push(&first.text);
        Place {
            worse: 0,
            hash: hash(&texts),
        }
    }
}

/// The best of the places; among equals the last.
pub(super) fn best(places: impl IntoIterator<Item = (usize, Place)>) -> Option<usize> {
    let best = places
        .into_iter()
        .min_by(|(at, place), (other_at, other)| place.cmp(other).then(other_at.cmp(at)));
    best.map(|(at, _)| at)
}

fn hash(texts: &[&str]) -> [u8; 8] {
    let mut sha = Sha256::new();
    for text in texts {
        sha.update(text.as_bytes());
        sha.update(b"\n");
    }
    let mut hash = [0; 8];
    for (to, from) in hash.iter_mut().zip(sha.finalize()) {
        *to = from;
    }
    hash
}
