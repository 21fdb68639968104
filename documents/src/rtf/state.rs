use super::story::Paragraph;
use super::styles::{Styles, role_of_outline};
use super::words::Place;
use crate::docx::Role;

/// Levels of a list beyond are the last one.
const MAX_LIST_LEVEL: i32 = 8;
/// By how much lists within each other are indented, in twentieths of a point.
const LIST_STEP: i32 = 360;

/// What the end of a group ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ends {
    Nothing,
    Story { is_note: bool },
    Field,
    Property(&'static str),
    Date(&'static str),
    Style,
}

/// What holds until the group ends.
#[derive(Debug, Clone, Copy)]
pub(super) struct State {
    pub(super) place: Place,
    /// Where the group around alternatives has its text.
    pub(super) around: Place,
    pub(super) ends: Ends,
    pub(super) is_nested_row: bool,
    pub(super) font: Option<i32>,
    /// How many characters follow one in Unicode for who does not know it.
    pub(super) fallback: usize,
    pub(super) hidden: bool,
    pub(super) deleted: bool,
    pub(super) raised: bool,
    pub(super) bold: bool,
    pub(super) style: i32,
    pub(super) outline_level: Option<i32>,
    pub(super) list_level: i32,
    pub(super) first_indent: i32,
    pub(super) left_indent: i32,
    pub(super) in_table: bool,
    pub(super) nesting: i32,
}

impl State {
    pub(super) const FIRST: State = State {
        place: Place::Body,
        around: Place::Body,
        ends: Ends::Nothing,
        is_nested_row: false,
        font: None,
        fallback: 1,
        hidden: false,
        deleted: false,
        raised: false,
        bold: false,
        style: 0,
        outline_level: None,
        list_level: 0,
        first_indent: 0,
        left_indent: 0,
        in_table: false,
        nesting: 0,
    };
    /// A control word that says how text or paragraphs are.
    pub(super) fn word(&mut self, word: &str, number: Option<i32>) {
        let is_on = number != Some(0);
        match word {
            "uc" => self.fallback = usize::try_from(number.unwrap_or(1)).unwrap_or(1),
            "f" => self.font = number,
            "v" => self.hidden = is_on,
            "deleted" | "mvf" => self.deleted = is_on,
            "super" => self.raised = is_on,
            "sub" | "nosupersub" => self.raised = false,
            "b" => self.bold = is_on,
            "plain" => {
                (self.hidden, self.deleted, self.raised, self.bold) = (false, false, false, false);
                self.font = None;
            }
            "pard" => {
                (self.style, self.outline_level, self.list_level) = (0, None, 0);
                (self.in_table, self.nesting) = (false, 0);
                (self.first_indent, self.left_indent) = (0, 0);
            }
            "s" => self.style = number.unwrap_or(0),
            "outlinelevel" => self.outline_level = number,
            "ilvl" => self.list_level = number.unwrap_or(0).clamp(0, MAX_LIST_LEVEL),
            "fi" => self.first_indent = number.unwrap_or(0),
            "li" => self.left_indent = number.unwrap_or(0),
            "intbl" => self.in_table = is_on,
            "itap" => self.nesting = number.unwrap_or(0),
            _ => {}
        }
    }

    /// What the paragraph is: by its own level, or by its style.
    pub(super) fn role(&self, styles: &mut Styles) -> Role {
        let own = role_of_outline(self.outline_level).filter(|role| *role != Role::Body);
        own.unwrap_or_else(|| styles.role(self.style))
    }

    /// The paragraph, in so many tables.
    pub(super) fn paragraph(&self, styles: &mut Styles, nesting: usize) -> Paragraph {
        Paragraph {
            role: self.role(styles),
            depth: usize::try_from(self.list_level).unwrap_or(0),
            hangs: (self.first_indent < 0).then(|| {
                let steps = self.left_indent.saturating_add(self.first_indent) / LIST_STEP;
                usize::try_from(steps.clamp(0, MAX_LIST_LEVEL)).unwrap_or(0)
            }),
            nesting,
        }
    }
}
