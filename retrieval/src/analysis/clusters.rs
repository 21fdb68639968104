use unicode_segmentation::{Graphemes, UnicodeSegmentation};

/// The extended grapheme clusters of a text (UAX 29) with their places, as `grapheme_indices` has them, without looking ASCII up: of two ASCII
/// characters each is a cluster, but for a line end of two.
#[derive(Clone)]
pub(super) struct Clusters<'a> {
    text: &'a str,
    at: usize,
    /// Beyond ASCII, from `at` on.
    other: Option<Graphemes<'a>>,
}

impl<'a> Clusters<'a> {
    pub(super) fn of(text: &'a str) -> Self {
        Self {
            text,
            at: 0,
            other: None,
        }
    }

    fn is_ascii_at(&self, place: usize) -> bool {
        self.text.as_bytes().get(place).is_none_or(u8::is_ascii)
    }
}

impl<'a> Iterator for Clusters<'a> {
    type Item = (usize, &'a str);

    fn next(&mut self) -> Option<Self::Item> {
        let start = self.at;
        let first = *self.text.as_bytes().get(start)?;
        let cluster = if self.other.is_none() && first.is_ascii() && first != b'\r' && self.is_ascii_at(start + 1) {
            self.text.get(start..=start)?
        } else {
            let rest = self.text.get(start..)?;
            let cluster = self.other.get_or_insert_with(|| rest.graphemes(true)).next()?;
            // Where a cluster ends, what follows does not depend on what it was.
            if self.is_ascii_at(start + cluster.len()) {
                self.other = None;
            }
            cluster
        };
        self.at = start + cluster.len();
        Some((start, cluster))
    }
}

#[cfg(test)]
#[allow(clippy::indexing_slicing, reason = "tests")]
mod tests {
    use super::*;

    /// Letters, line ends, combining marks, joiners, flags, Hangul, Indic conjuncts and what prepends: whatever joins with what stands beside it.
    const PIECES: [&str; 26] = [
        "a",
        "Z",
        "9",
        " ",
        "-",
        "\r",
        "\n",
        "\r\n",
        "\t",
        "é",
        "e\u{301}",
        "\u{301}",
        "\u{200d}",
        "\u{fe0f}",
        "\u{20e3}",
        "👩",
        "👩\u{200d}👧",
        "🇩",
        "🇪",
        "한",
        "\u{1100}",
        "\u{1161}",
        "क\u{94d}",
        "त",
        "\u{600}",
        "漢",
    ];

    #[test]
    fn they_are_those_of_the_unicode_standard() {
        let mut state = 7_u64;
        for length in 0..400 {
            let mut text = String::new();
            for _ in 0..length % 23 {
                state = state
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1_442_695_040_888_963_407);
                text.push_str(PIECES[usize::try_from(state >> 33).unwrap_or(0) % PIECES.len()]);
            }
            let expected: Vec<(usize, &str)> = text.grapheme_indices(true).collect();
            assert_eq!(Clusters::of(&text).collect::<Vec<_>>(), expected, "{text:?}");
        }
    }

    #[test]
    fn every_pair_of_pieces_is_cut_alike() {
        for before in PIECES {
            for after in PIECES {
                let text = format!("x{before}{after}y");
                let expected: Vec<(usize, &str)> = text.grapheme_indices(true).collect();
                assert_eq!(Clusters::of(&text).collect::<Vec<_>>(), expected, "{text:?}");
            }
        }
    }
}
