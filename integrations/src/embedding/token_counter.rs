use crate::IntegrationError;
use std::path::Path;
use tokenizers::Tokenizer;

/// Text handed to the tokenizer at once: it allocates some hundred bytes for each byte it is given.
const WINDOW_BYTES: usize = 4 * 1024;
/// Beyond this much text the count is extrapolated: no limit that anybody compares with is as large.
const EXACT_BYTES: usize = 64 * 1024;

/// Counts as the model does, without truncation, padding or special tokens.
pub(super) struct TokenCounter {
    tokenizer: Tokenizer,
}

impl TokenCounter {
    /// Reads `tokenizer.json`. Takes some tens of milliseconds.
    pub(super) fn load(path: &Path) -> Result<Self, IntegrationError> {
        let mut tokenizer = Tokenizer::from_file(path).map_err(|error| IntegrationError::NotConfigured {
            system: "embedding model".into(),
            what_to_do: format!("{} cannot be read as a tokenizer: {error}", path.display()),
        })?;
        tokenizer.with_padding(None);
        tokenizer
            .with_truncation(None)
            .map_err(|error| IntegrationError::NotConfigured {
                system: "embedding model".into(),
                what_to_do: format!("{} refuses to count without truncation: {error}", path.display()),
            })?;
        Ok(Self { tokenizer })
    }

    /// Exact up to 64 KiB except that a run without blanks longer than 4 KiB is counted in parts.
    pub(super) fn count(&self, text: &str) -> usize {
        let (mut rest, mut tokens) = (text, 0);
        while !rest.is_empty() && text.len() - rest.len() < EXACT_BYTES {
            let (window, after) = rest.split_at(window_end(rest));
            tokens += self.count_window(window);
            rest = after;
        }
        let counted = text.len() - rest.len();
        if rest.is_empty() {
            tokens
        } else {
            tokens.saturating_mul(text.len()).div_ceil(counted.max(1))
        }
    }

    fn count_window(&self, window: &str) -> usize {
        self.tokenizer
            .encode_fast(window, false)
            .map_or_else(|_| upper_bound(window), |encoding| encoding.len())
    }
}

/// A WordPiece token is at least one character long.
pub(super) fn upper_bound(text: &str) -> usize {
    text.chars().count()
}

/// Up to `WINDOW_BYTES`, ending after a blank where there is one: BERT splits words there in any case, so that nothing
/// is counted differently. (Only ASCII blanks: some others are dropped, not split at.)
fn window_end(text: &str) -> usize {
    if text.len() <= WINDOW_BYTES {
        return text.len();
    }
    let end = text.floor_char_boundary(WINDOW_BYTES);
    let blank = text.get(..end).and_then(|head| head.rfind([' ', '\n', '\t']));
    blank.map_or(end, |at| at + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_ends_after_a_blank_or_else_between_characters() {
        let words = "four ".repeat(2000);
        assert_eq!(window_end(&words), 4095);
        let kana = "の".repeat(2000);
        assert!(kana.is_char_boundary(window_end(&kana)) && window_end(&kana) > 4000);
        assert_eq!(window_end("short"), 5);
    }
}
