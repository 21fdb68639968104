//! What is measured of a job queue, ours or another's, so that the figures can be set side by side. `bench/peers/measure.js` and
//! `measure.py` do the same for queues of other languages; `docs/BENCHMARKS.md` says what each figure means.
mod arrivals;
mod clock;
mod drain;
mod enqueue;
mod figures;
mod measure;
mod quantiles;
mod subject;
mod worker_process;

pub use self::arrivals::{Arrivals, Gap, arrivals};
pub use self::clock::now_ms;
pub use self::drain::{Drained, drain};
pub use self::enqueue::enqueue_batches;
pub use self::figures::{Figures, Paced};
pub use self::measure::{Amounts, measure};
pub use self::quantiles::Quantiles;
pub use self::subject::Subject;
pub use self::worker_process::WorkerProcess;
