use super::value::Value;
use crate::table::Cell;

/// Members that name the columns of the rows beside them.
const HEADERS: [&str; 4] = ["columns", "header", "headers", "fields"];
/// More pairs of numbers are a line on a map or a curve, which nobody reads.
const MAX_PLACES: usize = 100;

/// Lists in a list, each a row of short plain values, one of them of two or more.
pub(super) fn rows(items: &[Value], is_short: fn(&str) -> bool) -> Option<Vec<Vec<Cell>>> {
    let rows: Vec<Vec<Cell>> = items.iter().map(|item| row(item, is_short)).collect::<Option<_>>()?;
    rows.iter().any(|row| row.len() > 1).then_some(rows)
}

fn row(item: &Value, is_short: fn(&str) -> bool) -> Option<Vec<Cell>> {
    let Value::List(items) = item else { return None };
    items
        .iter()
        .map(|item| {
            item.plain()
                .filter(|text| is_short(text))
                .map(|text| Cell::from(text.to_owned()))
        })
        .collect()
}

/// How many places of two or three numbers there are, where there are many and nothing else.
pub(super) fn many_places(rows: &[Vec<Cell>]) -> Option<String> {
    let numbers = rows.first()?.len();
    let kind = match numbers {
        2 => "pairs",
        3 => "triples",
        _ => return None,
    };
    let is_place = |row: &Vec<Cell>| row.len() == numbers && row.iter().all(|cell| cell.text.parse::<f64>().is_ok());
    (rows.len() > MAX_PLACES && rows.iter().all(is_place)).then(|| format!("{} {kind} of numbers", rows.len()))
}

/// Where among the members one names the columns of another that is a list of rows of as many cells.
pub(super) fn header(members: &[(String, Value)], is_short: fn(&str) -> bool) -> Option<(usize, usize)> {
    let names = |(key, _): &(String, Value)| HEADERS.iter().any(|header| key.eq_ignore_ascii_case(header));
    let header = members.iter().position(names)?;
    let columns = row(&members.get(header)?.1, is_short)?;
    let is_table = |(_, value): &(String, Value)| match value {
        Value::List(items) => !items.is_empty() && items.iter().all(|item| has_cells(item, columns.len())),
        Value::Plain(_) | Value::Object(_) => false,
    };
    let table = members.iter().position(is_table)?;
    (!columns.is_empty() && table != header).then_some((header, table))
}

fn has_cells(item: &Value, count: usize) -> bool {
    matches!(item, Value::List(cells) if cells.len() == count && cells.iter().all(|cell| cell.plain().is_some()))
}
