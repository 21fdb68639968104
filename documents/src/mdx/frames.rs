/// The open JSX elements, each with the indentation of its tag and of its content.
///
/// Authors indent what stands inside a component; Markdown would take the indentation for code or end a list by it. Content
/// is moved back to the column of its tag.
#[derive(Default)]
pub(super) struct Frames {
    open: Vec<Frame>,
}

struct Frame {
    name: String,
    /// Column the tag's line was written to.
    column: usize,
    /// Indentation of the first line of content, once there is one.
    content: Option<usize>,
}

/// More open elements than any page has; beyond, tags are dropped all the same but do not change the indentation.
const MAX_OPEN: usize = 64;
/// Each line of content is indented anew, so that a tag far to the right would multiply it.
const MAX_COLUMN: usize = 64;

impl Frames {
    pub(super) fn open(&mut self, name: &str, column: usize) {
        if self.open.len() < MAX_OPEN {
            self.open.push(Frame {
                name: name.to_owned(),
                column,
                content: None,
            });
        }
    }

    /// Closes the innermost element of that name and those left open inside it.
    pub(super) fn close(&mut self, name: &str) {
        if let Some(index) = self.open.iter().rposition(|frame| frame.name == name) {
            self.open.truncate(index);
        }
    }

    /// The column a line indented by `indent` is written to. `is_content`: neither blank nor a closing tag.
    pub(super) fn column(&mut self, indent: usize, is_content: bool) -> usize {
        let Some(frame) = self.open.last_mut() else {
            return indent.min(MAX_COLUMN);
        };
        if is_content {
            frame.content.get_or_insert(indent);
        }
        let column = match frame.content {
            Some(content) => frame.column + indent.saturating_sub(content),
            None => frame.column.min(indent),
        };
        column.min(MAX_COLUMN)
    }
}
