use crate::{Problem, ProblemCode};
use uuid::Uuid;

/// Where the next page starts. Clients hand it back unread.
pub(crate) trait Cursor: Sized {
    fn to_cursor(&self) -> String;
    fn from_cursor(text: &str) -> Option<Self>;

    /// # Errors
    /// [`ProblemCode::InvalidCursor`].
    fn parse(text: &str) -> Result<Self, Problem> {
        Self::from_cursor(text).ok_or_else(invalid_cursor)
    }
}

pub(super) fn invalid_cursor() -> Problem {
    Problem::new(
        ProblemCode::InvalidCursor,
        "The cursor is none that this list returned. Start without one.",
    )
}

impl Cursor for Uuid {
    fn to_cursor(&self) -> String {
        self.simple().to_string()
    }

    fn from_cursor(text: &str) -> Option<Self> {
        (text.len() == 32).then(|| Self::try_parse(text).ok())?
    }
}

/// A text that rows are ordered by, in hexadecimal.
impl Cursor for String {
    fn to_cursor(&self) -> String {
        self.bytes().map(|byte| format!("{byte:02x}")).collect()
    }

    fn from_cursor(text: &str) -> Option<Self> {
        let digits = text.as_bytes();
        if !digits.len().is_multiple_of(2) || !digits.iter().all(u8::is_ascii_hexdigit) {
            return None;
        }
        let bytes = digits
            .chunks(2)
            .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok());
        let text = Self::from_utf8(bytes.collect::<Option<Vec<u8>>>()?).ok()?;
        (!text.contains('\0')).then_some(text)
    }
}

/// The ordinal of the first chunk of the page.
impl Cursor for i32 {
    fn to_cursor(&self) -> String {
        format!("{self:08x}")
    }

    fn from_cursor(text: &str) -> Option<Self> {
        let hex = text.len() == 8 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        hex.then(|| Self::from_str_radix(text, 16).ok())?
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn a_cursor_comes_back_as_it_went() {
        let id = Uuid::now_v7();
        assert_eq!(Uuid::parse(&id.to_cursor()).unwrap(), id);
        assert_eq!(<i32 as Cursor>::parse(&4711.to_cursor()).unwrap(), 4711);
    }

    #[test]
    fn what_no_list_returned_is_no_cursor() {
        for text in [
            "",
            "x",
            "ffffffff",
            "-0000001",
            "+0000001",
            "00000000-0000-7000-8000-000000000000",
            "\0",
        ] {
            assert!(<i32 as Cursor>::parse(text).is_err(), "{text:?}");
            assert_eq!(
                <Uuid as Cursor>::parse(text).unwrap_err().code(),
                ProblemCode::InvalidCursor,
                "{text:?}"
            );
        }
    }
}
