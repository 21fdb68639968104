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

/// Appends a chart's title, and its values as a table with a row a category, from what the document keeps of the data. Series of points
/// at places of their own have a table each.
pub(crate) fn append_chart(package: &mut Package<'_>, part: &str, outline: &mut Outline) -> Result<(), ParseError> {
    let Some(part) = package.part(part)? else { return Ok(()) };
    let tree = part.tree()?;
    let Some(chart) = descendant(tree.root(), "chart") else {
        return Ok(());
    };
    if let Some(title) = child(chart, "title") {
        outline.paragraph(&text_of(title));
    }
    let series: Vec<_> = find(chart, &["plotArea"])
        .into_iter()
        .flat_map(|area| area.descendants())
        .filter(|node| node.tag_name().name() == "ser")
        .take(MAX_SERIES)
        .collect();
    if share_places(&series) {
        push_table(rows(&series), Header::First, outline);
    } else {
        for series in series.chunks(1) {
            push_table(rows(series), Header::First, outline);
        }
    }
    Ok(())
}

/// Whether points of one number lie at one place in all series that have them.
fn share_places(series: &[Node<'_, '_>]) -> bool {
    let mut known: BTreeMap<u32, String> = BTreeMap::new();
    let places = series.iter().filter_map(|series| child(*series, "xVal"));
    for (index, place) in places.flat_map(points) {
        if *known.entry(index).or_insert_with(|| place.clone()) != place {
            return false;
        }
    }
    true
}

fn rows(series: &[Node<'_, '_>]) -> Vec<Vec<Cell>> {
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::append_chart;
    use crate::outline::Outline;
    use crate::package::Package;
    use crate::package::sample::package;

    fn series(name: &str, x: &[&str], y: &[&str]) -> String {
        let points = |values: &[&str]| {
            let point = |(index, value)| format!(r#"<c:pt idx="{index}"><c:v>{value}</c:v></c:pt>"#);
            values.iter().enumerate().map(point).collect::<String>()
        };
        format!(
            "<c:ser><c:tx><c:v>{name}</c:v></c:tx><c:xVal>{}</c:xVal><c:yVal>{}</c:yVal></c:ser>",
            points(x),
            points(y)
        )
    }

    fn texts(series: &[String]) -> Vec<String> {
        let xml = format!(
            r#"<c:chartSpace xmlns:c="c"><c:chart><c:plotArea>{}</c:plotArea></c:chart></c:chartSpace>"#,
            series.concat()
        );
        let bytes = package(&[("c.xml", &xml)]);
        let mut outline = Outline::default();
        append_chart(&mut Package::open(&bytes, "test").unwrap(), "c.xml", &mut outline).unwrap();
        outline
            .finish()
            .unwrap()
            .1
            .into_iter()
            .map(|block| block.text)
            .collect()
    }

    #[test]
    fn a_series_of_points_keeps_its_own_places() {
        let a = series("A", &["1", "2", "3"], &["10", "20", "30"]);
        let b = series("B", &["100", "200", "300"], &["7", "8", "9"]);
        assert_eq!(
            texts(&[a.clone(), b]),
            [" | A\n1 | 10\n2 | 20\n3 | 30", " | B\n100 | 7\n200 | 8\n300 | 9"]
        );
        let c = series("C", &["1", "2"], &["4", "5"]);
        assert_eq!(texts(&[a, c]), [" | A | C\n1 | 10 | 4\n2 | 20 | 5\n3 | 30 | "]);
    }
}
