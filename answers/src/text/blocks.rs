use super::sentences::SentenceKind;

/// A run of text that no sentence crosses: a paragraph, a list item, a heading, a table row or a line of code.
#[derive(Debug, Clone, Copy)]
pub(super) struct Block {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) kind: SentenceKind,
}

/// Lines at least this long, in bytes, are taken for hard-wrapped prose that goes on in the next line.
const WRAPPED_LINE_BYTES: usize = 50;
/// A one-line paragraph without closing punctuation and with at most this many words is taken for a heading.
const HEADING_WORDS: usize = 9;

/// The words of a label and its bytes at most: "Opening hours: 9 to 17".
const LABEL_WORDS: usize = 4;
const LABEL_BYTES: usize = 40;

/// Splits text into blocks by its lines; offsets are bytes of `text`. Linear.
pub(super) fn blocks(text: &str) -> Vec<Block> {
    let mut found: Vec<Block> = Vec::new();
    let mut open: Option<OpenBlock> = None;
    let mut fenced = false;
    let mut offset = 0;
    let mut lines = text.split_inclusive('\n').peekable();
    let mut cells_before = 0;
    while let Some(line) = lines.next() {
        let cells = count_cells(line);
        let cells_after = lines.peek().map_or(0, |next| count_cells(next));
        let row = cells > 1 && (cells == cells_before || cells == cells_after);
        cells_before = cells;
        let indent = line.len() - line.trim_start().len();
        let (start, body) = (offset + indent, line.trim());
        let end = start + body.len();
        offset += line.len();
        if body.starts_with("```") || body.starts_with("~~~") {
            close(&mut open, true, &mut found);
            fenced = !fenced;
        } else if fenced {
            push(&mut found, start, end, SentenceKind::Code);
        } else if body.is_empty() {
            close(&mut open, true, &mut found);
        } else if let Some(kind) = single_line_kind(body, row) {
            close(&mut open, true, &mut found);
            let marker = if kind == SentenceKind::Heading {
                marker_len(body, '#')
            } else {
                0
            };
            push(&mut found, start + marker, end, kind);
        } else if let Some(marker) = item_marker(body) {
            close(&mut open, false, &mut found);
            open = Some(OpenBlock {
                start: start + marker,
                end,
                kind: SentenceKind::Item,
                last_line: body.len(),
                lines: 1,
                text,
            });
        } else {
            match &mut open {
                Some(block) if block.goes_on_with(body) => block.add(end, body),
                _ => {
                    close(&mut open, false, &mut found);
                    open = Some(OpenBlock {
                        start,
                        end,
                        kind: SentenceKind::Prose,
                        last_line: body.len(),
                        lines: 1,
                        text,
                    });
                }
            }
        }
    }
    close(&mut open, true, &mut found);
    found
}

struct OpenBlock<'a> {
    start: usize,
    end: usize,
    kind: SentenceKind,
    last_line: usize,
    lines: usize,
    text: &'a str,
}

impl OpenBlock<'_> {
    fn body(&self) -> &str {
        self.text.get(self.start..self.end).unwrap_or_default()
    }

    /// A line continues the block when the last one was long, ended with a comma, or the new one begins in lower case. A value with its label begins one of its own.
    fn goes_on_with(&self, next: &str) -> bool {
        if is_labelled(next) {
            return false;
        }
        let open_end = !self.body().ends_with(['.', '!', '?', ':', '。', '！', '？']);
        let lower = next.chars().next().is_some_and(char::is_lowercase);
        self.last_line >= WRAPPED_LINE_BYTES || (open_end && (lower || self.body().ends_with([',', ';'])))
    }

    fn add(&mut self, end: usize, line: &str) {
        self.end = end;
        self.last_line = line.len();
        self.lines += 1;
    }

    fn is_heading(&self) -> bool {
        let body = self.body();
        self.kind == SentenceKind::Prose
            && self.lines == 1
            && !is_labelled(body)
            && !body.ends_with(['.', '!', '?', ':', ';', ',', '。', '！', '？', '…', '"', '”', ')'])
            && body.split_whitespace().take(HEADING_WORDS + 1).count() <= HEADING_WORDS
            && body.chars().any(char::is_alphabetic)
    }
}

fn close(open: &mut Option<OpenBlock<'_>>, at_gap: bool, found: &mut Vec<Block>) {
    if let Some(block) = open.take() {
        // A short line before a blank one or before a list is a title; a lone short text is a sentence all the same.
        let kind = if block.is_heading() && at_gap {
            SentenceKind::Heading
        } else {
            block.kind
        };
        push(found, block.start, block.end, kind);
    }
}

fn push(found: &mut Vec<Block>, start: usize, end: usize, kind: SentenceKind) {
    if start < end {
        found.push(Block { start, end, kind });
    }
}

/// Cells of a table row that is written without bars at its ends, as the chunks of documents write it.
fn count_cells(line: &str) -> usize {
    line.matches(" | ").count() + 1
}

/// "Phone: 555 0100": a capital, a word or a few, a colon and something after it. `documents` keeps such lines apart by the same rule; the samples of the tests are the same in both.
fn is_labelled(body: &str) -> bool {
    let Some((label, value)) = body.split_once([':', '：']) else {
        return false;
    };
    let is_wide = body.get(label.len()..).is_some_and(|rest| rest.starts_with('：'));
    (is_wide || value.starts_with(char::is_whitespace))
        && !value.trim().is_empty()
        && label.len() <= LABEL_BYTES
        && label.starts_with(|c: char| c.is_alphabetic() && !c.is_lowercase())
        && label.split_whitespace().count() <= LABEL_WORDS
        && !label.contains(['.', '!', '?', ','])
}

/// `row`: a neighbouring line has as many cells.
fn single_line_kind(body: &str, row: bool) -> Option<SentenceKind> {
    let hashes = body.chars().take_while(|&c| c == '#').count();
    if (1..=6).contains(&hashes) && body.get(hashes..).is_some_and(|rest| rest.starts_with(' ')) {
        return Some(SentenceKind::Heading);
    }
    let barred = body.len() > 1 && body.starts_with('|') && body.ends_with('|');
    (row || barred).then_some(SentenceKind::TableRow)
}

fn marker_len(body: &str, mark: char) -> usize {
    body.len() - body.trim_start_matches(mark).trim_start().len()
}

/// Length of a list marker (`- `, `* `, `+ `, `• `, `12. `, `3) `) in bytes.
fn item_marker(body: &str) -> Option<usize> {
    let digits = body.bytes().take_while(u8::is_ascii_digit).count();
    let rest = body.get(digits..)?;
    let mark = rest.chars().next()?;
    let marked = match digits {
        0 => matches!(mark, '-' | '*' | '+' | '•' | '–'),
        1..=3 => matches!(mark, '.' | ')'),
        _ => false,
    };
    let after = rest.get(mark.len_utf8()..)?;
    let gap = after.len() - after.trim_start().len();
    (marked && gap > 0).then_some(digits + mark.len_utf8() + gap)
}

#[cfg(test)]
mod tests {
    use super::is_labelled;

    /// The same as in `documents/src/labels.rs`.
    const SAMPLES: [(&str, bool); 20] = [
        ("Phone: 555 0100", true),
        ("Opening hours: 9 to 17", true),
        ("Phone:\t555 0100", true),
        ("電話: 03-1234-5678", true),
        ("電話：03-1234-5678", true),
        ("営業時間： 9時から17時", true),
        ("Grüße an: Ann", true),
        ("Phone:555 0100", false),
        ("電話:03-1234-5678", false),
        ("Phone:", false),
        ("電話：", false),
        ("phone: 555 0100", false),
        ("2024: a good year", false),
        ("What to do when it is hot: wait.", false),
        ("In short, then: it is hot", false),
        ("Nordic countries. Also: Norway", false),
        ("これは四十バイトより長いラベルです：値", false),
        ("Open 9:30 to: noon", false),
        ("Page:Picture：3", false),
        ("No label at all", false),
    ];

    #[test]
    fn a_line_is_labelled_where_documents_keep_it_apart() {
        for (line, expected) in SAMPLES {
            assert_eq!(is_labelled(line), expected, "{line}");
        }
    }
}
