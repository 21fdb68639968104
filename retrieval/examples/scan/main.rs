//! What instructions and smaller numbers gain in the scan of vectors, on one thread:
//! `cargo run --release -p retrieval --example scan [FILE]`. FILE, if given, holds rows of 384 little-endian f32 in random
//! order, from a real model: its last 100 rows ask, the others are scanned.
#![allow(clippy::print_stdout, reason = "a benchmark prints its figures")]

// What replicas scan with, which the crate shows to nobody.
#[path = "../../src/vectors/dot.rs"]
mod dot;
mod kernels;
mod nearest;
mod numbers;
mod rows;
mod scans;
mod stored;
#[allow(dead_code, reason = "the example has vectors of length 1")]
#[path = "../../src/vectors/unit.rs"]
mod unit;

use std::time::Instant;

use rows::Rows;
use scans::{SCANS, Scan};
use stored::Stored;

/// How many are asked for; a first pass over bytes keeps four times as many.
const LIMIT: usize = 100;

fn main() {
    if let Some(path) = std::env::args().nth(1) {
        let all = Rows::read(&path);
        for count in [1_000, 10_000, usize::MAX] {
            let rows = all.first(count);
            measure(&format!("{} rows of a model", rows.count()), rows, 100);
        }
        return;
    }
    for (count, dimensions, rounds) in [
        (1_000, 384, 500),
        (10_000, 384, 200),
        (100_000, 384, 50),
        (200_000, 384, 30),
        (500_000, 384, 15),
        (100_000, 1_024, 30),
    ] {
        measure(
            &format!("{count} random rows"),
            Rows::clustered(count, dimensions),
            rounds,
        );
    }
}

/// Every scan once a round, beginning with another each time, so that a busy neighbour slows all of them. The
/// ratio is the median of the rounds' ratios, for the same reason.
fn measure(name: &str, rows: Rows, rounds: usize) {
    println!("\n## {name} of {} dimensions\n", rows.dimensions);
    println!(
        "| scan | bytes a row | min ms | median ms | the first one's time / this one's | recall@10 | recall@100 |"
    );
    println!("|---|---|---|---|---|---|---|");
    let stored = Stored::new(rows);
    let mut times = vec![Vec::new(); SCANS.len()];
    for round in 0..rounds {
        let query = stored.queries().nth(round % rows::QUERIES).unwrap_or_default();
        for turn in 0..SCANS.len() {
            let number = (round + turn) % SCANS.len();
            if let (Some(scan), Some(times)) = (SCANS.get(number), times.get_mut(number)) {
                let start = Instant::now();
                std::hint::black_box((scan.run)(&stored, query, LIMIT));
                times.push(start.elapsed().as_secs_f64() * 1e3);
            }
        }
    }
    let exact: Vec<Vec<usize>> = stored
        .queries()
        .map(|query| stored.exact(kernels::lanes::<8>, query, LIMIT))
        .collect();
    let first = times.first().cloned().unwrap_or_default();
    for (scan, mut times) in SCANS.iter().zip(times) {
        let ratio = median(
            &mut first
                .iter()
                .zip(&times)
                .map(|(first, time)| first / time)
                .collect::<Vec<_>>(),
        );
        let median = median(&mut times);
        let min = times.first().copied().unwrap_or_default();
        println!(
            "| {} | {} | {min:.3} | {median:.3} | {ratio:.2} | {:.4} | {:.4} |",
            scan.name,
            (scan.bytes)(stored.rows.dimensions),
            recall(&stored, scan, &exact, 10),
            recall(&stored, scan, &exact, LIMIT),
        );
    }
    halves_are_off_by(&stored);
}

fn halves_are_off_by(stored: &Stored) {
    let (mut most, mut squares) = (0.0_f64, 0.0);
    for query in stored.queries() {
        let (of_query, root) = stored.halves_are_off_by(query);
        most = most.max(of_query);
        squares += root * root;
    }
    let root = (squares / rows::QUERIES as f64).sqrt();
    println!(
        "\nCosines of f16 differ from those of f32 by {most:.1e} at most, {root:.1e} usually (root of the mean square)."
    );
}

/// Sorts them.
fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}

/// The share of the exact nearest that a scan finds, over all queries.
fn recall(stored: &Stored, scan: &Scan, exact: &[Vec<usize>], limit: usize) -> f64 {
    let (mut found, mut all) = (0, 0);
    for (query, exact) in stored.queries().zip(exact) {
        let these = (scan.run)(stored, query, limit);
        found += exact.iter().take(limit).filter(|row| these.contains(row)).count();
        all += limit.min(exact.len());
    }
    found as f64 / all as f64
}
