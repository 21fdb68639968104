use std::collections::HashMap;

use roxmltree::Node;

use super::numbering::NumberingRef;
use crate::package::{attribute, child, child_named, find, is_on, value};

/// Styles are based on each other; a longer chain is a circle.
const MAX_CHAIN: usize = 20;

/// What a paragraph of a style is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    Body,
    Title,
    /// Level 1 to 9.
    Heading(u8),
    Quote,
    Code,
    /// A line of a table of contents, which repeats the headings.
    Contents,
}

#[derive(Debug, Default)]
struct Style {
    /// As the writer's language has it, in lower case.
    name: String,
    based_on: Option<String>,
    outline_level: Option<u8>,
    numbering: NumberingRef,
    hidden: bool,
}

/// The styles of paragraphs and runs, by id.
#[derive(Debug, Default)]
pub(super) struct Styles {
    by_id: HashMap<String, Style>,
    default_paragraph: Option<String>,
    /// What the document says its language is, such as `de-DE`.
    pub(super) language: Option<String>,
}

impl Styles {
    pub(super) fn read(root: Node<'_, '_>) -> Styles {
        let language = find(root, &["docDefaults", "rPrDefault", "rPr"]).and_then(|run| value(run, "lang"));
        let mut styles = Styles {
            language: language.map(str::to_owned),
            ..Styles::default()
        };
        for node in child_named(root, "style") {
            let Some(id) = attribute(node, "styleId") else { continue };
            let paragraph = child(node, "pPr");
            let style = Style {
                name: value(node, "name").unwrap_or(id).trim().to_lowercase(),
                based_on: value(node, "basedOn").map(str::to_owned),
                outline_level: paragraph.and_then(outline_level),
                numbering: paragraph.map(NumberingRef::read).unwrap_or_default(),
                hidden: child(node, "rPr").is_some_and(|run| is_on(run, "vanish")),
            };
            let is_default = matches!(attribute(node, "default"), Some("1" | "true"));
            if is_default && attribute(node, "type") == Some("paragraph") {
                styles.default_paragraph = Some(id.to_owned());
            }
            styles.by_id.insert(id.to_owned(), style);
        }
        styles
    }

    /// The nearest style of the chain that says what it is decides.
    pub(super) fn role(&self, id: Option<&str>) -> Role {
        let Some(id) = id.or(self.default_paragraph.as_deref()) else {
            return Role::Body;
        };
        if !self.by_id.contains_key(id) {
            return role_of_name(&id.to_lowercase()).unwrap_or(Role::Body);
        }
        for style in self.chain(id) {
            let named = role_of_name(&style.name);
            match (style.outline_level, named) {
                (_, Some(role @ (Role::Title | Role::Contents | Role::Quote | Role::Code))) => return role,
                (Some(level), _) => return role_of_level(level),
                (None, Some(role)) => return role,
                (None, None) => {}
            }
        }
        Role::Body
    }

    /// The list that paragraphs of a style belong to, and the style that says so.
    pub(super) fn numbering<'s>(&'s self, id: Option<&'s str>) -> Option<(&'s NumberingRef, &'s str)> {
        let mut id = id.or(self.default_paragraph.as_deref())?;
        for _ in 0..MAX_CHAIN {
            let style = self.by_id.get(id)?;
            if style.numbering.id.is_some() {
                return Some((&style.numbering, id));
            }
            id = style.based_on.as_deref()?;
        }
        None
    }

    /// How deep a bulleted style nests that names no list, as `List Bullet 2`.
    pub(super) fn bullet_depth(&self, id: Option<&str>) -> Option<usize> {
        let id = id?;
        let name = self
            .by_id
            .get(id)
            .map_or(id, |style| style.name.as_str())
            .to_lowercase();
        let level = name.replace(' ', "").strip_prefix("listbullet")?.to_owned();
        Some(level.parse::<usize>().unwrap_or(1).saturating_sub(1))
    }

    pub(super) fn is_hidden(&self, id: &str) -> bool {
        self.chain(id).any(|style| style.hidden)
    }

    fn chain<'s>(&'s self, id: &str) -> impl Iterator<Item = &'s Style> {
        let based_on = |style: &&'s Style| self.by_id.get(style.based_on.as_deref()?);
        std::iter::successors(self.by_id.get(id), based_on).take(MAX_CHAIN)
    }
}

/// `w:outlineLvl` of paragraph properties: 0 to 8 are headings, 9 is text.
pub(super) fn outline_level(properties: Node<'_, '_>) -> Option<u8> {
    value(properties, "outlineLvl")?.parse().ok()
}

pub(super) fn role_of_level(level: u8) -> Role {
    if level < 9 {
        Role::Heading(level + 1)
    } else {
        Role::Body
    }
}

/// Word writes English names whatever language it speaks; other programs write what they show.
pub(crate) fn role_of_name(name: &str) -> Option<Role> {
    let base = name.trim_end_matches(|c: char| c.is_ascii_digit());
    let number: Option<u8> = name.get(base.len()..).and_then(|digits| digits.parse().ok());
    match (base.trim_end().trim_end_matches('_'), number) {
        (
            "heading" | "überschrift" | "berschrift" | "titre" | "título" | "titulo" | "titolo" | "kop" | "rubrik"
            | "overskrift" | "nagłówek" | "nagwek" | "заголовок" | "otsikko" | "nadpis" | "başlık" | "címsor"
            | "見出し" | "标题" | "標題" | "제목",
            Some(level @ 1..=9),
        ) => Some(Role::Heading(level)),
        (
            "title" | "titel" | "titre" | "título" | "titolo" | "tytuł" | "название" | "表題" | "标题" | "標題"
            | "제목",
            None,
        ) => Some(Role::Title),
        ("toc", Some(_)) | ("toc heading" | "contents heading" | "tocheading", None) => Some(Role::Contents),
        (
            "quote" | "intense quote" | "intensequote" | "block text" | "block quote" | "quotations" | "zitat"
            | "citation",
            None,
        ) => Some(Role::Quote),
        (other, _) => {
            let is_code = |word: &str| matches!(word, "code" | "sourcecode" | "preformatted" | "htmlpreformatted");
            let mut words = other.split(|c: char| !c.is_alphanumeric());
            (words.any(is_code) || other == "macro text").then_some(Role::Code)
        }
    }
}
