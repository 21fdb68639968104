//! The shape of the workspace: who may know whom, how long a file may be, what must not be linked.
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;
use tests::workspace_root;

/// Who may depend on whom, in tests and examples too.
const EDGES: &[(&str, &[&str])] = &[
    ("config", &[]),
    ("store", &["config"]),
    ("documents", &[]),
    ("retrieval", &[]),
    ("integrations", &[]),
    ("answers", &[]),
    ("jobs", &["config", "store"]),
    ("api", &["config", "store", "jobs", "integrations", "retrieval"]),
    (
        "workers",
        &[
            "config",
            "store",
            "documents",
            "retrieval",
            "integrations",
            "answers",
            "jobs",
        ],
    ),
    // Knows no queue, ours included: bench/peers drives another's with it.
    ("measure", &[]),
    (
        "cli",
        &[
            "measure",
            "config",
            "store",
            "retrieval",
            "integrations",
            "jobs",
            "api",
            "workers",
        ],
    ),
    (
        "tests",
        &[
            "config",
            "store",
            "documents",
            "retrieval",
            "integrations",
            "answers",
            "jobs",
            "api",
            "workers",
        ],
    ),
];

fn metadata() -> Value {
    let cargo = option_env!("CARGO").unwrap_or("cargo");
    let output = Command::new(cargo)
        .args([
            "metadata",
            "--format-version",
            "1",
            "--no-deps",
            "--offline",
            "--locked",
            "--all-features",
        ])
        .current_dir(workspace_root())
        .output()
        .expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// `scripts/replay_mutations.py` can only break what it finds.
#[test]
fn each_text_that_is_to_be_broken_stands_once_where_the_list_says() {
    let root = workspace_root();
    let list = std::fs::read_to_string(root.join("tests/mutations.json")).unwrap();
    let mutations: Vec<BTreeMap<String, String>> = serde_json::from_str(&list).unwrap();
    let stale: Vec<&str> = mutations
        .iter()
        .filter(|mutation| {
            let text = std::fs::read_to_string(root.join(&mutation["file"])).unwrap_or_default();
            text.matches(&mutation["find"]).count() != 1
        })
        .map(|mutation| mutation["name"].as_str())
        .collect();
    assert!(stale.is_empty(), "{stale:#?}");
}

#[test]
fn crates_know_only_those_that_the_design_lets_them_know() {
    let allowed: BTreeMap<&str, &[&str]> = EDGES.iter().copied().collect();
    let metadata = metadata();
    let packages = metadata["packages"].as_array().unwrap();
    let names: BTreeSet<&str> = packages
        .iter()
        .map(|package| package["name"].as_str().unwrap())
        .collect();
    assert_eq!(
        names,
        allowed.keys().copied().collect(),
        "give the new crate its place in the design first"
    );
    for package in packages {
        let name = package["name"].as_str().unwrap();
        for dependency in package["dependencies"].as_array().unwrap() {
            let other = dependency["name"].as_str().unwrap();
            let known = allowed[name].contains(&other);
            assert!(!names.contains(other) || known, "{name} must not depend on {other}");
        }
    }
}

#[test]
fn the_api_knows_of_integrations_only_the_webhook_signatures() {
    let metadata = metadata();
    let packages = metadata["packages"].as_array().unwrap();
    let api = packages.iter().find(|package| package["name"] == "api").unwrap();
    let integrations = api["dependencies"]
        .as_array()
        .unwrap()
        .iter()
        .find(|dependency| dependency["name"] == "integrations");
    if let Some(dependency) = integrations {
        assert_eq!(dependency["uses_default_features"], false);
        assert_eq!(dependency["features"], serde_json::json!(["webhook"]));
    }
}

/// Source files, without what is fetched or built.
fn rust_files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() && name != "target" && !name.starts_with('.') {
            rust_files(&path, found);
        } else if name.ends_with(".rs") {
            found.push(path);
        }
    }
}

#[test]
fn no_source_file_is_longer_than_500_lines() {
    let mut files = Vec::new();
    rust_files(&workspace_root(), &mut files);
    assert!(files.len() > 1_400, "{} files", files.len());
    for file in files {
        let lines = std::fs::read_to_string(&file).unwrap().lines().count();
        assert!(lines <= 500, "{} has {lines} lines", file.display());
    }
}

#[test]
fn nothing_unwanted_is_linked() {
    let lock = std::fs::read_to_string(workspace_root().join("Cargo.lock")).unwrap();
    let lock: toml::Value = toml::from_str(&lock).unwrap();
    let names: BTreeSet<&str> = lock["package"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|package| package["name"].as_str())
        .collect();
    assert!(names.contains("rustls") && names.contains("ring"));
    // A second TLS provider makes rustls panic; system TLS differs from machine to machine; backoff is unmaintained (RUSTSEC-2025-0012).
    for unwanted in [
        "aws-lc-sys",
        "aws-lc-rs",
        "openssl-sys",
        "openssl",
        "native-tls",
        "backoff",
    ] {
        assert!(!names.contains(unwanted), "{unwanted} is in Cargo.lock");
    }
}

#[test]
fn every_decision_is_linked_from_the_documentation() {
    let docs = workspace_root().join("docs");
    let read = |path: &Path| std::fs::read_to_string(path).unwrap();
    let pages: String = std::fs::read_dir(&docs)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "md"))
        .chain([workspace_root().join("README.md")])
        .map(|path| read(&path))
        .collect();
    let mut decisions: Vec<PathBuf> = std::fs::read_dir(docs.join("decisions"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    decisions.sort();
    assert!(decisions.len() >= 44, "{} decisions", decisions.len());
    for (at, decision) in decisions.iter().enumerate() {
        let name = decision.file_name().unwrap().to_str().unwrap();
        assert!(
            name.starts_with(&format!("{:03}-", at + 1)),
            "{name} is out of sequence"
        );
        assert!(pages.contains(&format!("decisions/{name}")), "no page links to {name}");
    }
}

/// The pages of the root, of docs/, and of each crate.
fn pages() -> Vec<PathBuf> {
    let root = workspace_root();
    let metadata = metadata();
    let crates = metadata["packages"].as_array().unwrap().iter().map(|package| {
        let manifest = Path::new(package["manifest_path"].as_str().unwrap());
        manifest.parent().unwrap().to_owned()
    });
    let folders = [root.clone(), root.join("docs"), root.join("docs/decisions")];
    folders
        .into_iter()
        .chain(crates)
        .flat_map(|folder| std::fs::read_dir(folder).unwrap())
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "md"))
        .collect()
}

/// What links call the heading: lower case, a hyphen for each space, and of what is neither letter nor digit only hyphens and underscores.
fn anchor_of(heading: &str) -> String {
    let kept = |letter: char| match letter {
        ' ' => Some('-'),
        '-' | '_' => Some(letter),
        _ => letter.is_alphanumeric().then(|| letter.to_ascii_lowercase()),
    };
    heading.trim().chars().filter_map(kept).collect()
}

#[test]
fn links_between_documents_lead_somewhere() {
    let pages = pages();
    assert!(pages.len() > 55, "{} pages", pages.len());
    let mut anchored = 0;
    for page in &pages {
        let text = std::fs::read_to_string(page).unwrap();
        let (_, links) = text.split_once("](").unwrap_or_default();
        for target in links.split("](").filter_map(|rest| rest.split(')').next()) {
            if target.is_empty() || target.contains("://") || target.starts_with("mailto:") {
                continue;
            }
            let (file, anchor) = target.split_once('#').unwrap_or((target, ""));
            let to = match file {
                "" => page.clone(),
                file => page.parent().unwrap().join(file),
            };
            assert!(to.exists(), "{}: {target} leads nowhere", page.display());
            if anchor.is_empty() {
                continue;
            }
            let text = std::fs::read_to_string(&to).unwrap();
            let mut headings = text.lines().filter_map(|line| line.strip_prefix('#'));
            let is_there = headings.any(|heading| anchor_of(heading.trim_start_matches('#')) == anchor);
            assert!(is_there, "{}: {target} has no such heading", page.display());
            anchored += 1;
        }
    }
    assert!(anchored > 5, "{anchored} links to headings");
}
