use std::collections::HashMap;

use encoding_rs::{BIG5, EUC_KR, Encoding, GBK, IBM866, MACINTOSH, SHIFT_JIS, UTF_8, WINDOWS_1252, X_MAC_CYRILLIC};

/// Beyond ASCII, of the first PCs.
const CP437: &str = "ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒáíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u{a0}";
/// The same for Western Europe.
const CP850: &str = "ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜø£Ø×ƒáíóúñÑªº¿®¬½¼¡«»░▒▓│┤ÁÂÀ©╣║╗╝¢¥┐└┴┬├─┼ãÃ╚╔╩╦╠═╬¤ðÐÊËÈıÍÎÏ┘┌█▄¦Ì▀ÓßÔÒõÕµþÞÚÛÙýÝ¯´\u{ad}±‗¾¶§÷¸°¨·¹³²■\u{a0}";
/// The font Symbol, from the space on (Adobe's encoding).
const SYMBOL_LOW: &str =
    " !∀#∃%&∋()∗+,−./0123456789:;<=>?≅ΑΒΧΔΕΦΓΗΙϑΚΛΜΝΟΠΘΡΣΤΥςΩΞΨΖ[∴]⊥_‾αβχδεφγηιϕκλμνοπθρστυϖωξψζ{|}∼";
/// From 0xA0 on; what follows are pieces of brackets.
const SYMBOL_HIGH: &str = "€ϒ′≤⁄∞ƒ♣♦♥♠↔←↑→↓°±″≥×∝∂•÷≠≡≈…|—↵ℵℑℜ℘⊗⊕∅∩∪⊃⊇⊄⊂⊆∈∉∠∇®©™∏√⋅¬∧∨⇔⇐⇑⇒⇓◊〈®©™∑";
/// Fonts of pictures; no letter of theirs is one.
const PICTURES: [&str; 5] = ["webdings", "zapf", "marlett", "mt extra", "monotype sorts"];
const MAX_NAME_BYTES: usize = 100;

/// What bytes of a text stand for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Charset {
    /// What the document says for all its fonts.
    OfDocument,
    Encoded(&'static Encoding),
    /// ASCII, and these characters beyond.
    Dos(&'static str),
    Symbol,
    Wingdings,
    /// A font of pictures that are not known.
    Pictures,
}

impl Charset {
    /// By the number of a Windows or DOS code page; Western European where it is not known.
    pub(super) fn of_code_page(number: i32) -> Charset {
        let labelled = |label: String| Encoding::for_label(label.as_bytes());
        let encoding = match number {
            437 => return Charset::Dos(CP437),
            850 | 858 => return Charset::Dos(CP850),
            866 => Some(IBM866),
            932 => Some(SHIFT_JIS),
            936 => Some(GBK),
            949 => Some(EUC_KR),
            950 => Some(BIG5),
            10_000 => Some(MACINTOSH),
            10_007 => Some(X_MAC_CYRILLIC),
            65_001 => Some(UTF_8),
            874 | 1250..=1258 => labelled(format!("windows-{number}")),
            28_591..=28_605 => labelled(format!("iso-8859-{}", number - 28_590)),
            20_866 => labelled("koi8-r".to_owned()),
            21_866 => labelled("koi8-u".to_owned()),
            _ => None,
        };
        Charset::Encoded(encoding.unwrap_or(WINDOWS_1252))
    }

    /// By the number of a font's character set (`\fcharset`).
    fn of_font(number: i32) -> Charset {
        Charset::of_code_page(match number {
            0 => 1252,
            77 => 10_000,
            78 | 128 => 932,
            79 | 129 => 949,
            80 | 134 => 936,
            81 | 136 => 950,
            161 => 1253,
            162 => 1254,
            163 => 1258,
            177 => 1255,
            178 => 1256,
            186 => 1257,
            204 => 1251,
            222 => 874,
            238 => 1250,
            254 => 437,
            255 => 850,
            _ => return Charset::OfDocument,
        })
    }

    /// Whether each byte is one character.
    pub(super) fn is_single_byte(self) -> bool {
        match self {
            Charset::Encoded(encoding) => encoding.is_single_byte(),
            _ => true,
        }
    }

    /// The text of bytes; `Charset::OfDocument` is Western European here.
    pub(super) fn decode(self, bytes: &[u8]) -> String {
        match self {
            Charset::OfDocument => WINDOWS_1252.decode_without_bom_handling(bytes).0.into_owned(),
            Charset::Encoded(encoding) => encoding.decode_without_bom_handling(bytes).0.into_owned(),
            Charset::Dos(upper) => bytes.iter().filter_map(|byte| dos(upper, *byte)).collect(),
            _ => bytes.iter().filter_map(|byte| self.symbol(*byte)).collect(),
        }
    }

    /// A character of a font of symbols; only the usual ones of Wingdings are known.
    pub(super) fn symbol(self, byte: u8) -> Option<char> {
        let at = usize::from(byte);
        match self {
            Charset::Symbol if byte >= 0xa0 => SYMBOL_HIGH.chars().nth(at - 0xa0),
            Charset::Symbol if byte >= 0x20 => SYMBOL_LOW.chars().nth(at - 0x20),
            Charset::Wingdings => match byte {
                0xfc => Some('✓'),
                0xfb => Some('✗'),
                0xfe | 0x52 => Some('☑'),
                0xfd | 0x54 => Some('☒'),
                0xa8 | 0x6f | 0xa3 => Some('☐'),
                0xe0 | 0xf0 => Some('→'),
                b' ' => Some(' '),
                _ => None,
            },
            _ => None,
        }
    }

    /// Whether it is a font of symbols.
    pub(super) fn has_symbols(self) -> bool {
        matches!(self, Charset::Symbol | Charset::Wingdings | Charset::Pictures)
    }
}

fn dos(upper: &str, byte: u8) -> Option<char> {
    match byte.checked_sub(0x80) {
        None => Some(char::from(byte)),
        Some(at) => upper.chars().nth(usize::from(at)),
    }
}

/// The fonts of a document and the character sets of their texts.
#[derive(Debug, Default)]
pub(super) struct Fonts {
    charsets: HashMap<i32, Charset>,
    /// The entry being read: its number, what it says of its character set, its name.
    number: Option<i32>,
    said: Option<i32>,
    code_page: Option<i32>,
    name: String,
}

impl Fonts {
    /// A control word in the table of fonts.
    pub(super) fn word(&mut self, word: &str, number: Option<i32>) {
        match word {
            "f" => {
                self.end_entry();
                self.number = number;
            }
            "fcharset" => self.said = number,
            "cpg" => self.code_page = number,
            _ => {}
        }
    }

    /// Text in the table: names, each with a semicolon behind it.
    pub(super) fn text(&mut self, text: &[u8]) {
        for byte in text {
            match byte {
                b';' => self.end_entry(),
                byte if byte.is_ascii() && self.name.len() < MAX_NAME_BYTES => self.name.push(char::from(*byte)),
                _ => {}
            }
        }
    }

    fn end_entry(&mut self) {
        let name = std::mem::take(&mut self.name).trim().to_ascii_lowercase();
        let (said, code_page) = (self.said.take(), self.code_page.take());
        let Some(number) = self.number.take() else { return };
        let charset = match (said, code_page) {
            (_, Some(page)) if page > 0 && page != 42 => Charset::of_code_page(page),
            (Some(2), _) => symbols(&name),
            (Some(said), _) => Charset::of_font(said),
            (None, _) if name == "symbol" => Charset::Symbol,
            (None, _) => Charset::OfDocument,
        };
        self.charsets.insert(number, charset);
    }

    /// The character set of a font.
    pub(super) fn charset(&self, number: Option<i32>) -> Charset {
        let known = number.and_then(|number| self.charsets.get(&number));
        known.copied().unwrap_or(Charset::OfDocument)
    }
}

/// A font that is said to have symbols; programs say so of fonts that have letters as well.
fn symbols(name: &str) -> Charset {
    match name {
        name if name.starts_with("symbol") => Charset::Symbol,
        name if name.starts_with("wingdings") => Charset::Wingdings,
        name if PICTURES.iter().any(|font| name.starts_with(font)) => Charset::Pictures,
        _ => Charset::OfDocument,
    }
}

#[cfg(test)]
mod tests {
    use super::{CP437, CP850, Charset, Fonts, SYMBOL_HIGH, SYMBOL_LOW};

    #[test]
    fn tables_are_as_long_as_what_they_are_of() {
        assert_eq!((CP437.chars().count(), CP850.chars().count()), (128, 128));
        assert_eq!((SYMBOL_LOW.chars().count(), SYMBOL_HIGH.chars().count()), (95, 70));
        assert_eq!(Charset::Symbol.decode(b"a\xb3b \xe5"), "α≥β ∑");
        assert_eq!(Charset::of_code_page(437).decode(b"\x84\xe1 x"), "äß x");
    }

    #[test]
    fn a_fonts_own_code_page_counts_more_than_its_character_set() {
        let mut fonts = Fonts::default();
        for (words, name) in [
            ([("f", 1), ("fcharset", 204)].as_slice(), "Arial;"),
            (&[("f", 2), ("fcharset", 204), ("cpg", 1253)], "Arial;"),
            (&[("f", 3), ("fcharset", 2)], "Symbol;"),
            (&[("f", 4), ("fcharset", 2)], "Our Letters;"),
        ] {
            for (word, number) in words {
                fonts.word(word, Some(*number));
            }
            fonts.text(name.as_bytes());
        }
        let decode = |font| fonts.charset(Some(font)).decode(b"\xe1");
        assert_eq!([1, 2, 4, 9].map(decode), ["б", "α", "á", "á"]);
        assert_eq!(fonts.charset(Some(3)), Charset::Symbol);
    }
}
