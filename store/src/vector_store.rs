use diesel::deserialize::{self, FromSql, FromSqlRow};
use diesel::expression::AsExpression;
use diesel::pg::{Pg, PgValue};
use diesel::serialize::{self, Output, ToSql};
use diesel::sql_types::Text;
use std::str::FromStr;

/// Where searches compare the vectors of an index. PostgreSQL has them in any case.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, AsExpression, FromSqlRow)]
#[diesel(sql_type = Text)]
pub enum VectorStore {
    /// In every replica, by a scan of all.
    #[default]
    Embedded,
    /// On the installation's Qdrant server.
    Qdrant,
}

impl VectorStore {
    pub const ALL: [Self; 2] = [Self::Embedded, Self::Qdrant];

    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Embedded => "embedded",
            Self::Qdrant => "qdrant",
        }
    }
}

impl FromStr for VectorStore {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|store| store.as_str() == text).ok_or(())
    }
}

impl FromSql<Text, Pg> for VectorStore {
    fn from_sql(value: PgValue<'_>) -> deserialize::Result<Self> {
        let text = <String as FromSql<Text, Pg>>::from_sql(value)?;
        text.parse().map_err(|()| format!("`{text}` is no vector store").into())
    }
}

impl ToSql<Text, Pg> for VectorStore {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
        <str as ToSql<Text, Pg>>::to_sql(self.as_str(), out)
    }
}
