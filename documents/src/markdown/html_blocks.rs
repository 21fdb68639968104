use crate::ParseError;
use crate::html;
use crate::outline::Outline;

/// More lists and tables are never open at once but in a page that forgets to close them.
const MAX_OPEN: usize = 50;

/// Blocks of HTML. CommonMark ends one at each empty line, also within a table or a list; what follows without anything else between is the
/// rest of it, and read together with it.
#[derive(Default)]
pub(super) struct HtmlBlocks {
    held: String,
    /// Tables and lists of what is held that are not closed.
    open: usize,
}

impl HtmlBlocks {
    pub(super) fn add(&mut self, source: &str, outline: &mut Outline) -> Result<(), ParseError> {
        for tag in tags(source).filter(|tag| tag.is_any_of(&["table", "ul", "ol", "dl"])) {
            self.open = if tag.closing {
                self.open.saturating_sub(1)
            } else {
                self.open + 1
            };
        }
        self.held.push_str(source);
        match self.open {
            1..=MAX_OPEN => Ok(()),
            _ => self.end(outline),
        }
    }

    /// Reads what is held: something else follows.
    pub(super) fn end(&mut self, outline: &mut Outline) -> Result<(), ParseError> {
        self.open = 0;
        if self.held.is_empty() {
            return Ok(());
        }
        let source = std::mem::take(&mut self.held);
        // Rows and cells without their table would be one word.
        let tables = ["table", "tr", "td", "th", "thead", "tbody", "tfoot"];
        let first = tags(&source).find(|tag| !tag.closing && tag.is_any_of(&tables));
        match first.is_some_and(|tag| !tag.is_any_of(&["table"])) {
            true => html::append_fragment(&format!("<table>{source}"), outline),
            false => html::append_fragment(&source, outline),
        }
    }
}

struct TagName<'s> {
    name: &'s str,
    closing: bool,
}

impl TagName<'_> {
    fn is_any_of(&self, names: &[&str]) -> bool {
        names.iter().any(|name| self.name.eq_ignore_ascii_case(name))
    }
}

/// The names of all tags. Those in comments are among them: that something is held for no reason changes nothing.
fn tags(source: &str) -> impl Iterator<Item = TagName<'_>> {
    source.match_indices('<').filter_map(|(at, _)| {
        let tag = source.get(at + 1..)?;
        let name = tag.strip_prefix('/').unwrap_or(tag);
        let end = name.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(name.len());
        Some(TagName {
            name: name.get(..end)?,
            closing: tag.len() > name.len(),
        })
    })
}
