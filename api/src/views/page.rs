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

impl<T> Page<T> {
    /// Where the list goes on, if this page alone does not say: a page may be short of rows for that there are more to look at than one looks at.
    pub(crate) fn or_from<C: Cursor>(self, cursor: Option<C>) -> Self {
        Self {
            next_cursor: self.next_cursor.or_else(|| cursor.map(|cursor| cursor.to_cursor())),
            ..self
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

    #[test]
    fn a_page_says_itself_where_to_go_on_before_anybody_else_does() {
        let page = |rows: Vec<i32>| Page::of(rows, 2, |row| *row, |row| row).or_from(Some(9)).next_cursor;
        assert_eq!(page(vec![1, 2, 3]).as_deref(), Some("00000002"));
        assert_eq!(page(vec![1]).as_deref(), Some("00000009"));
    }
}
