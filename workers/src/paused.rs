//! Lets go what was put aside for pauses that have ended, a piece at a time.
use std::time::{Duration, Instant};
use store::jobs::{PutAside, kinds_to_release, release_kinds};
use store::{StoreError, System};

/// Rows per transaction: short ones let others at the rows.
const CHUNK: i64 = 1000;

/// Chunks of one piece: what is due has its turn in between, however much there is to be let go.
const CHUNKS: usize = 5;

/// Kinds of jobs that are let go together.
const KINDS: i64 = 100;

/// When jobs that were put aside because they are paused have to be looked at again, and those that are being let go.
#[derive(Debug)]
pub struct Paused {
    /// Of what was paused at the last look.
    fingerprint: Option<String>,
    /// Some were put aside since, or may be left: a pause may have ended before the next look at what is paused.
    again: bool,
    looked_at: Instant,
    /// Another process may have put some aside and died.
    look_every: Duration,
    /// Free, and not known to be let go.
    kinds: Vec<PutAside>,
}

impl Paused {
    #[must_use]
    pub fn new(look_every: Duration) -> Self {
        Self {
            fingerprint: None,
            again: false,
            looked_at: Instant::now(),
            look_every,
            kinds: Vec::new(),
        }
    }

    /// Some were put aside just now.
    pub(crate) fn put_aside(&mut self) {
        self.again = true;
    }

    /// Lets a piece go, where there is one; whether there may be more.
    ///
    /// # Errors
    /// [`StoreError`]; the next call goes on.
    pub async fn release(&mut self, system: &System) -> Result<bool, StoreError> {
        if self.kinds.is_empty() && !self.look(system).await? {
            return Ok(false);
        }
        let mut released = 0;
        for _ in 0..CHUNKS {
            match release_kinds(system, &self.kinds, CHUNK).await? {
                // Whoever is at it goes on.
                None => {
                    self.kinds.clear();
                    return Ok(false);
                }
                Some(chunk) => {
                    released += chunk;
                    if is_last(chunk) {
                        self.kinds.clear();
                        // Of other kinds; and rows that were locked. For these alone nobody hurries.
                        self.again = true;
                        break;
                    }
                }
            }
        }
        Ok(released > 0)
    }

    /// Whether anything is free, where that may have changed.
    async fn look(&mut self, system: &System) -> Result<bool, StoreError> {
        let fingerprint = Some(store::pauses::fingerprint(system).await?);
        if fingerprint == self.fingerprint && !self.again && self.looked_at.elapsed() < self.look_every {
            return Ok(false);
        }
        self.kinds = kinds_to_release(system, KINDS).await?;
        self.fingerprint = fingerprint;
        self.again = false;
        self.looked_at = Instant::now();
        Ok(!self.kinds.is_empty())
    }
}

fn is_last(chunk: usize) -> bool {
    i64::try_from(chunk).unwrap_or(i64::MAX) < CHUNK
}

/// Makes all jobs whose pause has ended due for dispatch again; returns how many there were. For a check-up.
///
/// # Errors
/// [`StoreError`].
pub async fn release_paused(system: &System) -> Result<usize, StoreError> {
    let mut all = 0;
    loop {
        let kinds = kinds_to_release(system, KINDS).await?;
        let mut of_kinds = 0;
        while let Some(chunk) = release_kinds(system, &kinds, CHUNK).await? {
            of_kinds += chunk;
            if is_last(chunk) {
                break;
            }
        }
        all += of_kinds;
        if of_kinds == 0 {
            return Ok(all);
        }
    }
}
