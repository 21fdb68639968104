//! Reads JSON and JSON lines as text: members as `key: value` lines under the headings of their path, arrays of alike objects and
//! of arrays as tables, arrays of plain values as lists. Numbers and strings are kept as they are written; of a key given twice both values are kept.

mod render;
mod rows;
mod value;

use serde_json::Deserializer;
use serde_json::value::RawValue;

use crate::outline::{Outline, title};
use crate::whitespace::one_line;
use crate::{ParseError, ParsedDocument};
use value::Value;

const FORMAT: &str = "JSON file";
/// Values nested deeper are refused.
const MAX_DEPTH: usize = 64;

pub(crate) fn parse(bytes: &[u8]) -> Result<ParsedDocument, ParseError> {
    let text = crate::parse::decode(bytes)?;
    let mut values = Vec::new();
    for raw in Deserializer::from_str(&text).into_iter::<&RawValue>() {
        let raw = raw.map_err(|error| damaged(&error))?;
        values.push(Value::read(raw.get(), MAX_DEPTH)?);
    }
    let mut outline = Outline::default();
    let named = match values.as_slice() {
        [one] => one.title(),
        _ => None,
    };
    render::append(values, &mut outline);
    let (_, blocks) = outline.finish()?;
    Ok(ParsedDocument {
        image: None,
        pictures: Vec::new(),
        title: named.and_then(|named| title(&named)),
        metadata: serde_json::Map::new(),
        blocks,
    })
}

fn damaged(error: &serde_json::Error) -> ParseError {
    // The error ends with "at line 3 column 7".
    ParseError::Damaged {
        format: FORMAT,
        reason: crate::whitespace::truncate(&one_line(&error.to_string()), 200).to_owned(),
    }
}

fn too_deep() -> ParseError {
    ParseError::TooComplex {
        reason: "values of the JSON file are nested more than 64 deep",
    }
}

#[cfg(test)]
mod tests;
