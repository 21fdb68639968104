/// More attributes than any real element has. The tokenizer compares each new attribute with all before it, so without
/// a limit a single tag of a few megabytes would take hours.
pub(super) const MAX_ATTRIBUTES: usize = 1_000;

/// Counts the attributes of one tag that is longer than a piece of input, whose start is known.
#[derive(Debug, Default)]
pub(super) struct AttributeCounter {
    quote: Option<u8>,
    previous: Option<u8>,
    attributes: usize,
    ended: bool,
}

impl AttributeCounter {
    /// Reads on in the tag.
    pub(super) fn feed(&mut self, piece: &str) {
        for byte in piece.bytes() {
            match self.quote {
                Some(quote) if byte == quote => self.quote = None,
                Some(_) => continue,
                None => match byte {
                    b'>' => {
                        self.ended = true;
                        return;
                    }
                    b'"' | b'\'' if self.previous == Some(b'=') => self.quote = Some(byte),
                    b' ' | b'\t' | b'\n' | b'\r' | 0x0C if self.previous == Some(b'=') => continue,
                    b' ' | b'\t' | b'\n' | b'\r' | 0x0C | b'/' => {}
                    _ if matches!(
                        self.previous,
                        Some(b' ' | b'\t' | b'\n' | b'\r' | 0x0C | b'/' | b'"' | b'\'')
                    ) && byte != b'=' =>
                    {
                        self.attributes += 1;
                    }
                    _ => {}
                },
            }
            self.previous = Some(byte);
        }
    }

    pub(super) fn ended(&self) -> bool {
        self.ended
    }

    pub(super) fn too_many(&self) -> bool {
        self.attributes > MAX_ATTRIBUTES
    }
}

#[cfg(test)]
mod tests {
    use super::AttributeCounter;

    #[test]
    fn attributes_are_counted_and_words_in_values_are_not() {
        for (tag, attributes) in [
            ("<a b c=d e = 'f g h' i=\"j k\" l>", 5),
            ("<a b/c/d>", 3),
            ("<meta content=\"many words > in one value\">", 1),
            ("<a b='c'd='e'f>", 3),
        ] {
            let mut counter = AttributeCounter::default();
            counter.feed(tag);
            assert_eq!((counter.attributes, counter.ended()), (attributes, true), "{tag}");
        }
    }
}
