/// A fenced code block of CommonMark, followed line by line (<https://spec.commonmark.org/0.31.2/#fenced-code-blocks>).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Fence {
    mark: char,
    len: usize,
}

impl Fence {
    /// The fence that `line` opens, at any indentation and behind list markers and quotation marks.
    pub(crate) fn opened_by(line: &str) -> Option<Fence> {
        let line = line.trim_start_matches(|c: char| c.is_whitespace() || matches!(c, '>' | '-' | '*' | '+'));
        let after_number = line.trim_start_matches(|c: char| c.is_ascii_digit());
        let line = match after_number.strip_prefix(['.', ')']) {
            Some(item) if after_number.len() < line.len() => item.trim_start(),
            _ => line,
        };
        let mark = line.chars().next().filter(|c| matches!(c, '`' | '~'))?;
        let info = line.trim_start_matches(mark);
        let len = line.len() - info.len();
        (len >= 3 && !(mark == '`' && info.contains('`'))).then_some(Fence { mark, len })
    }

    pub(crate) fn closed_by(self, line: &str) -> bool {
        let line = line
            .trim_start_matches(|c: char| c.is_whitespace() || c == '>')
            .trim_end();
        line.len() >= self.len && line.chars().all(|c| c == self.mark)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::Fence;

    #[test]
    fn a_fence_opens_and_closes_as_in_commonmark() {
        for line in ["```", "~~~~ rust", "   ```sh", "> ```", "1. ```js", "- ~~~"] {
            assert!(Fence::opened_by(line).is_some(), "{line}");
        }
        for line in ["``", "``` a `b`", "text ```", "1 ```"] {
            assert!(Fence::opened_by(line).is_none(), "{line}");
        }
        let fence = Fence::opened_by("````").unwrap();
        assert!(fence.closed_by("  `````  "));
        assert!(!fence.closed_by("```"));
        assert!(!fence.closed_by("```` x"));
    }
}
