//! What of the product is shown to work, row by row of `readiness.toml`. It claims no more than the last test run can show.
mod judge;
mod results;
mod rows;
mod sources;

pub(crate) use self::judge::{Judged, Standing, judge};
pub(crate) use self::results::Results;
pub(crate) use self::rows::{Row, rows};
pub(crate) use self::sources::Sources;
