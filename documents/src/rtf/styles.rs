use std::collections::HashMap;

use crate::docx::{Role, role_of_name};

/// Styles are based on each other; a longer chain is a circle.
const MAX_CHAIN: usize = 20;
const MAX_NAME_BYTES: usize = 100;

#[derive(Debug, Default)]
struct Style {
    /// In lower case.
    name: String,
    based_on: Option<i32>,
    outline_level: Option<i32>,
}

/// The styles of paragraphs, by number.
#[derive(Debug, Default)]
pub(super) struct Styles {
    by_number: HashMap<i32, Style>,
    /// The entry being read.
    number: i32,
    reading: Style,
    /// What was found out before.
    roles: HashMap<i32, Role>,
}

impl Styles {
    pub(super) fn begin_entry(&mut self) {
        self.number = 0;
        self.reading = Style::default();
    }

    /// A control word in the style sheet.
    pub(super) fn word(&mut self, word: &str, number: Option<i32>) {
        match word {
            "s" => self.number = number.unwrap_or(0),
            "sbasedon" => self.reading.based_on = number,
            "outlinelevel" => self.reading.outline_level = number,
            _ => {}
        }
    }

    /// Text in the style sheet: names.
    pub(super) fn text(&mut self, text: &str) {
        if self.reading.name.len() < MAX_NAME_BYTES {
            self.reading.name.push_str(text);
        }
    }

    pub(super) fn end_entry(&mut self) {
        let mut style = std::mem::take(&mut self.reading);
        style.name = style.name.trim().trim_end_matches(';').trim().to_lowercase();
        if !style.name.is_empty() {
            self.roles.clear();
            self.by_number.insert(self.number, style);
        }
    }

    /// What paragraphs of a style are.
    pub(super) fn role(&mut self, number: i32) -> Role {
        if let Some(role) = self.roles.get(&number) {
            return *role;
        }
        let role = self.find_role(number);
        // Numbers that no style has are told apart by nothing.
        if self.by_number.contains_key(&number) {
            self.roles.insert(number, role);
        }
        role
    }

    /// The nearest style of the chain that says what it is decides.
    fn find_role(&self, number: i32) -> Role {
        let based_on = |style: &&Style| self.by_number.get(&style.based_on?);
        let chain = std::iter::successors(self.by_number.get(&number), based_on);
        for style in chain.take(MAX_CHAIN) {
            match (role_of_outline(style.outline_level), role_of_name(&style.name)) {
                (_, Some(role @ (Role::Title | Role::Contents | Role::Quote | Role::Code))) => return role,
                (Some(role), _) | (None, Some(role)) => return role,
                (None, None) => {}
            }
        }
        Role::Body
    }
}

/// `\outlinelevel`: 0 to 8 are headings, 9 is text.
pub(super) fn role_of_outline(level: Option<i32>) -> Option<Role> {
    match u8::try_from(level?) {
        Ok(level @ 0..=8) => Some(Role::Heading(level + 1)),
        _ => Some(Role::Body),
    }
}
