use crate::client::ServerArgs;
use crate::outcome::Outcome;
use crate::render::{print, print_json, printable};
use reqwest::Method;
use serde::Deserialize;
use serde_json::Value;

#[derive(clap::Args)]
pub(crate) struct Args {
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    server: ServerArgs,
}

/// As the API sends it.
#[derive(Debug, Deserialize)]
struct Group {
    kind: String,
    error_code: String,
    jobs: i64,
    payloads: i64,
    last_failed_at: String,
    warning: Option<String>,
    examples: Vec<String>,
}

/// Dead letters are news, not a failure of this command: it ends with 0.
pub(crate) async fn run(args: Args) -> anyhow::Result<Outcome> {
    let client = args.server.connect()?;
    let send = || client.request(Method::GET, &["dead-letters", "summary"]);
    let (_, answered): (_, Value) = client.call(send).await?;
    if args.json {
        print_json(&answered)?;
        return Ok(Outcome::Done);
    }
    let groups: Vec<Group> = serde_json::from_value(answered.get("data").cloned().unwrap_or_default())?;
    print(&text(&groups))?;
    Ok(Outcome::Done)
}

fn text(groups: &[Group]) -> String {
    if groups.is_empty() {
        return "no dead letters\n".to_owned();
    }
    let mut text = format!(
        "{:>6}{:>10}  {:<24}{:<20}{:<22}warning\n",
        "jobs", "payloads", "kind", "error", "last failed"
    );
    for group in groups {
        let last: String = group.last_failed_at.chars().take(19).collect();
        text.push_str(&format!(
            "{:>6}{:>10}  {:<24}{:<20}{:<22}{}\n",
            group.jobs,
            group.payloads,
            printable(&group.kind),
            printable(&group.error_code),
            printable(&last),
            warning(group)
        ));
    }
    text
}

fn warning(group: &Group) -> String {
    let example = group.examples.first().map(|id| printable(id)).unwrap_or_default();
    match group.warning.as_deref() {
        None => String::new(),
        Some("kills_workers") => format!("one or more lost every worker that took them: see `jobs show {example}`"),
        Some("same_payload") => format!("the same payload keeps dying: see `jobs show {example}`"),
        Some("recurring") => "many within the last hour".to_owned(),
        Some(other) => printable(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_that_kills_its_workers_says_so_and_names_one_to_look_at() {
        let group = Group {
            kind: "ingest_document".to_owned(),
            error_code: "worker_lost".to_owned(),
            jobs: 2,
            payloads: 1,
            last_failed_at: "2026-11-28T08:00:00.123456Z".to_owned(),
            warning: Some("kills_workers".to_owned()),
            examples: vec!["an-id".to_owned()],
        };
        let said = text(&[group]);
        assert!(
            said.contains("one or more lost every worker that took them: see `jobs show an-id`")
                && said.contains("2026-11-28T08:00:00 "),
            "{said}"
        );
        assert_eq!(text(&[]), "no dead letters\n");
    }
}
