use std::borrow::Cow;
use std::collections::HashMap;

use sha2::{Digest, Sha256};

use super::boundaries::best_cut;
use super::cut::Part;
use super::draft::{common_headings, render};
use super::prefix::Prefixes;
use super::{Chunk, CountTokens};
use crate::link::without_addresses;

/// Turns packed parts into chunks: counts each for real, and splits again what turns out too long.
pub(super) struct Finish<'t> {
    pub(super) chunks: Vec<Chunk>,
    max_tokens: usize,
    prefixes: &'t Prefixes<'t>,
    tokens: &'t dyn CountTokens,
    occurrences: HashMap<[u8; 32], usize>,
}

impl<'t> Finish<'t> {
    pub(super) fn new(max_tokens: usize, prefixes: &'t Prefixes<'t>, tokens: &'t dyn CountTokens) -> Self {
        Finish {
            chunks: Vec::new(),
            max_tokens,
            prefixes,
            tokens,
            occurrences: HashMap::new(),
        }
    }

    /// Adds the chunk made of `parts`, or several when it is too long. Every split halves, so the stack stays short.
    pub(super) fn parts(&mut self, parts: Vec<Part<'_>>) {
        let mut waiting = vec![parts];
        while let Some(mut parts) = waiting.pop() {
            let text = render(&parts);
            if text.trim().is_empty() {
                continue;
            }
            let headings = common_headings(&parts);
            let (prefix, _) = self.prefixes.get(headings);
            if self.add_if_it_fits(&prefix, text, headings) {
                continue;
            }
            if parts.len() > 1 {
                let second = parts.split_off(parts.len() / 2);
                waiting.extend([second, parts]);
            } else if let Some(part) = parts.pop() {
                self.halve(part, &mut waiting);
            }
        }
    }

    fn halve<'b>(&mut self, part: Part<'b>, waiting: &mut Vec<Vec<Part<'b>>>) {
        let first = best_cut(&part.text, part.text.len() / 2).to_owned();
        let second = part.text.get(first.len()..).unwrap_or_default().to_owned();
        if second.is_empty() {
            // A single character. If it does not fit even without its headings, the model cannot read it.
            self.add_if_it_fits("", first, part.headings);
            return;
        }
        for half in [second, first] {
            waiting.push(vec![Part {
                text: Cow::Owned(half),
                ..part.clone()
            }]);
        }
    }

    fn add_if_it_fits(&mut self, prefix: &str, text: String, headings: &[String]) -> bool {
        let embed_text = without_addresses(&format!("{prefix}{text}")).into_owned();
        let tokens = self.tokens.count_tokens(&embed_text);
        if tokens > self.max_tokens {
            return false;
        }
        let key = self.key(headings, &text);
        self.chunks.push(Chunk {
            ordinal: u32::try_from(self.chunks.len()).unwrap_or(u32::MAX),
            headings: headings.to_vec(),
            key,
            text,
            tokens,
            embed_hash: Sha256::digest(embed_text.as_bytes()).into(),
            embed_text,
            image: None,
        });
        true
    }

    fn key(&mut self, headings: &[String], text: &str) -> String {
        let mut hash = Sha256::new();
        for heading in headings {
            // Headings are one line each, so the line ends keep them apart.
            hash.update(heading.as_bytes());
            hash.update(b"\n");
        }
        hash.update(b"\n");
        hash.update(text.as_bytes());
        let hash: [u8; 32] = hash.finalize().into();
        let occurrence = self.occurrences.entry(hash).or_default();
        let key = format!("{}-{occurrence}", hex::encode(hash));
        *occurrence += 1;
        key
    }
}
