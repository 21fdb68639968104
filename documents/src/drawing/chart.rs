use std::collections::BTreeMap;

use roxmltree::Node;

use crate::ParseError;
use crate::outline::Outline;
use crate::package::{Package, attribute, child, descendant, find};
use crate::spreadsheet::display_number;
use crate::table::{Cell, Header, push_table};
use crate::whitespace::one_line;

/// Excel draws no more.
const MAX_SERIES: usize = 255;
/// Points times series; a chart beyond is data, not a picture of it.
const MAX_VALUES: usize = 200_000;

/// Appends a chart's title, and its values as a table with a row a category, from what the document keeps of the data.
pub(crate) fn append_chart(package: &mut Package<'_>, part: &str, outline: &mut Outline) -> Result<(), ParseError> {
    let Some(part) = package.part(part)? else { return Ok(()) };
    let tree = part.tree()?;
    let Some(chart) = descendant(tree.root(), "chart") else {
        return Ok(());
    };
    if let Some(title) = child(chart, "title") {
        outline.paragraph(&text_of(title));
    }
    push_table(rows(chart), Header::First, outline);
    Ok(())
}

fn rows(chart: Node<'_, '_>) -> Vec<Vec<Cell>> {
    let series: Vec<_> = find(chart, &["plotArea"])
        .into_iter()
        .flat_map(|area| area.descendants())
        .filter(|node| node.tag_name().name() == "ser")
        .take(MAX_SERIES)
        .collect();
    let mut header = vec![Cell::default()];
    let mut categories: BTreeMap<u32, String> = BTreeMap::new();
    let mut values: BTreeMap<u32, BTreeMap<usize, String>> = BTreeMap::new();
    for (column, series) in series.iter().enumerate() {
        let part = |names: [&str; 2]| names.iter().find_map(|name| child(*series, name));
        header.push(Cell::from(child(*series, "tx").map(text_of).unwrap_or_default()));
        for (index, text) in part(["cat", "xVal"]).map(points).unwrap_or_default() {
            categories.entry(index).or_insert(text);
        }
        for (index, text) in part(["val", "yVal"]).map(points).unwrap_or_default() {
            values.entry(index).or_default().insert(column, text);
        }
    }
    if values.is_empty() || values.len().saturating_mul(series.len()) > MAX_VALUES {
        return Vec::new();
    }
    let row = |(index, mut of_series): (u32, BTreeMap<usize, String>)| {
        let category = categories.get(&index).cloned().unwrap_or_default();
        let cells = (0..series.len()).map(|column| of_series.remove(&column).unwrap_or_default());
        std::iter::once(category).chain(cells).map(Cell::from).collect()
    };
    let rows: Vec<Vec<Cell>> = values.into_iter().map(row).collect();
    std::iter::once(header).chain(rows).collect()
}

/// The cached points of a reference; of several levels of categories the innermost.
fn points(reference: Node<'_, '_>) -> Vec<(u32, String)> {
    let levels = descendant(reference, "lvl").unwrap_or(reference);
    let format = descendant(reference, "formatCode")
        .and_then(|node| node.text())
        .unwrap_or("General");
    levels
        .descendants()
        .filter(|node| node.tag_name().name() == "pt")
        .filter_map(|point| {
            let text = child(point, "v")?.text().unwrap_or_default();
            let text = match text.parse::<f64>() {
                Ok(number) => display_number(number, format),
                Err(_) => text.to_owned(),
            };
            Some((attribute(point, "idx")?.parse().ok()?, text))
        })
        .collect()
}

/// Rich text, or the cached text of a reference.
fn text_of(node: Node<'_, '_>) -> String {
    let mut text = String::new();
    for node in node.descendants() {
        match node.tag_name().name() {
            "t" | "v" => text.push_str(node.text().unwrap_or_default()),
            "p" => text.push(' '),
            _ => {}
        }
    }
    one_line(&text)
}
