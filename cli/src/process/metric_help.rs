//! What each metric says, for whoever reads `/metrics` without the manual.

use metrics::describe_counter;

/// Its table of metrics is the one place where they are described.
const MANUAL: &str = include_str!("../../../docs/OPERATIONS.md");

/// Tells the recorder the sentences of the manual. To it a description is one, whatever kind of metric it is of.
pub(super) fn describe_all() {
    for (name, says) in described() {
        describe_counter!(name, says);
    }
}

/// Each metric of the table and what it says.
fn described() -> impl Iterator<Item = (&'static str, &'static str)> {
    let rows = MANUAL
        .lines()
        .skip_while(|line| !line.starts_with("| Metric |"))
        .take_while(|line| line.starts_with('|'))
        .filter(|line| line.starts_with("| `"));
    rows.filter_map(|row| {
        let mut cells = row.trim_matches('|').splitn(3, '|');
        let (names, _labels, says) = (cells.next()?, cells.next()?, cells.next()?);
        Some(
            names
                .split('`')
                .filter(|name| is_name(name))
                .map(move |name| (name, says.trim())),
        )
    })
    .flatten()
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;
    use metrics_exporter_prometheus::PrometheusBuilder;

    #[test]
    fn each_metric_of_the_manual_has_its_sentence() {
        let rows = MANUAL
            .lines()
            .filter(|line| line.starts_with("| `") && line.contains("_total`"))
            .count();
        assert!(described().count() > rows, "{rows}");
        let recorder = PrometheusBuilder::new().build_recorder();
        metrics::with_local_recorder(&recorder, || {
            describe_all();
            metrics::gauge!("replica_memory_bytes").set(1.0);
            metrics::histogram!("job_wait_seconds", "pool" => "general").record(1.0);
        });
        let shown = recorder.handle().render();
        assert!(
            shown.contains("# HELP replica_memory_bytes replicas in memory"),
            "{shown}"
        );
        assert!(
            shown.contains("# HELP job_wait_seconds from a job's creation to its claim"),
            "{shown}"
        );
    }
}
