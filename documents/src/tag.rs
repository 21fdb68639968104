use crate::link::address_after;
use crate::whitespace::one_line;

/// An HTML or JSX tag as it stands in Markdown.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Tag<'t> {
    /// Empty for the JSX fragments `<>` and `</>`.
    pub(crate) name: &'t str,
    pub(crate) closing: bool,
    pub(crate) self_closing: bool,
    /// Attributes with a quoted value; of those with `{expressions}` or without a value only `required` is kept.
    pub(crate) attributes: Vec<(&'t str, &'t str)>,
    /// Whether there is an attribute `required` that is not turned off.
    required: bool,
    pub(crate) has_values: bool,
    /// Bytes of the tag, from `<` through `>`.
    pub(crate) len: usize,
}

/// Longer tags are text.
pub(crate) const MAX_TAG_BYTES: usize = 16 * 1024;

/// Elements whose text is never meant for readers.
const RAW_TEXT: [&str; 2] = ["script", "style"];

/// Components of Mintlify that tell a parameter or a member of a response, and the attributes that name it.
const FIELDS: [&str; 2] = ["ParamField", "ResponseField"];
const FIELD_NAMES: [&str; 5] = ["path", "query", "body", "header", "name"];

/// Elements whose text stands apart from what is before and after it.
const BLOCKS: &str = " blockquote center dd details div dl dt figcaption figure h1 h2 h3 h4 h5 h6 hr li ol p pre section summary \
    table td th tr ul ";

/// Names of HTML and SVG elements that turn up in documentation. Any other lower-case name, as in "`<your-domain>`", is taken
/// for a placeholder in the text.
const ELEMENTS: &str = " a abbr address area article aside audio b base bdi bdo big blockquote body br button canvas caption \
    center circle cite code col colgroup data datalist dd defs del details dfn dialog div dl dt em embed fieldset figcaption \
    figure font footer form g h1 h2 h3 h4 h5 h6 head header hgroup hr html i iframe img input ins kbd label legend li line link \
    main map mark math menu meta meter nav noscript object ol optgroup option output p param path picture polygon pre progress \
    q rect rp rt ruby s samp script section select small source span strike strong style sub summary sup svg table tbody td \
    template textarea tfoot th thead time title tr track tt u ul use var video wbr ";

impl<'t> Tag<'t> {
    /// Reads the tag at the start of `text`; `None` when it is not one.
    pub(crate) fn read(text: &'t str) -> Option<Tag<'t>> {
        let mut cursor = Cursor { text, at: 0 };
        cursor.eat('<').then_some(())?;
        let closing = cursor.eat('/');
        let name = cursor.take_while(|c| c.is_alphanumeric() || matches!(c, '.' | '-' | '_' | ':' | '$'));
        if name.starts_with(|c: char| !c.is_alphabetic()) || name.ends_with(':') {
            return None;
        }
        let mut tag = Tag {
            name,
            closing,
            self_closing: false,
            attributes: Vec::new(),
            required: false,
            has_values: false,
            len: 0,
        };
        loop {
            let space = cursor.take_while(char::is_whitespace);
            if cursor.eat('>') {
                tag.len = cursor.at;
                return Some(tag);
            }
            if cursor.eat('/') {
                tag.self_closing = true;
            } else if cursor.rest().starts_with('{') {
                cursor.skip_expression()?;
            } else {
                (!space.is_empty() && !name.is_empty()).then_some(())?;
                cursor.attribute(&mut tag)?;
            }
            if cursor.at > MAX_TAG_BYTES {
                return None;
            }
        }
    }

    /// An element or component, not a placeholder such as `<your-domain>`.
    pub(crate) fn is_markup(&self) -> bool {
        self.name.is_empty()
            || self.name.starts_with(char::is_uppercase)
            || self.has_values
            || ELEMENTS.contains(&format!(" {} ", self.name.to_ascii_lowercase()))
    }

    /// What separates the element from the text before it.
    pub(crate) fn is_block(&self) -> bool {
        BLOCKS.contains(&format!(" {} ", self.name))
    }

    pub(crate) fn is_line_break(&self) -> bool {
        self.name.eq_ignore_ascii_case("br")
    }

    /// Has no content and no closing tag. `Link` and `Col` are components, which have.
    pub(crate) fn is_void(&self) -> bool {
        let is_named = |name: &&str| self.name == *name || self.name == name.to_ascii_uppercase();
        self.self_closing
            || ["br", "hr", "img", "input", "meta", "link", "source", "col", "wbr"]
                .iter()
                .any(is_named)
    }

    /// The name of the element when what it holds is code for the browser.
    pub(crate) fn raw_text_name(&self) -> Option<&'static str> {
        RAW_TEXT.into_iter().find(|name| self.name.eq_ignore_ascii_case(name))
    }

    /// What the attributes say to readers: the `alt` of an element, and `title`, `label` and the like of a component, with where it leads.
    pub(crate) fn human_text(&self) -> String {
        let component = self.is_component();
        let field = FIELDS.contains(&self.name);
        let is_text = |name: &str| match name {
            "alt" => true,
            "header" => component && !field,
            "title" | "label" | "description" | "summary" | "heading" | "caption" | "question" | "text" | "tip" => {
                component
            }
            "value" => self.name == "TabItem" && self.attribute("label").is_none(),
            _ => false,
        };
        let attributes = self
            .attributes
            .iter()
            .filter(|(name, value)| is_text(name) && !value.trim().is_empty())
            .map(|(_, value)| one_line(value));
        let texts: Vec<_> = field
            .then(|| self.field())
            .flatten()
            .into_iter()
            .chain(attributes)
            .collect();
        let text = texts.join(": ");
        let address = self.target().and_then(|target| address_after(&text, target));
        text + &address.unwrap_or_default()
    }

    /// What [`Tag::human_text`] says within a line, apart from the content after it.
    pub(crate) fn text_within_line(&self, is_empty: bool) -> String {
        let text = self.human_text();
        let separates = self.is_component() && !self.is_void() && !is_empty && !text.is_empty();
        if separates { text + ": " } else { text }
    }

    /// Of `h1` to `h6`.
    pub(crate) fn heading_level(&self) -> Option<usize> {
        let level = self.name.strip_prefix('h')?.parse().ok()?;
        (1..=6).contains(&level).then_some(level)
    }

    /// Where a link or a component with one leads.
    pub(crate) fn target(&self) -> Option<&'t str> {
        self.attribute("href")
            .or_else(|| self.attribute("to").filter(|_| self.name == "Link"))
    }

    fn is_component(&self) -> bool {
        self.name.starts_with(char::is_uppercase)
    }

    pub(crate) fn attribute(&self, wanted: &str) -> Option<&'t str> {
        let found = self.attributes.iter().find(|(name, _)| *name == wanted);
        found.map(|(_, value)| value.trim()).filter(|value| !value.is_empty())
    }

    /// A field of an interface as `limit (number, required, default 10)`.
    fn field(&self) -> Option<String> {
        let name = FIELD_NAMES.iter().find_map(|name| self.attribute(name))?;
        let required = self.required.then(|| "required".to_owned());
        let default = self.attribute("default").map(|value| format!("default {value}"));
        let kind = self.attribute("type").map(str::to_owned);
        let details: Vec<String> = [kind, required, default].into_iter().flatten().collect();
        let field = if details.is_empty() {
            name.to_owned()
        } else {
            format!("{name} ({})", details.join(", "))
        };
        Some(one_line(&field))
    }
}

struct Cursor<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Cursor<'t> {
    fn rest(&self) -> &'t str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn eat(&mut self, wanted: char) -> bool {
        let found = self.rest().starts_with(wanted);
        if found {
            self.at += wanted.len_utf8();
        }
        found
    }

    fn take_while(&mut self, wanted: impl Fn(char) -> bool) -> &'t str {
        let rest = crate::whitespace::truncate(self.rest(), MAX_TAG_BYTES);
        let len = rest.find(|c| !wanted(c)).unwrap_or(rest.len());
        self.at += len;
        rest.get(..len).unwrap_or_default()
    }

    fn attribute(&mut self, tag: &mut Tag<'t>) -> Option<()> {
        let name =
            self.take_while(|c| !c.is_whitespace() && !matches!(c, '"' | '\'' | '<' | '>' | '/' | '=' | '{' | '}'));
        (!name.is_empty()).then_some(())?;
        let before_space = self.at;
        self.take_while(char::is_whitespace);
        if !self.eat('=') {
            self.at = before_space;
            tag.required |= name == "required";
            return Some(());
        }
        self.take_while(char::is_whitespace);
        tag.has_values = true;
        if self.rest().starts_with('{') {
            tag.required |= name == "required" && self.rest().starts_with("{true}");
            return self.skip_expression();
        }
        for quote in ['"', '\''] {
            if self.eat(quote) {
                let value = self.take_while(|c| c != quote);
                self.eat(quote).then_some(())?;
                tag.attributes.push((name, value));
                return Some(());
            }
        }
        let value = self.take_while(|c| !c.is_whitespace() && !matches!(c, '"' | '\'' | '<' | '>' | '=' | '`'));
        (!value.is_empty()).then_some(())
    }

    fn skip_expression(&mut self) -> Option<()> {
        self.at += crate::mdx::expression_len(self.rest())?;
        Some(())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::Tag;

    #[test]
    fn tags_are_read_with_their_attributes() {
        let tag =
            Tag::read("<Card title=\"A > b\" icon='x' cols={2 > 1 ? {a: 1} : \"}\"} {...more} wide/> rest").unwrap();
        assert_eq!(tag.name, "Card");
        assert_eq!(tag.attributes, [("title", "A > b"), ("icon", "x")]);
        assert!(tag.self_closing && !tag.closing);
        assert_eq!(tag.human_text(), "A > b");
        assert_eq!(
            tag.len,
            "<Card title=\"A > b\" icon='x' cols={2 > 1 ? {a: 1} : \"}\"} {...more} wide/>".len()
        );
    }

    #[test]
    fn what_only_looks_like_a_tag_is_not_one() {
        for text in [
            "< b>",
            "<3",
            "<https://a.example>",
            "<a@b.example>",
            "<a \"x\">",
            "<a b=>",
            "<a",
            "<a b=\"c",
            "<-->",
        ] {
            assert_eq!(Tag::read(text), None, "{text}");
        }
    }

    #[test]
    fn fragments_and_closing_tags_are_tags() {
        for (text, len) in [("<>a", 2), ("</>a", 3), ("</A.B >x", 7), ("<br\n/>", 6)] {
            assert_eq!(Tag::read(text).unwrap().len, len, "{text}");
        }
    }

    #[test]
    fn a_placeholder_is_not_markup() {
        for (text, markup) in [
            ("<your-domain>", false),
            ("<domain identifier>", false),
            ("<yourdomain.com>", false),
            ("<div>", true),
            ("<Optional />", true),
            ("<x-button kind=\"a\">", true),
        ] {
            assert_eq!(Tag::read(text).unwrap().is_markup(), markup, "{text}");
        }
    }
}
