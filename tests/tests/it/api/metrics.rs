//! The names of all metrics: operators build on them.
use std::collections::BTreeSet;
use std::path::Path;
use tests::workspace_root;

#[test]
fn the_metrics_have_these_names() {
    let mut names = BTreeSet::new();
    for crate_name in [
        "api",
        "workers",
        "jobs",
        "store",
        "retrieval",
        "integrations",
        "answers",
        "documents",
        "cli",
    ] {
        collect(&workspace_root().join(crate_name).join("src"), &mut names);
    }
    for name in &names {
        let (kind, name) = name.split_once(' ').unwrap();
        // Prometheus' own conventions: base units, and `_total` for what only grows.
        assert_eq!(kind == "counter", name.ends_with("_total"), "{kind} {name}");
        assert!(!name.ends_with("_ms"), "{name} is not in seconds");
    }
    insta::assert_snapshot!("metric_names", names.into_iter().collect::<Vec<_>>().join("\n"));
}

/// `kind name` of each `metrics::kind!("name"…` below the folder.
fn collect(folder: &Path, names: &mut BTreeSet<String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, names);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = std::fs::read_to_string(&path).unwrap();
            for kind in ["counter", "gauge", "histogram"] {
                for rest in text.split(&format!("metrics::{kind}!(")).skip(1) {
                    let name = rest
                        .trim_start()
                        .strip_prefix('"')
                        .and_then(|rest| rest.split('"').next());
                    let name =
                        name.unwrap_or_else(|| panic!("a metric in {} whose name is no literal", path.display()));
                    names.insert(format!("{kind} {name}"));
                }
            }
        }
    }
}
