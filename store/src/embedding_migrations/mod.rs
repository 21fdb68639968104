//! A base's change from one embedding model to another: a second index is built beside the one that is searched.
mod end;
mod fill;
mod migration;

pub use self::end::{drop_vectors, end};
pub use self::fill::{Missing, Page, counts, insert, missing, missing_image, ready};
pub use self::migration::{EmbeddingMigration, MigrationCounts, MigrationState, find, start, swap};
