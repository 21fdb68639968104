#![doc = include_str!("../README.md")]

mod chunk;
mod code;
mod csv;
mod decode;
mod document;
mod docx;
mod drawing;
mod email;
mod error;
mod format;
mod front_matter;
mod html;
mod image;
mod json;
mod markdown;
mod mdx;
mod outline;
mod package;
mod parse;
mod pdf;
mod plain_text;
mod pptx;
mod sniff;
mod spreadsheet;
mod table;
mod tag;
mod whitespace;

pub use chunk::{Chunk, ChunkOptions, CountTokens, chunk, chunk_image, image_hash};
pub use document::{Block, BlockKind, ParsedDocument};
pub use error::ParseError;
pub use format::Format;
pub use image::Image;
pub use parse::{parse, parse_in, parse_recognised};
pub use pdf::{Picture, RecognisedPage, draw_page};
pub use sniff::Said;
