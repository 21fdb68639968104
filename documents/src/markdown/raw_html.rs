use crate::outline::Outline;
use crate::tag::Tag;

/// HTML within a paragraph of Markdown: tags go, text stays, what stands in `<script>` and `<style>` goes.
#[derive(Default)]
pub(super) struct RawHtml {
    /// Inside this element, whose content is not text.
    skipping: Option<&'static str>,
    /// The list being read has an item already.
    after_item: bool,
}

impl RawHtml {
    pub(super) fn skips_text(&self) -> bool {
        self.skipping.is_some()
    }

    /// At the end of a paragraph an element left open is forgotten, or it would swallow the document.
    pub(super) fn end_paragraph(&mut self) {
        self.skipping = None;
        self.after_item = false;
    }

    /// A single tag or comment inside a paragraph or a heading.
    pub(super) fn inline(&mut self, source: &str, outline: &mut Outline) {
        let Some(tag) = Tag::read(source) else {
            return;
        };
        if tag.closing {
            if self.skipping.is_some() && self.skipping == tag.raw_text_name() {
                self.skipping = None;
            }
            if tag.name.eq_ignore_ascii_case("a") {
                outline.close_link();
            }
            if tag.name.eq_ignore_ascii_case("sup") {
                outline.close_superscript();
            }
            // An item is followed by what the next one begins with.
            if tag.is_block() && tag.name != "li" && !self.skips_text() {
                outline.text(" ");
            }
            return;
        }
        if self.skips_text() {
            return;
        }
        self.skipping = tag.raw_text_name();
        let target = tag
            .attributes
            .iter()
            .find(|(name, _)| name.eq_ignore_ascii_case("href"));
        if let Some((_, target)) = target.filter(|_| tag.name.eq_ignore_ascii_case("a")) {
            outline.open_link(&target.replace("&amp;", "&"));
        }
        if tag.name.eq_ignore_ascii_case("sup") {
            outline.open_superscript();
        } else if tag.is_line_break() {
            outline.text("\n");
        } else if !tag.is_markup() {
            outline.text(source);
        } else if tag.is_block() {
            outline.text(self.space_before(tag.name));
        } else {
            outline.text(&tag.text_within_line(false));
        }
    }

    /// A block within a paragraph or a cell begins no line of its own.
    fn space_before(&mut self, name: &str) -> &'static str {
        match name {
            "li" if std::mem::replace(&mut self.after_item, true) => "; ",
            "ul" | "ol" => {
                self.after_item = false;
                " "
            }
            _ => " ",
        }
    }
}
