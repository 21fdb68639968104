//! Measures the checker on public grounding sets and on altered copies of true sentences.
//!
//! `cargo run --release -p answers --example grounding` prints the figures of docs/CHECKER.md;
//! `… --example grounding -- fit` fits the model's weights again and prints them. Data: VISUALKIT_DATA_EVAL_DIR, by default
//! ../shared/data beside the workspace.
#![allow(clippy::print_stdout, reason = "printing figures is what this program is for")]

mod altered;
mod data;
mod fit;
mod metrics;

use answers::{NoVectors, Verdict, check};
use data::Example;
use metrics::{auroc, balanced_accuracy, overlap, share};

fn main() {
    let Some(sets) = data::load() else {
        println!("no grounding sets found: set VISUALKIT_DATA_EVAL_DIR");
        return;
    };
    if std::env::args().any(|argument| argument == "fit") {
        return fit::run(&sets);
    }
    let overlap_threshold = fit::best_overlap_threshold(&sets);
    println!(
        "lexical only (no vectors); word overlap judged at {overlap_threshold:.2}, the best threshold on the fitting sets"
    );
    println!(
        "set                     n  fitted  AUROC  bal.acc | majority  length AUROC  overlap AUROC  overlap bal.acc"
    );
    for (name, examples) in sets.all() {
        print_set(name, examples, sets.is_fitted(name), overlap_threshold);
    }
    println!("\naltered copies of true sentences: share rejected, and AUROC against lightly edited true copies");
    println!("kind          n   rejected  AUROC | overlap AUROC");
    for (kind, pairs) in altered::kinds(&sets.held_out_sentences()) {
        print_altered(kind, &pairs);
    }
    print_accepted(&sets);
}

fn judge(example: &Example) -> (f32, bool) {
    let report = check(&example.claim, &[&example.source], None, &NoVectors);
    (
        report.score,
        report.claims.iter().all(|claim| claim.verdict == Verdict::Supported),
    )
}

fn print_set(name: &str, examples: &[Example], fitted: bool, overlap_threshold: f32) {
    let labels: Vec<bool> = examples.iter().map(|example| example.supported).collect();
    let judged: Vec<(f32, bool)> = examples.iter().map(judge).collect();
    let scores: Vec<f32> = judged.iter().map(|(score, _)| *score).collect();
    let verdicts: Vec<bool> = judged.iter().map(|(_, supported)| *supported).collect();
    let lengths: Vec<f32> = examples.iter().map(|example| -(example.claim.len() as f32)).collect();
    let overlaps: Vec<f32> = examples.iter().map(overlap).collect();
    let by_overlap: Vec<bool> = overlaps.iter().map(|value| *value >= overlap_threshold).collect();
    println!(
        "{name:<20} {:>5}  {:<6}  {:.3}  {:.3}   | .500      {:.3}         {:.3}          {:.3}",
        examples.len(),
        if fitted { "yes" } else { "no" },
        auroc(&scores, &labels),
        balanced_accuracy(&verdicts, &labels),
        auroc(&lengths, &labels),
        auroc(&overlaps, &labels),
        balanced_accuracy(&by_overlap, &labels),
    );
}

fn print_altered(kind: &str, pairs: &[(Example, Example)]) {
    let mut scores = Vec::new();
    let mut overlaps = Vec::new();
    let mut labels = Vec::new();
    let mut rejected = 0;
    for (kept, changed) in pairs {
        let (score, supported) = judge(changed);
        rejected += usize::from(!supported);
        scores.push(score);
        if supported && std::env::args().any(|argument| argument == "misses") {
            println!("  missed: {}", changed.claim.replace('\n', " "));
        }
        scores.push(judge(kept).0);
        overlaps.extend([overlap(changed), overlap(kept)]);
        labels.extend([false, true]);
    }
    println!(
        "{kind:<12} {:>4}  {:.3}     {:.3} | {:.3}",
        pairs.len(),
        share(rejected, pairs.len()),
        auroc(&scores, &labels),
        auroc(&overlaps, &labels)
    );
}

fn print_accepted(sets: &data::Sets) {
    let sentences = sets.held_out_sentences();
    let accepted = |claim: &dyn Fn(&str) -> Option<String>| {
        let examples = sentences.iter().filter_map(|(sentence, source)| {
            Some(Example {
                source: source.clone(),
                claim: claim(sentence)?,
                supported: true,
            })
        });
        let verdicts: Vec<bool> = examples.map(|example| judge(&example).1).collect();
        (
            share(verdicts.iter().filter(|supported| **supported).count(), verdicts.len()),
            verdicts.len(),
        )
    };
    let (verbatim, all) = accepted(&|sentence| Some(sentence.to_owned()));
    let (edited, some) = accepted(&altered::lightly_edited);
    println!(
        "\ntrue sentences accepted: verbatim {verbatim:.3} of {all}, one adverb or adjective dropped {edited:.3} of {some}"
    );
}
