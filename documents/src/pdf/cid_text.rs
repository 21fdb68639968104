use hayro_interpret::hayro_cmap::{BfString, CMap, CMapName, load_embedded};
use hayro_interpret::hayro_syntax::Pdf;
use hayro_interpret::hayro_syntax::object::{Array, Dict, Name, Object, String as PdfString};

/// What the codes of Chinese, Japanese and Korean fonts stand for where they do not say so themselves, by the tables that Adobe publishes for
/// its character collections.
pub(super) struct CidText {
    /// From codes to the numbers of the collection; `None` when the codes are the numbers.
    numbers: Option<CMap>,
    text: CMap,
}

impl CidText {
    /// Of the fonts that do not say it, if all are of one collection and encoding: a glyph does not tell its font.
    pub(super) fn of(pdf: &Pdf) -> Option<CidText> {
        let mut found: Option<(Vec<u8>, Vec<u8>, Vec<u8>)> = None;
        for object in pdf.objects() {
            let Object::Dict(font) = object else { continue };
            let is_silent = font
                .get::<Name<'_>>(b"Subtype")
                .is_some_and(|subtype| &*subtype == b"Type0")
                && !font.contains_key(b"ToUnicode");
            if !is_silent {
                continue;
            }
            let encoding = font.get::<Name<'_>>(b"Encoding")?;
            let descendant = font.get::<Array<'_>>(b"DescendantFonts")?.iter::<Dict<'_>>().next()?;
            let system = descendant.get::<Dict<'_>>(b"CIDSystemInfo")?;
            let (registry, ordering) = (
                system.get::<PdfString<'_>>(b"Registry")?,
                system.get::<PdfString<'_>>(b"Ordering")?,
            );
            let this = (
                encoding.to_vec(),
                registry.as_bytes().to_vec(),
                ordering.as_bytes().to_vec(),
            );
            if *found.get_or_insert_with(|| this.clone()) != this {
                return None;
            }
        }
        let (encoding, registry, ordering) = found?;
        let text = match (registry.as_slice(), ordering.as_slice()) {
            (b"Adobe", b"Japan1") => CMapName::AdobeJapan1Ucs2,
            (b"Adobe", b"GB1") => CMapName::AdobeGb1Ucs2,
            (b"Adobe", b"CNS1") => CMapName::AdobeCns1Ucs2,
            (b"Adobe", b"Korea1") => CMapName::AdobeKorea1Ucs2,
            _ => return None,
        };
        let numbers = match encoding.as_slice() {
            b"Identity-H" | b"Identity-V" => None,
            name => Some(table(CMapName::from_bytes(name))?),
        };
        Some(CidText {
            numbers,
            text: table(text)?,
        })
    }

    pub(super) fn text(&self, code: u32) -> Option<BfString> {
        let number = match &self.numbers {
            None => code,
            Some(numbers) => numbers
                .lookup_cid_code(code, 2)
                .or_else(|| numbers.lookup_cid_code(code, 1))?,
        };
        self.text.lookup_bf_string(number)
    }
}

fn table(name: CMapName<'_>) -> Option<CMap> {
    CMap::parse(load_embedded(name)?, load_embedded)
}
