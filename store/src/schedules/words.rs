use diesel::deserialize::{self, FromSql, FromSqlRow};
use diesel::expression::AsExpression;
use diesel::pg::{Pg, PgValue};
use diesel::serialize::{self, Output, ToSql};
use diesel::sql_types::Text;
use serde::{Deserialize, Serialize};

/// Declares a choice that is stored as one of a few words.
macro_rules! words {
    ($($(#[$doc:meta])* $name:ident { $($(#[$of:meta])* $variant:ident = $word:literal),* $(,)? })*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, AsExpression, FromSqlRow)]
        #[diesel(sql_type = Text)]
        #[serde(rename_all = "snake_case")]
        pub enum $name {$(
            $(#[$of])*
            $variant,
        )*}

        impl $name {
            pub const ALL: &[(&str, Self)] = &[$(($word, Self::$variant)),*];

            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word,)* }
            }
        }

        impl FromSql<Text, Pg> for $name {
            fn from_sql(value: PgValue<'_>) -> deserialize::Result<Self> {
                let text = <String as FromSql<Text, Pg>>::from_sql(value)?;
                let known = Self::ALL.iter().find(|(word, _)| *word == text);
                known.map(|(_, value)| *value).ok_or_else(|| format!("`{text}` is not known").into())
            }
        }

        impl ToSql<Text, Pg> for $name {
            fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
                <str as ToSql<Text, Pg>>::to_sql(self.as_str(), out)
            }
        }
    )*};
}

words! {
    /// What becomes of ticks that passed while nobody could fire them.
    CatchUp {
        /// Nothing: they are recorded as missed.
        None = "none",
        /// The last of them fires.
        Last = "last",
        /// All of them fire, up to a bound.
        All = "all",
    }

    /// What becomes of a tick while the job of an earlier one has not ended.
    Overlap {
        /// It is skipped, and recorded.
        Skip = "skip",
        /// It fires.
        Allow = "allow",
    }

    /// What became of a tick.
    FiringOutcome {
        /// In time.
        Fired = "fired",
        /// Late, by the policy.
        CaughtUp = "caught_up",
        /// Somebody fired it by hand; the tick is when.
        Manual = "manual",
        /// The job of an earlier firing had not ended.
        SkippedOverlap = "skipped_overlap",
        /// Nobody was there to fire it in time, and the policy is not to catch up.
        Missed = "missed",
    }
}
