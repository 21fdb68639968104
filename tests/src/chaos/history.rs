//! What happened, as JSON lines: one record an event, in the order in which it was written down.
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::sync::Mutex;
use std::time::{SystemTime, UNIX_EPOCH};

/// Microseconds since 1970, by this machine's clock, which PostgreSQL's is too.
pub type Micros = i64;

#[must_use]
pub fn now() -> Micros {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    i64::try_from(since.as_micros()).unwrap()
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Record {
    pub at: Micros,
    #[serde(flatten)]
    pub event: Event,
}

/// How a process came to be silent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fall {
    Killed,
    Frozen,
    /// SIGTERM: it hands back what it does not finish.
    Terminated,
}

/// What a submission has to come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Expect {
    Succeeds,
    /// Dies of its own error; calls that it makes are refused for good.
    Fails,
}

/// What the observer did with a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Act {
    Acted,
    Refused,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    Began {
        seed: u64,
        minutes: f64,
        lease_ms: i64,
        /// The parts that run jobs.
        workers: Vec<String>,
    },
    /// A process of ours was started; `skew_ms` is what its clock is wrong by.
    Started {
        part: String,
        pid: u32,
        skew_ms: i64,
    },
    Fell {
        part: String,
        pid: u32,
        how: Fall,
    },
    /// It goes on after having been frozen.
    Thawed {
        part: String,
        pid: u32,
    },
    /// From here to [`Restored`](Event::Restored) with the same number, `parts` may be away or slow.
    Disturbed {
        number: usize,
        fault: String,
        parts: Vec<String>,
    },
    Restored {
        number: usize,
    },
    /// A process ended without having been told to, or did not when it was.
    Crashed {
        part: String,
        pid: u32,
    },

    /// About to be sent for the first time, under the idempotency key `n`.
    Submitted {
        n: String,
        tenant: String,
        kind: String,
        expect: Expect,
        /// For calls: by what the observer will know them.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        marker: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        unique_key: Option<String>,
    },
    Accepted {
        n: String,
        job: String,
        replayed: bool,
    },
    /// No answer, or one that promises nothing: sent again under the same key.
    Unclear {
        n: String,
        why: String,
    },
    Refused {
        n: String,
        status: u16,
        body: String,
    },
    CancelAsked {
        job: String,
    },
    /// A client was shown that the job has ended.
    Seen {
        job: String,
        state: String,
    },

    /// The observer was called; `key` is the idempotency key that came along.
    Called {
        marker: String,
        key: String,
        act: Act,
    },
    /// A worker had taken the job, and the governor made it wait: for a budget, or for a circuit to close.
    HeldBack {
        job: String,
    },
    /// A person decided about a call of unknown outcome, having looked at the observer's book.
    Decided {
        job: String,
        acted: bool,
    },

    /// The faults are over, and everything runs.
    Calm,
    /// Nothing is left to do, or the wait for that was given up.
    Drained {
        unended: i64,
    },

    // What PostgreSQL and Redis hold at the end.
    Job {
        job: String,
        tenant: String,
        kind: String,
        state: String,
        run: i32,
        attempt: i32,
        max_attempts: i32,
        finished_at: Option<Micros>,
        result: Option<Value>,
        error_code: Option<String>,
    },
    Attempt {
        job: String,
        run: i32,
        attempt: i32,
        worker: String,
        started_at: Micros,
        ended_at: Micros,
        outcome: String,
    },
    /// A line of the ledger.
    Effect {
        job: String,
        step: String,
        state: String,
        calls: i32,
    },
    IdempotencyKey {
        tenant: String,
        key: String,
        resource: String,
    },
    /// An id that Redis holds: `queued`, `popped` or `held`.
    Indexed {
        job: String,
        place: String,
    },
}

/// All records of a run.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct History {
    pub records: Vec<Record>,
}

impl History {
    /// # Errors
    /// When the file cannot be read, or a line of it is no record.
    pub fn read(path: &Path) -> std::io::Result<Self> {
        let mut records = Vec::new();
        for line in BufReader::new(std::fs::File::open(path)?).lines() {
            records.push(serde_json::from_str(&line?)?);
        }
        Ok(Self { records })
    }

    pub(crate) fn events(&self) -> impl Iterator<Item = &Event> {
        self.records.iter().map(|record| &record.event)
    }
}

/// Writes a history as it happens, to a file and to memory.
pub(crate) struct Recorder {
    kept: Mutex<(std::io::BufWriter<std::fs::File>, History)>,
}

impl Recorder {
    pub(crate) fn create(path: &Path) -> Self {
        let file = std::io::BufWriter::new(std::fs::File::create(path).unwrap());
        Self {
            kept: Mutex::new((file, History::default())),
        }
    }

    pub(crate) fn record(&self, event: Event) {
        self.record_at(now(), event);
    }

    /// For what was noted before it was known how it came out.
    pub(crate) fn record_at(&self, at: Micros, event: Event) {
        let record = Record { at, event };
        let mut kept = self.kept.lock().unwrap();
        serde_json::to_writer(&mut kept.0, &record).unwrap();
        kept.0.write_all(b"\n").unwrap();
        kept.1.records.push(record);
    }

    pub(crate) fn finish(&self) -> History {
        let mut kept = self.kept.lock().unwrap();
        kept.0.flush().unwrap();
        kept.1.clone()
    }
}
