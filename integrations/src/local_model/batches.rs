//! How many texts go through the model at once.

const TEXTS_MAX: usize = 8;
/// Longest text in bytes times number of texts: what the model computes between two layers for a batch of this size
/// (about 120 English tokens of 6 KiB each) stays in a core's own cache. Measured: 512 bytes gave 70 paragraphs/s where
/// 4 KiB gave 55.
const PADDED_BYTES_MAX: usize = 512;

/// A text and its place in the caller's list.
pub(crate) struct Placed {
    pub(crate) place: usize,
    pub(crate) text: String,
}

/// Longest first, so that the last batches to end are short ones and the sessions finish together.
pub(crate) fn batches(texts: Vec<String>) -> Vec<Vec<Placed>> {
    let mut placed: Vec<Placed> = texts
        .into_iter()
        .enumerate()
        .map(|(place, text)| Placed { place, text })
        .collect();
    placed.sort_by_key(|placed| std::cmp::Reverse(placed.text.len()));
    let mut batches = Vec::new();
    let mut batch: Vec<Placed> = Vec::new();
    for next in placed {
        let longest = batch.first().map_or(0, |first| first.text.len());
        if batch.len() == TEXTS_MAX || (batch.len() + 1) * longest > PADDED_BYTES_MAX {
            batches.push(std::mem::take(&mut batch));
        }
        batch.push(next);
    }
    if !batch.is_empty() {
        batches.push(batch);
    }
    batches
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sizes(texts: Vec<String>) -> Vec<Vec<usize>> {
        batches(texts)
            .iter()
            .map(|batch| batch.iter().map(|placed| placed.text.len()).collect())
            .collect()
    }

    #[test]
    fn texts_of_like_length_share_a_batch() {
        let texts = [10, 250, 20, 240, 2000].map(|bytes| "x".repeat(bytes));
        assert_eq!(sizes(texts.to_vec()), [vec![2000], vec![250, 240], vec![20, 10]]);
    }

    #[test]
    fn every_text_is_in_exactly_one_batch() {
        let texts: Vec<String> = (0..500).map(|i| "y".repeat(i * 37 % 3000)).collect();
        let mut places: Vec<usize> = batches(texts)
            .into_iter()
            .flatten()
            .map(|placed| placed.place)
            .collect();
        places.sort_unstable();
        assert_eq!(places, (0..500).collect::<Vec<_>>());
    }

    #[test]
    fn empty_texts_and_one_giant_text_still_make_batches() {
        assert_eq!(sizes(vec![String::new(); 9]), [vec![0; 8], vec![0; 1]]);
        assert_eq!(sizes(vec!["z".repeat(100_000), "a".into()]), [vec![100_000], vec![1]]);
        assert!(batches(Vec::new()).is_empty());
    }
}
