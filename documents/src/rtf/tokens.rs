/// What an RTF file is made of (Rich Text Format 1.9.1, "Conventions of an RTF reader").
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Token<'b> {
    /// `{`
    Open,
    /// `}`
    Close,
    /// A control word without its backslash, and its number: of `\fs24`, `fs` and 24.
    Word(&'b str, Option<i32>),
    /// What follows a backslash and is no letter.
    Symbol(u8),
    /// `\'e4`
    Byte(u8),
    /// Text as it stands, without line ends and NUL characters, which mean nothing.
    Text(&'b [u8]),
}

/// Reads the tokens of a file. What `\bin` counts is skipped.
pub(super) struct Tokens<'b> {
    rest: &'b [u8],
}

impl<'b> Tokens<'b> {
    pub(super) fn new(bytes: &'b [u8]) -> Tokens<'b> {
        Tokens { rest: bytes }
    }

    /// Takes bytes while they are of a kind.
    fn take(&mut self, is: impl Fn(u8) -> bool) -> &'b [u8] {
        let end = self.rest.iter().position(|byte| !is(*byte));
        let (taken, rest) = self.rest.split_at(end.unwrap_or(self.rest.len()));
        self.rest = rest;
        taken
    }

    fn eat(&mut self, byte: u8) -> bool {
        match self.rest.split_first() {
            Some((first, rest)) if *first == byte => {
                self.rest = rest;
                true
            }
            _ => false,
        }
    }

    /// What follows a backslash.
    fn control(&mut self) -> Option<Token<'b>> {
        let (&first, rest) = self.rest.split_first()?;
        if first.is_ascii_alphabetic() {
            return Some(self.word());
        }
        self.rest = rest;
        if first == b'\'' {
            let digit = |at: usize| Some(char::from(*rest.get(at)?).to_digit(16)?.to_le_bytes()[0]);
            if let (Some(high), Some(low)) = (digit(0), digit(1)) {
                self.rest = rest.get(2..).unwrap_or_default();
                return Some(Token::Byte(high << 4 | low));
            }
        }
        Some(match first {
            b'\r' | b'\n' => Token::Word("par", None),
            symbol => Token::Symbol(symbol),
        })
    }

    fn word(&mut self) -> Token<'b> {
        let name = self.take(|byte| byte.is_ascii_alphabetic());
        let is_negative = self.rest.first() == Some(&b'-') && self.rest.get(1).is_some_and(u8::is_ascii_digit);
        if is_negative {
            self.eat(b'-');
        }
        let digits = self.take(|byte| byte.is_ascii_digit());
        let add = |number: i32, digit: &u8| number.saturating_mul(10).saturating_add(i32::from(digit - b'0'));
        let number = (!digits.is_empty()).then(|| digits.iter().fold(0, add));
        let number = number.map(|number| if is_negative { -number } else { number });
        self.eat(b' ');
        let name = std::str::from_utf8(name).unwrap_or_default();
        if name == "bin" {
            let length = usize::try_from(number.unwrap_or(0)).unwrap_or(0);
            self.rest = self.rest.get(length..).unwrap_or_default();
        }
        Token::Word(name, number)
    }
}

impl<'b> Iterator for Tokens<'b> {
    type Item = Token<'b>;

    fn next(&mut self) -> Option<Token<'b>> {
        self.take(|byte| matches!(byte, b'\r' | b'\n' | 0));
        let (&first, rest) = self.rest.split_first()?;
        match first {
            b'{' | b'}' | b'\\' => self.rest = rest,
            _ => {
                let is_text = |byte| !matches!(byte, b'{' | b'}' | b'\\' | b'\r' | b'\n' | 0);
                return Some(Token::Text(self.take(is_text)));
            }
        }
        match first {
            b'{' => Some(Token::Open),
            b'}' => Some(Token::Close),
            _ => self.control(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Token, Tokens};

    fn tokens(text: &str) -> Vec<Token<'_>> {
        Tokens::new(text.as_bytes()).collect()
    }

    #[test]
    fn words_end_at_their_number_and_one_space() {
        let expected = [
            Token::Open,
            Token::Word("b", None),
            Token::Text(b" x"),
            Token::Word("fs", Some(-24)),
            Token::Text(b"-"),
            Token::Byte(0xe4),
            Token::Symbol(b'~'),
            Token::Symbol(b'{'),
            Token::Word("par", None),
            Token::Close,
        ];
        assert_eq!(tokens("{\\b  x\\fs-24-\\'E4\\~\\{\\\n}"), expected);
    }

    #[test]
    fn what_bin_counts_is_skipped_and_no_number_overflows() {
        let word = |name, number| Token::Word(name, Some(number));
        assert_eq!(tokens("\\bin3 }{\\x"), [word("bin", 3), Token::Text(b"x")]);
        assert_eq!(tokens("\\bin99999999999999 {x"), [word("bin", i32::MAX)]);
        assert_eq!(tokens("\\bin-5 x"), [word("bin", -5), Token::Text(b"x")]);
        assert_eq!(tokens("\\li-99999999999"), [word("li", -i32::MAX)]);
    }

    #[test]
    fn a_file_may_be_cut_off_anywhere() {
        let whole = "{\\rtf1\\ansi\\'e4\\~\\u-10 ?x}";
        for end in 0..whole.len() {
            assert!(tokens(whole.get(..end).unwrap_or_default()).len() <= 8);
        }
        assert_eq!(tokens("\\'e"), [Token::Symbol(b'\''), Token::Text(b"e")]);
        assert_eq!(tokens("\\"), []);
    }
}
