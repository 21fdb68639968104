use super::prefix::MAX_TITLE_BYTES;
use super::{Chunk, CountTokens};
use crate::Image;
use crate::whitespace::{one_line, truncate};
use sha2::{Digest, Sha256};

/// The one chunk of a picture: its words are the document's title, and its vector is made of both.
///
/// `bytes` are the picture's; `tokens` counts the words alone.
#[must_use]
pub fn chunk_image(image: Image, bytes: &[u8], title: &str, tokens: &dyn CountTokens) -> Chunk {
    let line = one_line(title);
    let words = truncate(&line, MAX_TITLE_BYTES).trim_end().to_owned();
    let embed_hash = image_hash(&words, bytes);
    Chunk {
        ordinal: 0,
        headings: Vec::new(),
        text: words.clone(),
        tokens: tokens.count_tokens(&words),
        embed_text: words,
        embed_hash,
        key: format!("{}-0", hex::encode(embed_hash)),
        image: Some(image),
    }
}

/// By what a picture beside these words is known when it has been embedded: another picture or other words have another hash, and so has every text.
#[must_use]
pub fn image_hash(words: &str, bytes: &[u8]) -> [u8; 32] {
    // No text begins with this byte, for none is UTF-8 that does.
    let mut hash = Sha256::new_with_prefix([0xff]);
    hash.update((words.len() as u64).to_le_bytes());
    hash.update(words);
    hash.update(bytes);
    hash.finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Format;

    #[test]
    fn the_picture_and_its_words_decide_by_what_it_is_known() {
        let image = Image {
            format: Format::Png,
            width: 2,
            height: 3,
        };
        let words = |text: &str| text.split_whitespace().count();
        let chunk = |bytes: &[u8], title: &str| chunk_image(image, bytes, title, &words);
        let lamp = chunk(b"one", " A\n lamp ");
        assert_eq!(
            (lamp.text.as_str(), lamp.embed_text.as_str(), lamp.tokens),
            ("A lamp", "A lamp", 2)
        );
        assert_eq!(lamp, chunk(b"one", "A lamp"));
        for other in [
            chunk(b"two", "A lamp"),
            chunk(b"one", "A tower"),
            chunk(b"pone", "A lam"),
        ] {
            assert!(other.embed_hash != lamp.embed_hash && other.key != lamp.key);
        }
        assert_ne!(lamp.embed_hash, <[u8; 32]>::from(Sha256::digest("A lamp")));
        let long = chunk(b"one", &"ü".repeat(1000));
        assert_eq!(long.text.len(), MAX_TITLE_BYTES);
    }
}
