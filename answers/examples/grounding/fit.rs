use std::collections::BTreeMap;

use answers::{FEATURE_NAMES, NoVectors, check};

use crate::altered;
use crate::data::{Example, Sets};
use crate::metrics::{balanced_accuracy, overlap};

const FEATURES: usize = FEATURE_NAMES.len();
/// The first three features may only add support, the others may only take it.
const SUPPORTING: usize = 3;
const ROUNDS: usize = 4000;
const RATE: f64 = 0.5;
const RIDGE: f64 = 1e-3;

struct Row {
    values: [f64; FEATURES],
    supported: bool,
    weight: f64,
}

/// Fits a logistic regression with fixed signs by projected gradient descent and prints its weights as Rust.
pub(crate) fn run(sets: &Sets) {
    let rows = rows(sets);
    let total: f64 = rows.iter().map(|row| row.weight).sum();
    let mut weights = [0.0; FEATURES];
    let mut intercept = 0.0;
    for _ in 0..ROUNDS {
        let mut slope = [0.0; FEATURES];
        let mut shift = 0.0;
        for row in &rows {
            let sum: f64 = row
                .values
                .iter()
                .zip(weights)
                .map(|(value, weight)| value * weight)
                .sum();
            let error = row.weight * (1.0 / (1.0 + (-(intercept + sum)).exp()) - f64::from(u8::from(row.supported)));
            shift += error;
            for (slope, value) in slope.iter_mut().zip(row.values) {
                *slope += error * value;
            }
        }
        intercept -= RATE * shift / total;
        for (at, (weight, slope)) in weights.iter_mut().zip(slope).enumerate() {
            let moved = *weight - RATE * (slope / total + RIDGE * *weight);
            *weight = if at < SUPPORTING {
                moved.max(0.0)
            } else {
                moved.min(0.0)
            };
        }
    }
    println!("rows {}", rows.len());
    print_reasons(sets);
    println!("const WEIGHTS: [f32; {FEATURES}] = {weights:.2?};\nconst INTERCEPT: f32 = {intercept:.2};");
    for (name, weight) in FEATURE_NAMES.iter().zip(weights) {
        println!("{name:<16} {weight:.2}");
    }
}

/// How often each reason was given to supported and to unsupported claims of the fitting sets.
fn print_reasons(sets: &Sets) {
    let mut counts: BTreeMap<String, [usize; 2]> = BTreeMap::new();
    for example in sets.fitting() {
        let report = check(&example.claim, &[&example.source], None, &NoVectors);
        for reason in report.claims.iter().flat_map(|claim| &claim.reasons) {
            let [supported, unsupported] = counts.entry(format!("{reason:?}")).or_default();
            *if example.supported { supported } else { unsupported } += 1;
        }
    }
    println!("reason: given to supported, to unsupported");
    for (reason, [supported, unsupported]) in counts {
        println!("{reason:<20} {supported:>5} {unsupported:>5}");
    }
}

/// Public examples that are one claim each, and altered sentences of the same sets beside lightly edited ones; both halves
/// weigh the same.
fn rows(sets: &Sets) -> Vec<Row> {
    let public: Vec<Row> = sets.fitting().filter_map(|example| row(example, 1.0)).collect();
    let pairs = altered::kinds(&sets.fitting_sentences())
        .into_iter()
        .flat_map(|(_, pairs)| pairs);
    let made: Vec<Row> = pairs
        .flat_map(|(kept, changed)| [row(&kept, 1.0), row(&changed, 1.0)])
        .flatten()
        .collect();
    let balance = 0.5 * public.len() as f64 / made.len().max(1) as f64;
    let made = made.into_iter().map(|row| Row { weight: balance, ..row });
    balanced(public.into_iter().chain(elsewhere(sets)).chain(made).collect())
}

/// Supported and unsupported rows weigh the same in sum, so that a score of one half is the fair border.
fn balanced(rows: Vec<Row>) -> Vec<Row> {
    let sum = |supported: bool| {
        rows.iter()
            .filter(|row| row.supported == supported)
            .map(|row| row.weight)
            .sum::<f64>()
    };
    let ratio = sum(false) / sum(true).max(1.0);
    let weight = |row: &Row| if row.supported { row.weight * ratio } else { row.weight };
    rows.into_iter()
        .map(|row| Row {
            weight: weight(&row),
            ..row
        })
        .collect()
}

/// True claims beside the most similar of fifty sources they do not belong to: what an unsupported sentence about the right
/// subject looks like, and what gives the words of a claim their weight.
fn elsewhere(sets: &Sets) -> Vec<Row> {
    let examples: Vec<&Example> = sets.fitting().collect();
    let supported = examples.iter().enumerate().filter(|(_, example)| example.supported);
    let wrong = supported.filter_map(|(at, example)| {
        let others = examples
            .iter()
            .cycle()
            .skip(at + 5)
            .take(50)
            .filter(|other| other.source != example.source);
        let moved = others.map(|other| Example {
            source: other.source.clone(),
            claim: example.claim.clone(),
            supported: false,
        });
        moved.max_by(|a, b| overlap(a).total_cmp(&overlap(b)))
    });
    wrong.filter_map(|example| row(&example, 1.0)).collect()
}

fn row(example: &Example, weight: f64) -> Option<Row> {
    let report = check(&example.claim, &[&example.source], None, &NoVectors);
    let [claim] = report.claims.as_slice() else { return None };
    (claim.features.verbatim <= 0.0).then(|| Row {
        values: claim.features.weighed().map(f64::from),
        supported: example.supported,
        weight,
    })
}

/// The threshold at which word overlap has its best balanced accuracy on the fitting sets.
pub(crate) fn best_overlap_threshold(sets: &Sets) -> f32 {
    let examples: Vec<&Example> = sets.fitting().collect();
    let labels: Vec<bool> = examples.iter().map(|example| example.supported).collect();
    let overlaps: Vec<f32> = examples.iter().map(|example| overlap(example)).collect();
    let accuracy = |threshold: f32| {
        let verdicts: Vec<bool> = overlaps.iter().map(|value| *value >= threshold).collect();
        balanced_accuracy(&verdicts, &labels)
    };
    let thresholds = (1..=50_u8).map(|step| f32::from(step) / 50.0);
    thresholds
        .max_by(|a, b| accuracy(*a).total_cmp(&accuracy(*b)))
        .unwrap_or(0.5)
}
