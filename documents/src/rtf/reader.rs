use super::about::About;
use super::charset::{Charset, Fonts};
use super::fields::Field;
use super::state::{Ends, State};
use super::story::Story;
use super::styles::Styles;
use super::table::{Budget, Row};
use super::tokens::{Token, Tokens};
use super::words::{Destination, Place, about, character, destination};
use crate::ParseError;
use crate::docx::Role;
use crate::outline::Outline;
use crate::package::Properties;

/// Groups nest no deeper in a real document.
const MAX_DEPTH: usize = 1_000;
/// Notes and text boxes within each other; those nested deeper are read as part of what they stand in.
const MAX_STORIES: usize = 5;

/// What was read of a document.
pub(super) struct Read {
    pub(super) outline: Outline,
    pub(super) title: Option<String>,
    pub(super) properties: Properties,
    /// How often something in its text could not be read.
    pub(super) replaced: usize,
}

/// Follows the groups of a document, and what holds in each.
pub(super) struct Reader {
    state: State,
    /// Of the groups around.
    outer: Vec<State>,
    /// Nothing was in the group yet.
    is_opening: bool,
    /// The group is one that may be left out.
    is_optional: bool,
    document: Charset,
    first_font: Option<i32>,
    fonts: Fonts,
    styles: Styles,
    about: About,
    /// Text that is not decoded yet.
    bytes: Vec<u8>,
    /// Characters that stand in for one that was read, and are to be passed over.
    passed: usize,
    /// The first half of a character of two.
    surrogate: Option<u16>,
    fields: Vec<Field>,
    story: Story,
    /// Those around the note or the text box being read.
    stories: Vec<Story>,
    row: Row,
    /// Of a table within a cell.
    nested_row: Row,
    /// Cells were told and their row has not ended: what is read is in them, whatever it says itself.
    row_is_open: bool,
    budget: Budget,
    replaced: usize,
}

impl Reader {
    pub(super) fn read(bytes: &[u8]) -> Result<Read, ParseError> {
        let mut reader = Reader {
            state: State::FIRST,
            outer: Vec::new(),
            is_opening: false,
            is_optional: false,
            document: Charset::of_code_page(1252),
            first_font: None,
            fonts: Fonts::default(),
            styles: Styles::default(),
            about: About::default(),
            bytes: Vec::new(),
            passed: 0,
            surrogate: None,
            fields: Vec::new(),
            story: Story::default(),
            stories: Vec::new(),
            row: Row::default(),
            nested_row: Row::default(),
            row_is_open: false,
            budget: Budget::default(),
            replaced: 0,
        };
        for token in Tokens::new(bytes) {
            reader.token(token)?;
            // What follows the document is none of it.
            if token == Token::Close && reader.outer.is_empty() {
                break;
            }
        }
        reader.flush();
        while !reader.outer.is_empty() {
            reader.close()?;
        }
        if reader.story.is_within_paragraph() {
            reader.end_paragraph()?;
        }
        Ok(Read {
            title: reader.story.title.take(),
            outline: reader.story.finish(&mut reader.budget)?,
            properties: reader.about.properties,
            replaced: reader.replaced,
        })
    }

    fn token(&mut self, token: Token<'_>) -> Result<(), ParseError> {
        let opens = std::mem::take(&mut self.is_opening);
        let is_optional = std::mem::take(&mut self.is_optional);
        match token {
            Token::Open => self.open()?,
            Token::Close => self.close()?,
            Token::Word(word, number) => self.word(word, number, opens, is_optional)?,
            Token::Byte(byte) => self.text(&[byte]),
            Token::Text(text) => self.text(text),
            // The group may be left out by who does not know what it is for.
            Token::Symbol(b'*') if opens => (self.is_opening, self.is_optional) = (true, true),
            Token::Symbol(symbol) => self.symbol(symbol),
        }
        Ok(())
    }

    fn open(&mut self) -> Result<(), ParseError> {
        self.flush();
        self.passed = 0;
        if self.outer.len() >= MAX_DEPTH {
            return Err(ParseError::TooComplex {
                reason: "its groups are nested more than 1,000 deep",
            });
        }
        self.outer.push(self.state);
        // The entry of a style may have groups in it.
        let begins_style = self.state.place == Place::Styles && self.state.ends != Ends::Style;
        self.state.ends = Ends::Nothing;
        self.is_opening = true;
        if begins_style {
            self.styles.begin_entry();
            self.state.ends = Ends::Style;
        }
        Ok(())
    }

    fn close(&mut self) -> Result<(), ParseError> {
        self.flush();
        self.passed = 0;
        match self.state.ends {
            Ends::Nothing => {}
            Ends::Story { is_note } => self.end_story(is_note)?,
            Ends::Field => self.end_field(),
            Ends::Property(name) => self.about.end_entry(name),
            Ends::Date(name) => self.about.end_date(name),
            Ends::Style => self.styles.end_entry(),
        }
        if let Some(outer) = self.outer.pop() {
            self.state = outer;
        }
        Ok(())
    }

    /// Bytes of text, those first left out that stand in for a character that was read.
    fn text(&mut self, text: &[u8]) {
        let passed = self.passed.min(text.len());
        self.passed -= passed;
        let text = text.get(passed..).unwrap_or_default();
        match self.state.place {
            Place::Nowhere => {}
            Place::Fonts => self.fonts.text(text),
            _ => match std::str::from_utf8(text) {
                // What programs write that do not know better.
                Ok(utf8) if !text.is_ascii() && self.charset().is_single_byte() => {
                    self.flush();
                    self.put(utf8);
                }
                _ => self.bytes.extend_from_slice(text),
            },
        }
    }

    fn symbol(&mut self, symbol: u8) {
        match symbol {
            // Either may be the second byte of a character.
            b'\\' | b'{' | b'}' => self.text(&[symbol]),
            _ if self.passed > 0 => self.passed -= 1,
            b'~' => self.put_character("\u{a0}"),
            b'_' => self.put_character("-"),
            // Where a word may be parted, marks of an index, and what nobody knows.
            _ => {}
        }
    }

    fn charset(&self) -> Charset {
        match self.fonts.charset(self.state.font.or(self.first_font)) {
            Charset::OfDocument => self.document,
            known => known,
        }
    }

    /// Decodes what was read.
    fn flush(&mut self) {
        if self.bytes.is_empty() {
            return;
        }
        let bytes = std::mem::take(&mut self.bytes);
        let charset = self.charset();
        // Whatever a font of pictures shows before an item, it is no number.
        let text = match charset.has_symbols() && self.state.place == Place::Marker {
            true => "•".to_owned(),
            false => charset.decode(&bytes),
        };
        self.put(&text);
    }

    fn put_character(&mut self, text: &str) {
        self.flush();
        self.put(text);
    }

    fn put(&mut self, text: &str) {
        let state = &self.state;
        match state.place {
            Place::Body if !state.hidden && !state.deleted => {
                self.replaced += text.matches(char::REPLACEMENT_CHARACTER).count();
                self.story.push(text, state.raised, state.bold);
            }
            Place::Styles => self.styles.text(text),
            Place::About(_) => self.about.push(text),
            Place::Instruction => {
                if let Some(field) = self.fields.last_mut() {
                    field.push(text);
                }
            }
            Place::Marker => self.story.push_marker(text),
            _ => {}
        }
    }

    /// `\u`: a number of 16 bits with a sign, or a whole one.
    fn unicode(&mut self, number: i32) {
        self.flush();
        self.passed = self.state.fallback;
        let code = if number < 0 {
            number.wrapping_add(0x1_0000)
        } else {
            number
        };
        let code = u32::try_from(code).unwrap_or(u32::MAX);
        let first = self.surrogate.take();
        let character = match (u16::try_from(code), first) {
            (Ok(unit @ 0xd800..=0xdbff), _) => {
                self.surrogate = Some(unit);
                return;
            }
            (Ok(unit @ 0xdc00..=0xdfff), Some(first)) => char::decode_utf16([first, unit]).next().and_then(Result::ok),
            // Characters of fonts of symbols, as Windows numbers them.
            (Ok(0xe000..=0xf8ff), _) => match (self.state.place, self.charset()) {
                (Place::Marker, _) => Some('•'),
                (_, charset) if charset.has_symbols() => charset.symbol(code.to_le_bytes()[0]),
                _ => None,
            },
            _ => Some(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER)),
        };
        if let Some(character) = character {
            self.put(character.encode_utf8(&mut [0; 4]));
        }
    }

    fn word(&mut self, word: &str, number: Option<i32>, opens: bool, is_optional: bool) -> Result<(), ParseError> {
        if let Some(text) = character(word) {
            match self.passed {
                0 => self.put_character(text),
                _ => self.passed -= 1,
            }
            return Ok(());
        }
        self.passed = 0;
        self.flush();
        // Only what is in a group of its own is set apart.
        let found = match self.state.place {
            Place::About(_) => about(word),
            _ => destination(word),
        };
        match found.filter(|_| self.outer.len() > 1) {
            Some(destination) => {
                self.go_to(destination, opens);
                return Ok(());
            }
            None if is_optional => self.go_nowhere(),
            None => {}
        }
        match self.state.place {
            Place::Fonts => self.fonts.word(word, number),
            Place::Styles => self.styles.word(word, number),
            Place::About(_) => self.about.date_part(word, number.unwrap_or(0)),
            _ => {}
        }
        self.state.word(word, number);
        match word {
            "u" => self.unicode(number.unwrap_or(0)),
            _ if self.state.place == Place::Body => return self.body_word(word, number),
            _ => {}
        }
        Ok(())
    }

    /// Words that matter in the text only, or before it.
    fn body_word(&mut self, word: &str, number: Option<i32>) -> Result<(), ParseError> {
        match word {
            "ansicpg" => {
                if let Some(page) = number.filter(|page| *page > 0) {
                    self.document = Charset::of_code_page(page);
                }
            }
            "mac" => self.document = Charset::of_code_page(10_000),
            "pc" => self.document = Charset::of_code_page(437),
            "pca" => self.document = Charset::of_code_page(850),
            "deff" => self.first_font = number,
            "par" | "sect" => self.end_paragraph()?,
            "cell" => {
                self.end_paragraph_in(1)?;
                self.story.end_cell(1, &mut self.budget)?;
            }
            "nestcell" => {
                let nesting = self.nesting().max(2);
                self.end_paragraph_in(nesting)?;
                self.story.end_cell(nesting, &mut self.budget)?;
            }
            "row" => {
                self.row_is_open = false;
                self.story.end_row(1, &self.row, &mut self.budget)?;
            }
            "nestrow" => {
                let nesting = self.nesting().max(2);
                self.story.end_row(nesting, &self.nested_row, &mut self.budget)?;
            }
            "trowd" | "trleft" | "trhdr" | "clvmrg" | "clmrg" | "cellx" => {
                let row = if self.state.is_nested_row {
                    &mut self.nested_row
                } else {
                    &mut self.row
                };
                row.word(word, number);
                self.row_is_open |= !self.state.is_nested_row && row.has_cells();
            }
            _ => {}
        }
        Ok(())
    }

    fn go_to(&mut self, destination: Destination, opens: bool) {
        // Of what is not read nothing is; and a group is of one kind.
        let is_read = self.state.place != Place::Nowhere;
        let is_free = self.state.ends == Ends::Nothing;
        match destination {
            Destination::Alternative => self.state.place = self.state.around,
            Destination::To(Place::Nowhere) => self.go_nowhere(),
            _ if !is_read => {}
            Destination::To(place) => {
                if let Place::About(name) = place
                    && opens
                    && is_free
                    && !name.is_empty()
                {
                    self.about.begin_entry();
                    self.state.ends = Ends::Property(name);
                }
                (self.state.place, self.state.around) = (place, place);
            }
            Destination::Alternatives => {
                self.state.around = self.state.place;
                self.state.place = Place::Nowhere;
            }
            Destination::NestedRow => self.state.is_nested_row = true,
            Destination::FieldResult => {
                let (paragraph, start) = (self.story.paragraphs, self.story.text.len());
                if let Some(field) = self.fields.last_mut() {
                    field.begin_result(paragraph, start);
                }
            }
            _ if !is_free => {}
            Destination::Date(name) => {
                self.about.begin_entry();
                self.state.ends = Ends::Date(name);
            }
            Destination::Field => {
                self.fields.push(Field::default());
                self.state.ends = Ends::Field;
            }
            Destination::Note | Destination::TextBox => self.begin_story(destination == Destination::Note),
        }
    }

    fn go_nowhere(&mut self) {
        (self.state.place, self.state.around) = (Place::Nowhere, Place::Nowhere);
    }

    fn begin_story(&mut self, is_note: bool) {
        if self.stories.len() < MAX_STORIES {
            let inner = if is_note { Story::of_note() } else { Story::default() };
            self.stories.push(std::mem::replace(&mut self.story, inner));
            self.state.ends = Ends::Story { is_note };
            (self.state.in_table, self.state.nesting, self.state.raised) = (false, 0, false);
        }
    }

    fn end_story(&mut self, is_note: bool) -> Result<(), ParseError> {
        if self.story.is_within_paragraph() {
            self.end_paragraph()?;
        }
        let Some(outer) = self.stories.pop() else { return Ok(()) };
        let mut inner = std::mem::replace(&mut self.story, outer);
        let title = inner.title.take();
        let (_, blocks) = inner.finish(&mut self.budget)?.finish()?;
        match is_note {
            true => self.story.add_note(&blocks),
            false => {
                self.story.title = self.story.title.take().or(title);
                self.story.add_box(blocks);
            }
        }
        Ok(())
    }

    fn end_field(&mut self) {
        let Some(field) = self.fields.pop() else { return };
        // The address of a link in a heading is left out.
        if matches!(self.state.role(&mut self.styles), Role::Heading(_) | Role::Title)
            || self.state.place != Place::Body
        {
            return;
        }
        if let Some(address) = field.address(self.story.paragraphs, &self.story.text) {
            self.put(&address);
        }
    }

    /// How many tables what is read is in.
    fn nesting(&self) -> usize {
        let is_in_table = self.state.in_table || self.row_is_open && self.stories.is_empty();
        let said = usize::try_from(self.state.nesting).unwrap_or(0);
        said.max(usize::from(is_in_table))
    }

    fn end_paragraph(&mut self) -> Result<(), ParseError> {
        self.end_paragraph_in(self.nesting())
    }

    fn end_paragraph_in(&mut self, nesting: usize) -> Result<(), ParseError> {
        let paragraph = self.state.paragraph(&mut self.styles, nesting);
        self.story.end_paragraph(paragraph, &mut self.budget)
    }
}
