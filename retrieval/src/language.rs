use serde::{Deserialize, Serialize};
use tantivy::tokenizer::Language as Snowball;

/// The language whose stop words and stemming the keyword leg uses, named by its ISO 639-1 code.
///
/// Chinese, Japanese, Korean, Thai, Lao, Khmer and Burmese text is searched by pairs of characters inside any language.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(from = "String", into = "&'static str")]
pub enum Language {
    Arabic,
    Danish,
    Dutch,
    #[default]
    English,
    Finnish,
    French,
    German,
    Greek,
    Hungarian,
    Italian,
    Norwegian,
    Portuguese,
    Romanian,
    Russian,
    Spanish,
    Swedish,
    Tamil,
    Turkish,
    /// Each document by the rules of the language it is found to be written in, each query by those of all of them.
    Auto,
    /// Lower case and folded accents, without stop words and stemming: for every other language.
    Simple,
}

impl Language {
    /// Reads a code such as `en`, `pt-BR` or `de_AT`; `auto` is [`Language::Auto`], a code without rules of its own [`Language::Simple`].
    pub fn from_code(code: &str) -> Self {
        let primary = code
            .split(['-', '_'])
            .next()
            .unwrap_or_default()
            .trim()
            .to_ascii_lowercase();
        match primary.as_str() {
            "ar" => Self::Arabic,
            "da" => Self::Danish,
            "nl" => Self::Dutch,
            "en" => Self::English,
            "fi" => Self::Finnish,
            "fr" => Self::French,
            "de" => Self::German,
            "el" => Self::Greek,
            "hu" => Self::Hungarian,
            "it" => Self::Italian,
            "no" | "nb" | "nn" => Self::Norwegian,
            "pt" => Self::Portuguese,
            "ro" => Self::Romanian,
            "ru" => Self::Russian,
            "es" => Self::Spanish,
            "sv" => Self::Swedish,
            "ta" => Self::Tamil,
            "tr" => Self::Turkish,
            "auto" => Self::Auto,
            _ => Self::Simple,
        }
    }

    /// The ISO 639-1 code, or `und` (undetermined, ISO 639-2) for [`Language::Simple`].
    pub fn code(self) -> &'static str {
        match self {
            Self::Arabic => "ar",
            Self::Danish => "da",
            Self::Dutch => "nl",
            Self::English => "en",
            Self::Finnish => "fi",
            Self::French => "fr",
            Self::German => "de",
            Self::Greek => "el",
            Self::Hungarian => "hu",
            Self::Italian => "it",
            Self::Norwegian => "no",
            Self::Portuguese => "pt",
            Self::Romanian => "ro",
            Self::Russian => "ru",
            Self::Spanish => "es",
            Self::Swedish => "sv",
            Self::Tamil => "ta",
            Self::Turkish => "tr",
            Self::Auto => "auto",
            Self::Simple => "und",
        }
    }

    pub(crate) fn snowball(self) -> Option<Snowball> {
        Some(match self {
            Self::Arabic => Snowball::Arabic,
            Self::Danish => Snowball::Danish,
            Self::Dutch => Snowball::Dutch,
            Self::English => Snowball::English,
            Self::Finnish => Snowball::Finnish,
            Self::French => Snowball::French,
            Self::German => Snowball::German,
            Self::Greek => Snowball::Greek,
            Self::Hungarian => Snowball::Hungarian,
            Self::Italian => Snowball::Italian,
            Self::Norwegian => Snowball::Norwegian,
            Self::Portuguese => Snowball::Portuguese,
            Self::Romanian => Snowball::Romanian,
            Self::Russian => Snowball::Russian,
            Self::Spanish => Snowball::Spanish,
            Self::Swedish => Snowball::Swedish,
            Self::Tamil => Snowball::Tamil,
            Self::Turkish => Snowball::Turkish,
            Self::Auto | Self::Simple => return None,
        })
    }

    /// Whether compounds are written as one word: `Grundschulunterricht`.
    pub(crate) fn joins_words(self) -> bool {
        use Language::{Danish, Dutch, Finnish, German, Norwegian, Swedish};
        matches!(self, Danish | Dutch | Finnish | German | Norwegian | Swedish)
    }

    /// Whether people write the language's letters without their marks and mean the same word. In the languages left
    /// out a marked letter is a letter of its own (Swedish `å`, Turkish `ı`, Hungarian `ő`).
    pub(crate) fn folds_accents(self) -> bool {
        !matches!(
            self,
            Self::Danish | Self::Finnish | Self::Hungarian | Self::Norwegian | Self::Swedish | Self::Turkish
        )
    }
}

impl From<String> for Language {
    fn from(code: String) -> Self {
        Self::from_code(&code)
    }
}

impl From<Language> for &'static str {
    fn from(language: Language) -> Self {
        language.code()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_read_with_regions_and_unknown_ones_are_simple() {
        assert_eq!(Language::from_code("pt-BR"), Language::Portuguese);
        assert_eq!(Language::from_code("DE_at"), Language::German);
        assert_eq!(Language::from_code("ja"), Language::Simple);
        assert_eq!(Language::from_code(Language::Auto.code()), Language::Auto);
        assert_eq!(Language::from_code(""), Language::Simple);
        assert_eq!(Language::from_code(Language::Norwegian.code()), Language::Norwegian);
    }
}
