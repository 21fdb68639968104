use diesel::pg::Pg;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::result::QueryResult;
use diesel::sql_types::Untyped;

/// SQL text that each connection prepares once. diesel prepares what `sql_query` made anew each time, which costs two round trips and the
/// planning of a statement over all partitions: more than running it does.
pub(crate) struct Prepared<Q>(Q);

/// `sql_query(…).bind(…).prepared()`: for statements whose text is one of a few, not made of data.
pub(crate) trait Prepare: Sized {
    fn prepared(self) -> Prepared<Self>;
}

impl<Q: Query<SqlType = Untyped>> Prepare for Q {
    fn prepared(self) -> Prepared<Self> {
        Prepared(self)
    }
}

impl<Q: QueryFragment<Pg>> QueryFragment<Pg> for Prepared<Q> {
    fn walk_ast<'b>(&'b self, out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        self.0.walk_ast(out)
    }

    fn is_safe_to_cache_prepared(&self, _: &Pg) -> QueryResult<bool> {
        Ok(true)
    }
}

/// The cache goes by the text.
impl<Q> QueryId for Prepared<Q> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<Q> Query for Prepared<Q> {
    type SqlType = Untyped;
}
