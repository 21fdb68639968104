use crate::link::address_after;

/// A longer instruction is no link that is shown.
const MAX_INSTRUCTION_BYTES: usize = 2_000;

/// A field being read: what it does, and the place of what it shows.
#[derive(Debug, Default)]
pub(super) struct Field {
    instruction: String,
    /// The paragraph that its result begins in, and the byte there.
    paragraph: usize,
    start: Option<usize>,
}

impl Field {
    pub(super) fn push(&mut self, text: &str) {
        if self.instruction.len() < MAX_INSTRUCTION_BYTES {
            self.instruction.push_str(text);
        }
    }

    pub(super) fn begin_result(&mut self, paragraph: usize, start: usize) {
        (self.paragraph, self.start) = (paragraph, Some(start));
    }

    /// What is to stand behind the result, whose paragraph reads `text`, where the field is a link.
    pub(super) fn address(&self, paragraph: usize, text: &str) -> Option<String> {
        let start = self.start?;
        // A link over several paragraphs has its address behind the last.
        let start = if paragraph == self.paragraph { start } else { 0 };
        address_after(text.get(start..)?, target(&self.instruction)?)
    }
}

/// Where a field leads: of `HYPERLINK "https://a.example" \o "tip"`, the address.
fn target(instruction: &str) -> Option<&str> {
    let (name, rest) = instruction.trim_start().split_once(char::is_whitespace)?;
    let rest = rest.trim_start();
    if !name.eq_ignore_ascii_case("hyperlink") || rest.starts_with('\\') {
        return None;
    }
    match rest.strip_prefix('"') {
        Some(quoted) => quoted.split('"').next(),
        None => rest.split_whitespace().next(),
    }
}

#[cfg(test)]
mod tests {
    use super::target;

    #[test]
    fn a_link_leads_to_its_first_argument() {
        for (instruction, expected) in [
            (
                r#" HYPERLINK "https://a.example/x y" \o "tip" "#,
                Some("https://a.example/x y"),
            ),
            ("hyperlink mailto:a@b.example", Some("mailto:a@b.example")),
            (r#"HYPERLINK \l "place""#, None),
            ("PAGEREF _Toc1 \\h", None),
            ("HYPERLINK", None),
        ] {
            assert_eq!(target(instruction), expected, "{instruction}");
        }
    }
}
