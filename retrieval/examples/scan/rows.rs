use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

pub(crate) const QUERIES: usize = 100;
const CLUSTERS: usize = 500;

/// Rows of length 1 to scan, and others that ask.
pub(crate) struct Rows {
    pub(crate) dimensions: usize,
    pub(crate) values: Vec<f32>,
    pub(crate) queries: Vec<f32>,
}

impl Rows {
    /// Made-up rows around random centres, as far from them as texts are from their subject: about half the square.
    pub(crate) fn clustered(count: usize, dimensions: usize) -> Self {
        let mut random = StdRng::seed_from_u64(7);
        let centres: Vec<Vec<f32>> = (0..CLUSTERS).map(|_| direction(&mut random, dimensions)).collect();
        let mut rows = |count: usize| -> Vec<f32> {
            let mut values = Vec::with_capacity(count * dimensions);
            for number in 0..count {
                let noise = direction(&mut random, dimensions);
                let centre = centres.get(number % CLUSTERS).map(Vec::as_slice).unwrap_or_default();
                let row: Vec<f32> = centre.iter().zip(noise).map(|(centre, noise)| centre + noise).collect();
                values.extend(unit(row));
            }
            values
        };
        Self {
            dimensions,
            values: rows(count),
            queries: rows(QUERIES),
        }
    }

    #[allow(clippy::expect_used, reason = "a benchmark without its rows is over")]
    pub(crate) fn read(path: &str) -> Self {
        let bytes = std::fs::read(path).expect("the rows can be read");
        let mut values: Vec<f32> = bytes
            .as_chunks()
            .0
            .iter()
            .map(|&value| f32::from_le_bytes(value))
            .collect();
        let dimensions = 384;
        let queries = values.split_off((values.len() / dimensions - QUERIES) * dimensions);
        Self {
            dimensions,
            values,
            queries,
        }
    }

    pub(crate) fn count(&self) -> usize {
        self.values.len() / self.dimensions
    }

    pub(crate) fn row(&self, number: usize) -> &[f32] {
        let start = number * self.dimensions;
        self.values.get(start..start + self.dimensions).unwrap_or_default()
    }

    /// The first `count` rows, or all.
    pub(crate) fn first(&self, count: usize) -> Self {
        let count = count.min(self.count());
        Self {
            dimensions: self.dimensions,
            values: self.values.iter().take(count * self.dimensions).copied().collect(),
            queries: self.queries.clone(),
        }
    }
}

/// Near enough to normal: four uniform values' sum.
fn direction(random: &mut StdRng, dimensions: usize) -> Vec<f32> {
    let value = |_| (0..4).map(|_| random.random_range(-1.0_f32..1.0)).sum();
    unit((0..dimensions).map(value).collect())
}

fn unit(mut row: Vec<f32>) -> Vec<f32> {
    let length = row.iter().map(|value| value * value).sum::<f32>().sqrt();
    row.iter_mut().for_each(|value| *value /= length);
    row
}
