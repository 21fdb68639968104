use crate::outcome::Outcome;
use crate::readiness::{Judged, Results, Sources, Standing, judge, rows};
use crate::render::{print, print_json, printable};
use serde_json::json;
use std::path::{Path, PathBuf};

/// Says of each capability of the product whether it is validated, by which evidence and since when.
#[derive(clap::Args)]
#[command(after_help = "Exit codes:
  0  no row is failing; rows that nobody has shown are unvalidated, and no failure
  1  a row is failing: a test of its evidence failed or is not there")]
pub(crate) struct Args {
    /// What ./dev test kept of its runs
    #[arg(long, value_name = "FILE", default_value = ".dev/test/results.json")]
    results: PathBuf,
    #[arg(long)]
    json: bool,
}

pub(crate) async fn run(args: Args) -> anyhow::Result<Outcome> {
    let results = Results::read(&args.results)?;
    let sources = Sources::at(Path::new("."));
    let judged: Vec<Judged> = rows()?
        .into_iter()
        .map(|row| judge(row, &results, sources.as_ref()))
        .collect();
    let count = |standing| judged.iter().filter(|row| row.standing == standing).count();
    let (validated, unvalidated, failing) = (
        count(Standing::Validated),
        count(Standing::Unvalidated),
        count(Standing::Failing),
    );
    if args.json {
        print_json(&json!({
            "rows": judged,
            "validated": validated,
            "unvalidated": unvalidated,
            "failing": failing,
            "sources_checked": sources.is_some(),
            "results_found": results.found,
        }))?;
    } else {
        if !results.found {
            print(&nothing_ran(&args.results))?;
        }
        let lines: String = judged.iter().map(line).collect();
        print(&format!(
            "{lines}\n{validated} validated, {unvalidated} unvalidated, {failing} failing\n"
        ))?;
    }
    Ok(if failing == 0 { Outcome::Done } else { Outcome::Failed })
}

/// What is said first where there are no results, so that nobody reads what follows as a verdict.
fn nothing_ran(results: &Path) -> String {
    let results = printable(&results.display().to_string()).replace('\n', " ");
    format!(
        "No results of tests were found at {results}: nothing below says that anything does not work. `./dev test`, in the sources, makes them; --results names those of another place.\n\n"
    )
}

fn line(row: &Judged) -> String {
    format!(
        "{:>2} {:<12}{}\n{:15}{}\n",
        row.number,
        row.standing.as_str(),
        row.title,
        "",
        printable(&row.reason)
    )
}
