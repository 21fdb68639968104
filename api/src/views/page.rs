use crate::extract::Cursor;
use serde::Serialize;
use utoipa::ToSchema;

/// One page of a list.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Page<T> {
    pub(crate) data: Vec<T>,
    /// Send it as `cursor` for the next page; null on the last.
    #[schema(required = true)]
    pub(crate) next_cursor: Option<String>,
}

impl<T> Page<T> {
    /// A list that has one page.
    pub(crate) fn whole(data: Vec<T>) -> Self {
        Self {
            data,
            next_cursor: None,
        }
    }

    /// From up to `limit + 1` rows: the one too many tells that there is another page. `cursor` makes the cursor of the last row shown.
    pub(crate) fn of<R, C: Cursor>(
        mut rows: Vec<R>,
        limit: i64,
        cursor: impl Fn(&R) -> C,
        show: impl Fn(R) -> T,
    ) -> Self {
        let limit = usize::try_from(limit).unwrap_or(0);
        let more = rows.len() > limit;
        rows.truncate(limit);
        let next_cursor = rows.last().filter(|_| more).map(|last| cursor(last).to_cursor());
        Self {
            data: rows.into_iter().map(show).collect(),
            next_cursor,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_page_with_more_behind_it_has_a_cursor() {
        let page = |rows: Vec<i32>| Page::of(rows, 2, |row| *row, |row| row);
        assert_eq!((page(vec![]).next_cursor, page(vec![1, 2]).next_cursor), (None, None));
        let more = page(vec![1, 2, 3]);
        assert_eq!((more.data, more.next_cursor.as_deref()), (vec![1, 2], Some("00000002")));
    }
}
