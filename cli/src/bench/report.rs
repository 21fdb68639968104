use anyhow::Context;
use measure::Quantiles;
use serde_json::Value;
use std::path::Path;

/// A line of p50, p99 and how many there were, in milliseconds.
pub(super) fn quantiles_row(what: &str, quantiles: &Quantiles) {
    println!(
        "{what:<44}{:>10}{:>10}{:>10}",
        ms(quantiles.p50),
        ms(quantiles.p99),
        quantiles.n
    );
}

pub(super) fn ms(time: Option<f64>) -> String {
    time.map_or_else(|| "-".to_owned(), |ms| format!("{ms:.2}"))
}

/// Writes the figures beside the table that was printed.
pub(super) fn save(path: &Path, figures: &Value) -> anyhow::Result<()> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    std::fs::write(path, serde_json::to_vec_pretty(figures)?)
        .with_context(|| format!("cannot write {}", path.display()))?;
    println!("\nfigures: {}", path.display());
    Ok(())
}
