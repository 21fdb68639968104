//! `visualkit readiness`: what is shown to work, and no more than that.
use serde_json::{Value, json};
use std::path::Path;
use tests::Process;

fn readiness(results: &Path) -> (Option<i32>, Value) {
    let results = results.display().to_string();
    let (code, out, complained) = Process::outcome(&["readiness", "--json", "--results", &results], &[]);
    let report = serde_json::from_str(&out).unwrap_or_else(|error| panic!("{error}: {out}{complained}"));
    (code, report)
}

fn row(report: &Value, number: usize) -> &Value {
    &report["rows"][number - 1]
}

#[test]
fn every_row_is_there_once_and_every_named_test_exists() {
    let (code, report) = readiness(Path::new("/nonexistent/results.json"));
    let rows = report["rows"].as_array().unwrap();
    let numbers: Vec<u64> = rows.iter().map(|row| row["number"].as_u64().unwrap()).collect();
    assert_eq!(numbers, (1..=56).collect::<Vec<_>>());
    assert_eq!(report["sources_checked"], true);
    for row in rows {
        for evidence in row["evidence"].as_array().unwrap() {
            assert_ne!(
                evidence["outcome"], "missing",
                "row {}: there is no test {}",
                row["number"], evidence["test"]
            );
        }
    }
    assert_eq!(
        (code, &report["validated"]),
        (Some(0), &json!(0)),
        "without a run nothing is shown"
    );
}

#[test]
fn a_row_is_no_better_than_its_worst_evidence() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("results.json");
    let (_, report) = readiness(&file);
    let names = |number| -> Vec<String> {
        let evidence = row(&report, number)["evidence"].as_array().unwrap();
        evidence
            .iter()
            .map(|one| one["test"].as_str().unwrap().to_owned())
            .collect()
    };
    let (whole, open) = (2, 9);
    let mut results = json!({"tests": {}});
    for name in names(whole).iter().chain(&names(open)) {
        results["tests"][name] = json!({"outcome": "passed", "at": "2026-11-28T08:00:00Z", "commit": "abc"});
    }
    let standing = |results: &Value| {
        std::fs::write(&file, results.to_string()).unwrap();
        let (code, report) = readiness(&file);
        let of = |number| row(&report, number)["standing"].as_str().unwrap().to_owned();
        (code, of(whole), of(open))
    };
    let is = |code, whole: &str, open: &str| (Some(code), whole.to_owned(), open.to_owned());
    assert_eq!(
        standing(&results),
        is(0, "validated", "unvalidated"),
        "what only met a fake stays open"
    );
    let last = names(whole).pop().unwrap();
    results["tests"].as_object_mut().unwrap().remove(&last);
    assert_eq!(
        standing(&results),
        is(0, "unvalidated", "unvalidated"),
        "one has not run"
    );
    results["tests"][&last] = json!({"outcome": "failed", "at": "2026-11-28T08:00:00Z", "commit": "abc"});
    assert_eq!(standing(&results), is(1, "failing", "unvalidated"));
}
