use tantivy::tokenizer::{Token, TokenFilter, TokenStream, Tokenizer};

use crate::language::Language;

/// Gives a word without accents the spelling that stands for all spellings of it: people leave accents out.
///
/// Stemmers know most endings by their accents (`-ción`), so they would take `cancelación` and `cancelacion` for two words. Here every accent is gone
/// already, and the endings that a stemmer must know get theirs back, whoever wrote them with one or without. (German's stemmer knows `ae` for `ä`.)
#[derive(Clone, Copy)]
pub(super) struct Respelling(pub(super) Language);

impl Respelling {
    /// Whether words of the language are stemmed by this spelling.
    pub(super) fn knows(language: Language) -> bool {
        use Language::{French, Portuguese, Spanish};
        matches!(language, French | Portuguese | Spanish)
    }

    fn respell(self, word: &mut String) {
        let endings: &[(&str, &str)] = match self.0 {
            Language::French => &FRENCH,
            Language::Portuguese => &PORTUGUESE,
            Language::Spanish => &SPANISH,
            _ => return,
        };
        if let Some((plain, accented)) = endings.iter().find(|(plain, _)| word.ends_with(plain)) {
            word.truncate(word.len() - plain.len());
            word.push_str(accented);
        }
    }
}

const FRENCH: [(&str, &str); 4] = [("ites", "ités"), ("ite", "ité"), ("ees", "ées"), ("ee", "ée")];

const PORTUGUESE: [(&str, &str); 12] = [
    ("coes", "ções"),
    ("cao", "ção"),
    ("arao", "arão"),
    ("erao", "erão"),
    ("irao", "irão"),
    ("aveis", "áveis"),
    ("avel", "ável"),
    ("iveis", "íveis"),
    ("ivel", "ível"),
    ("encias", "ências"),
    ("encia", "ência"),
    ("ancia", "ância"),
];

const SPANISH: [(&str, &str); 3] = [("cion", "ción"), ("logias", "logías"), ("logia", "logía")];

impl TokenFilter for Respelling {
    type Tokenizer<T: Tokenizer> = Respelled<T>;

    fn transform<T: Tokenizer>(self, tokenizer: T) -> Respelled<T> {
        Respelled {
            respelling: self,
            tokenizer,
        }
    }
}

#[derive(Clone)]
pub(super) struct Respelled<T> {
    respelling: Respelling,
    tokenizer: T,
}

impl<T: Tokenizer> Tokenizer for Respelled<T> {
    type TokenStream<'a> = RespelledStream<T::TokenStream<'a>>;

    fn token_stream<'a>(&'a mut self, text: &'a str) -> Self::TokenStream<'a> {
        RespelledStream {
            respelling: self.respelling,
            tokens: self.tokenizer.token_stream(text),
        }
    }
}

pub(super) struct RespelledStream<T> {
    respelling: Respelling,
    tokens: T,
}

impl<T: TokenStream> TokenStream for RespelledStream<T> {
    fn advance(&mut self) -> bool {
        let more = self.tokens.advance();
        if more {
            self.respelling.respell(&mut self.tokens.token_mut().text);
        }
        more
    }

    fn token(&self) -> &Token {
        self.tokens.token()
    }

    fn token_mut(&mut self) -> &mut Token {
        self.tokens.token_mut()
    }
}
