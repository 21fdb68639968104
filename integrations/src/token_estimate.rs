//! Tokens of a model whose tokenizer is not here.

/// A little room for what a vendor puts around a text of its own.
const RESERVE: usize = 8;

/// Counts so that what counts as fitting, fits.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TokenEstimate {
    /// Tokens of one text that are within the model's limit; and so many bytes are, whatever they are: no tokenizer makes more tokens than there are bytes.
    text_max: usize,
    /// The most tokens of a chunk, as they are counted here.
    pub(crate) chunk_max: usize,
}

impl TokenEstimate {
    /// Of a model that reads `max_tokens`, `prefix_bytes` of which are spent on what goes before each text.
    pub(crate) fn new(max_tokens: usize, prefix_bytes: usize, chunk_tokens: usize) -> Self {
        let text_max = max_tokens.saturating_sub(RESERVE + prefix_bytes).max(1);
        Self {
            text_max,
            chunk_max: chunk_tokens.min(text_max),
        }
    }

    /// An estimate that is above the truth for ordinary text, and never so low that a text of at most `chunk_max` could be over the
    /// model's limit: it grows with the bytes as well.
    pub(crate) fn count(&self, text: &str) -> usize {
        let by_bytes = text.len().saturating_mul(self.chunk_max).div_ceil(self.text_max);
        estimate(text).max(by_bytes)
    }

    /// The beginning that is estimated to be within the model's limit: as good as always, it is.
    pub(crate) fn likely<'t>(&self, text: &'t str) -> &'t str {
        cut(text, self.text_max)
    }

    /// The beginning that is within the model's limit whatever the text is.
    pub(crate) fn surely<'t>(&self, text: &'t str) -> &'t str {
        let end = text.floor_char_boundary(self.text_max);
        text.get(..end).unwrap_or(text)
    }
}

/// Three letters or digits a token, each other sign for itself, and what is not ASCII by its bytes but one. English comes to about 4 letters
/// a token with the vendors' tokenizers, Chinese to 1 to 2 tokens a character.
pub(crate) fn estimate(text: &str) -> usize {
    let (mut tokens, mut run, mut after_blank) = (0, 0_usize, true);
    for c in text.chars() {
        if c.is_ascii_alphanumeric() {
            run += 1;
            after_blank = false;
            continue;
        }
        tokens += run.div_ceil(3);
        run = 0;
        let blank = matches!(c, ' ' | '\n' | '\t' | '\r');
        tokens += match c.len_utf8() {
            1 if blank => usize::from(after_blank),
            1 => 1,
            bytes => bytes - 1,
        };
        after_blank = blank;
    }
    tokens + run.div_ceil(3)
}

/// The beginning of a text that is estimated at no more than `tokens`.
pub(crate) fn cut(text: &str, tokens: usize) -> &str {
    let mut head = text;
    loop {
        let estimated = estimate(head);
        if estimated <= tokens {
            return head;
        }
        // Never as long as before, whatever the proportion is rounded to.
        let shorter = (head.len().saturating_mul(tokens) / estimated).min(head.len() - 1);
        head = head.get(..head.floor_char_boundary(shorter)).unwrap_or_default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinary_text_counts_as_somewhat_more_than_vendors_count() {
        // 10 tokens with OpenAI's cl100k_base.
        let english = "The quick brown fox jumps over the lazy dog.";
        assert!((10..=20).contains(&estimate(english)), "{}", estimate(english));
        assert_eq!(estimate("日本"), 4);
        assert_eq!(estimate(""), 0);
    }

    #[test]
    fn what_fits_a_chunk_is_within_the_models_limit_in_bytes() {
        let small = TokenEstimate::new(512, 9, 512);
        let hostile = [
            "a".repeat(3_000),
            " ".repeat(3_000),
            "é".repeat(2_000),
            "a1".repeat(900),
        ];
        for text in hostile {
            for end in (1..text.len()).filter(|end| text.is_char_boundary(*end)) {
                let head = text.get(..end).unwrap_or_default();
                if small.count(head) <= small.chunk_max {
                    assert!(head.len() + 9 + RESERVE <= 512, "{} bytes", head.len());
                }
            }
        }
    }

    #[test]
    fn a_text_is_cut_to_what_is_estimated_at_so_many_tokens() {
        let english = "The quick brown fox jumps over the lazy dog. ".repeat(50);
        let head = cut(&english, 100);
        assert!(estimate(head) <= 100 && head.len() > 200, "{} bytes", head.len());
        assert_eq!(cut("日本語", 4), "日本");
        assert_eq!((cut("short", 100), cut("short", 0), cut("", 0)), ("short", "", ""));
    }

    #[test]
    fn what_is_likely_within_the_limit_is_longer_than_what_surely_is() {
        let small = TokenEstimate::new(512, 0, 512);
        let english = "The quick brown fox jumps over the lazy dog. ".repeat(20);
        assert_eq!((small.likely(&english).len(), small.surely(&english).len()), (900, 504));
        let japanese = "返金".repeat(200);
        assert_eq!(small.likely(&japanese).chars().count(), 252);
        assert_eq!(small.surely(&japanese).chars().count(), 168);
    }

    #[test]
    fn a_large_limit_does_not_make_small_chunks() {
        let large = TokenEstimate::new(8_192, 0, 512);
        let english = "The quick brown fox jumps over the lazy dog. ".repeat(20);
        assert_eq!(large.chunk_max, 512);
        assert_eq!(large.count(&english), estimate(&english));
    }
}
