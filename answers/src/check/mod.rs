mod claims;
mod evidence;
mod features;
mod model;
mod report;
mod run;
mod sources;

pub use features::{FEATURE_NAMES, Features};
pub use report::{CheckReport, CheckedClaim, Evidence, Reason, Verdict};
pub use run::{check, texts_to_embed};
pub use sources::MAX_SOURCE_SENTENCES;

pub use claims::MAX_CLAIMS;
