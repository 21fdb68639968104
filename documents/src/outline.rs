use crate::labels::labelled_lines;
use crate::link::address_after;
use crate::superscript;
use crate::titles::TopHeadings;
use crate::unspaced::wants_space;
use crate::whitespace::{one_line, tidy_lines, truncate, without_nul};
use crate::{Block, BlockKind, ParseError};

/// Longest heading kept in a block's path, in bytes; the whole of a longer one becomes a block.
pub(crate) const MAX_HEADING_BYTES: usize = 200;
/// Every block repeats its heading path, so many tiny blocks under long headings would multiply the memory of a document.
const MAX_PATH_BYTES: usize = 128 * 1024 * 1024;
const MAX_LIST_INDENT: usize = 8;

/// Collects blocks in reading order under the headings they stand under. Markdown and HTML both write into it.
#[derive(Default)]
pub(crate) struct Outline {
    blocks: Vec<Block>,
    /// Open headings with their level and their whole text.
    path: Vec<(u8, String)>,
    /// The innermost heading has nothing under it yet.
    heading_is_bare: bool,
    top_headings: TopHeadings,
    /// Of the blocks and headings so far.
    text_bytes: usize,
    path_bytes: usize,
    too_many: bool,
    /// Running text of the paragraph, item or cell being read; `\n` only where a line break is meant.
    text: String,
    /// A line of the source ended after the text: a space, unless what comes next is of a script without spaces too.
    line_ended: bool,
    /// Where in the text lines of the source ended, ascending: a space stands there, or nothing between characters of a script without spaces.
    line_ends: Vec<usize>,
    link: Option<Link>,
    superscript: Option<Superscript>,
    /// Open lists: the next number, or `None` for bullets.
    lists: Vec<Option<u64>>,
    /// Marker of an item that has not put out text yet.
    marker: Option<String>,
    quotes: usize,
    /// A heading is being read.
    heading: bool,
}

/// The link being read.
struct Link {
    /// Where its words begin in the text.
    start: usize,
    target: String,
    /// Letters and digits of its words that are raised.
    raised: usize,
}

impl Link {
    fn leads_to_a_place_here(&self) -> bool {
        self.target.starts_with('#')
    }
}

/// The superscript being read.
struct Superscript {
    start: usize,
    /// Holds a link to a place in the document.
    has_link: bool,
    /// Letters and digits of the words of such links.
    linked: usize,
}

impl Outline {
    pub(crate) fn text(&mut self, text: &str) {
        if !text.is_empty() {
            self.begin_line(text);
            self.text.push_str(text);
        }
    }

    /// Text of HTML, where a line end is only white space.
    pub(crate) fn flowing_text(&mut self, text: &str) {
        let mut lines = text.split('\n');
        self.text(lines.next().unwrap_or_default());
        for line in lines {
            self.line_end();
            self.text(line.trim_start_matches([' ', '\t']));
        }
    }

    /// A line ends here and the text goes on.
    pub(crate) fn line_end(&mut self) {
        self.line_ended = true;
        let link = self.link.as_ref().map_or(0, |link| link.start);
        let superscript = self.superscript.as_ref().map_or(0, |superscript| superscript.start);
        let line = self.text.trim_end_matches([' ', '\t']).len();
        self.shorten(line.max(link).max(superscript));
    }

    fn begin_line(&mut self, next: &str) {
        if !std::mem::take(&mut self.line_ended) || self.text.is_empty() {
            return;
        }
        self.line_ends.push(self.text.len());
        if wants_space(&self.text, next) {
            self.text.push(' ');
        }
    }

    fn shorten(&mut self, bytes: usize) {
        self.text.truncate(bytes);
        while self.line_ends.last().is_some_and(|end| *end >= self.text.len()) {
            self.line_ends.pop();
        }
    }

    /// What is read from here on are the words of a link.
    pub(crate) fn open_link(&mut self, target: &str) {
        self.link = Some(Link {
            start: self.text.len(),
            target: target.to_owned(),
            raised: 0,
        });
    }

    /// Its address follows the words, but for that of a link around whole blocks and of one in a heading. The mark of a note, which is a raised
    /// link, goes, and so does the sign by which a heading links to itself.
    pub(crate) fn close_link(&mut self) {
        let Some(link) = self.link.take() else { return };
        let words = self.text.get(link.start..).unwrap_or_default();
        if link.leads_to_a_place_here() {
            let letters = letters(words);
            let is_sign = self.heading && letters == 0;
            let is_note = letters > 0 && letters == link.raised;
            if is_sign || is_note {
                self.cut(link.start);
            } else if let Some(superscript) = &mut self.superscript {
                superscript.has_link = true;
                superscript.linked += letters;
            }
        } else if !self.heading
            && let Some(address) = address_after(words, &link.target)
        {
            let words = self.text.trim_end().len();
            let space = self.text.split_off(words);
            self.text.push_str(&address);
            self.text.push_str(&space);
        }
    }

    /// What is read from here on is raised.
    pub(crate) fn open_superscript(&mut self) {
        self.superscript = Some(Superscript {
            start: self.text.len(),
            has_link: false,
            linked: 0,
        });
    }

    pub(crate) fn close_superscript(&mut self) {
        let Some(raised) = self.superscript.take() else { return };
        let letters = letters(self.text.get(raised.start..).unwrap_or_default());
        if raised.has_link && letters == raised.linked {
            self.cut(raised.start);
            return;
        }
        if let Some(link) = &mut self.link {
            link.raised += letters;
        }
        superscript::mark(&mut self.text, raised.start);
    }

    fn cut(&mut self, at: usize) {
        if self.text.is_char_boundary(at) {
            self.shorten(at);
        }
    }

    pub(crate) fn take_text(&mut self) -> String {
        self.link = None;
        self.superscript = None;
        self.line_ended = false;
        self.line_ends.clear();
        std::mem::take(&mut self.text)
    }

    /// Ends the paragraph being read.
    pub(crate) fn end_block(&mut self) {
        let ends = std::mem::take(&mut self.line_ends);
        let text = tidy_lines(&labelled_lines(self.take_text(), &ends));
        if text.is_empty() {
            return;
        }
        let depth = self.lists.len();
        if depth > 0 {
            let indent = "  ".repeat((depth - 1).min(MAX_LIST_INDENT));
            let marker = self.marker.take().unwrap_or_else(|| "  ".to_owned());
            self.push(BlockKind::ListItem, format!("{indent}{marker}{text}"));
        } else if self.quotes > 0 {
            self.push(BlockKind::Quote, text);
        } else {
            self.push(BlockKind::Paragraph, text);
        }
    }

    pub(crate) fn open_list(&mut self, first_number: Option<u64>) {
        self.end_block();
        self.lists.push(first_number);
    }

    pub(crate) fn close_list(&mut self) {
        self.end_block();
        self.lists.pop();
    }

    pub(crate) fn open_item(&mut self) {
        self.end_block();
        self.marker = match self.lists.last_mut() {
            Some(Some(number)) => {
                let marker = format!("{number}. ");
                *number = number.saturating_add(1);
                Some(marker)
            }
            _ => Some("- ".to_owned()),
        };
    }

    pub(crate) fn close_item(&mut self) {
        self.end_block();
        self.marker = None;
    }

    pub(crate) fn open_quote(&mut self) {
        self.end_block();
        self.quotes += 1;
    }

    pub(crate) fn close_quote(&mut self) {
        self.end_block();
        self.quotes = self.quotes.saturating_sub(1);
    }

    /// What is read from here on is a heading.
    pub(crate) fn open_heading(&mut self) {
        self.end_block();
        self.heading = true;
    }

    /// Ends a heading whose text was read. Inside a list or a quotation it structures nothing and is a paragraph.
    pub(crate) fn end_heading(&mut self, level: u8) {
        self.heading = false;
        if !self.lists.is_empty() || self.quotes > 0 {
            self.end_block();
            return;
        }
        // Generated pages end their headings with a link to themselves, which may give the whole address.
        let text = without_nul(self.take_text());
        let text = one_line(text.trim_end_matches(['¶', '\u{200B}']));
        if text.is_empty() {
            return;
        }
        if self.path.last().is_some_and(|(open, _)| *open >= level) {
            self.put_out_bare_heading();
        }
        self.path.retain(|(open, _)| *open < level);
        self.top_headings.add(level, &text, self.text_bytes);
        self.text_bytes += text.len();
        self.heading_is_bare = true;
        if text.len() > MAX_HEADING_BYTES {
            self.push(BlockKind::Heading, text.clone());
        }
        self.path
            .push((level, truncate(&text, MAX_HEADING_BYTES).trim_end().to_owned()));
    }

    fn put_out_bare_heading(&mut self) {
        if self.heading_is_bare
            && let Some((_, text)) = self.path.pop()
        {
            self.push(BlockKind::Heading, text);
        }
    }

    /// Adds a whole heading.
    pub(crate) fn heading(&mut self, level: u8, text: &str) {
        self.text(text);
        self.end_heading(level);
    }

    /// Takes back a heading that names nothing but a place, when there is nothing in that place.
    pub(crate) fn drop_bare_heading(&mut self) {
        if std::mem::take(&mut self.heading_is_bare) {
            self.path.pop();
        }
    }

    /// Adds a whole paragraph.
    pub(crate) fn paragraph(&mut self, text: &str) {
        self.push(BlockKind::Paragraph, tidy_lines(text));
    }

    /// Adds a whole item of a list that is nested `depth` levels deep; the marker ends in a space.
    pub(crate) fn list_item(&mut self, depth: usize, marker: &str, text: &str) {
        let text = tidy_lines(text);
        if !text.is_empty() {
            let indent = "  ".repeat(depth.min(MAX_LIST_INDENT));
            self.push(BlockKind::ListItem, format!("{indent}{marker}{text}"));
        }
    }

    /// Adds a finished block under the open headings.
    pub(crate) fn push(&mut self, kind: BlockKind, text: String) {
        self.push_under(Vec::new(), kind, text);
    }

    /// Adds blocks that were read apart: under the open headings, and then under those they have themselves.
    pub(crate) fn append(&mut self, blocks: Vec<Block>) {
        for Block { headings, kind, text } in blocks {
            self.push_under(headings, kind, text);
        }
    }

    /// All blocks of all readers come by here, so that none holds a NUL.
    fn push_under(&mut self, own: Vec<String>, kind: BlockKind, text: String) {
        let text = without_nul(text);
        if text.trim().is_empty() || self.too_many {
            return;
        }
        self.heading_is_bare = false;
        self.text_bytes += text.len();
        let open = self.path.iter().map(|(_, heading)| heading.clone());
        let headings: Vec<String> = open.chain(own.into_iter().map(without_nul)).collect();
        self.path_bytes += headings.iter().map(|heading| heading.len() + 24).sum::<usize>() + 100;
        self.too_many = self.path_bytes > MAX_PATH_BYTES;
        self.blocks.push(Block { headings, kind, text });
    }

    /// The level-one headings and the blocks.
    ///
    /// # Errors
    /// [`ParseError::TooComplex`] when headings repeated over the blocks would take too much memory.
    pub(crate) fn finish(mut self) -> Result<(TopHeadings, Vec<Block>), ParseError> {
        self.end_block();
        self.put_out_bare_heading();
        if self.too_many {
            return Err(ParseError::TooComplex {
                reason: "it has too many separate paragraphs under long headings",
            });
        }
        Ok((self.top_headings, self.blocks))
    }
}

fn letters(text: &str) -> usize {
    text.chars().filter(|c| c.is_alphanumeric()).count()
}

/// A title as [`crate::ParsedDocument::title`] promises it.
pub(crate) fn title(text: &str) -> Option<String> {
    let title: String = one_line(text).replace('\0', "\u{FFFD}").chars().take(300).collect();
    (!title.is_empty()).then_some(title)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::Outline;
    use crate::{Block, BlockKind};

    fn heading(outline: &mut Outline, level: u8, text: &str) {
        outline.text(text);
        outline.end_heading(level);
    }

    #[test]
    fn a_block_stands_under_the_headings_above_it() {
        let mut outline = Outline::default();
        for (level, text) in [(1, "A"), (3, "B"), (2, "C")] {
            heading(&mut outline, level, text);
            outline.push(BlockKind::Paragraph, format!("under {text}"));
        }
        let (headings, blocks) = outline.finish().unwrap();
        let paths: Vec<_> = blocks.iter().map(|block| block.headings.join("/")).collect();
        assert_eq!(paths, ["A", "A/B", "A/C"]);
        assert_eq!(headings.guessed().as_deref(), Some("A"));
    }

    #[test]
    fn a_heading_with_nothing_under_it_is_not_lost() {
        let mut outline = Outline::default();
        for (level, text) in [(1, "A"), (2, "B"), (2, "C")] {
            heading(&mut outline, level, text);
        }
        let (_, blocks) = outline.finish().unwrap();
        let found: Vec<_> = blocks
            .iter()
            .map(|block| (block.headings.join("/"), block.text.as_str()))
            .collect();
        assert_eq!(found, [("A".to_owned(), "B"), ("A".to_owned(), "C")]);
    }

    #[test]
    fn a_nul_is_white_space_in_blocks_and_headings() {
        let mut outline = Outline::default();
        heading(&mut outline, 1, "A\0B\0");
        heading(&mut outline, 2, "\0");
        outline.push(BlockKind::Code, "\0".to_owned());
        outline.push(BlockKind::Paragraph, "a\0b".to_owned());
        let own = Block {
            headings: vec!["C\0D".to_owned()],
            kind: BlockKind::Paragraph,
            text: "c\0d".to_owned(),
        };
        outline.append(vec![own]);
        let (headings, blocks) = outline.finish().unwrap();
        let found: Vec<_> = blocks
            .iter()
            .map(|block| (block.headings.join("/"), block.text.as_str()))
            .collect();
        assert_eq!(found, [("A B".to_owned(), "a b"), ("A B/C D".to_owned(), "c d")]);
        assert_eq!(headings.guessed().as_deref(), Some("A B"));
    }

    #[test]
    fn a_giant_heading_becomes_a_block_and_a_short_path() {
        let mut outline = Outline::default();
        heading(&mut outline, 1, &"word ".repeat(10_000));
        outline.push(BlockKind::Paragraph, "text".to_owned());
        let (_, blocks) = outline.finish().unwrap();
        assert_eq!(blocks.first().unwrap().text.len(), 49_999);
        assert!(
            blocks
                .last()
                .unwrap()
                .headings
                .iter()
                .all(|heading| heading.len() <= 200)
        );
    }

    #[test]
    fn a_million_tiny_blocks_under_long_headings_are_refused_not_multiplied() {
        let mut outline = Outline::default();
        for level in 1..=6 {
            heading(&mut outline, level, &"h".repeat(200));
        }
        for _ in 0..1_000_000 {
            outline.push(BlockKind::Paragraph, "x".to_owned());
        }
        assert_eq!(outline.finish().unwrap_err().code(), "too_complex");
    }
}
