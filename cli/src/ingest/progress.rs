//! Progress on standard error: a bar where a person is looking, and lines where what is said is kept.

use std::borrow::Cow;
use std::cell::Cell;
use std::io::{IsTerminal as _, stderr};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use tokio::time::{Instant, interval_at};

/// How often a line is written where no bar is drawn.
const LINE_EVERY: Duration = Duration::from_secs(10);

/// Makes the bars of one command: all shown, or none.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bars {
    shown: bool,
}

impl Bars {
    /// Bars are drawn where standard error is a terminal; `quiet` (`--json`) hides them there too.
    pub(crate) fn new(quiet: bool) -> Self {
        Self { shown: !quiet }
    }

    /// A bar of `length` steps; it is removed when it is dropped after [`ProgressBar::finish_and_clear`].
    pub(crate) fn start(self, what: impl Into<Cow<'static, str>>, length: usize) -> ProgressBar {
        if !self.shown {
            return ProgressBar::hidden();
        }
        let bar = ProgressBar::new(u64::try_from(length).unwrap_or(u64::MAX)).with_message(what);
        if let Ok(style) = ProgressStyle::with_template("{msg:12} [{bar:40}] {pos}/{len}  {elapsed}  {eta} left") {
            bar.set_style(style.progress_chars("=> "));
        }
        bar.enable_steady_tick(Duration::from_millis(200));
        bar
    }

    /// The same, of documents that are waited for, told by lines where standard error is no terminal.
    pub(super) fn work(self, what: &'static str, length: usize) -> Work {
        Work {
            bar: self.start(what, length),
            lines: self.shown && !stderr().is_terminal(),
            length,
            ended: Cell::new(0),
            failed: Cell::new(0),
        }
    }
}

/// How far the documents are that were sent.
pub(super) struct Work {
    bar: ProgressBar,
    lines: bool,
    length: usize,
    ended: Cell<usize>,
    failed: Cell<usize>,
}

impl Work {
    /// One more has ended.
    pub(super) fn count(&self, has_failed: bool) {
        self.ended.set(self.ended.get() + 1);
        self.failed.set(self.failed.get() + usize::from(has_failed));
        self.bar.inc(1);
    }

    /// Writes to standard error, beside the bar.
    pub(super) fn say(&self, text: &str) {
        self.bar.suspend(|| eprint!("{text}"));
    }

    /// What `waiting` comes to; how far it is, is said again and again meanwhile.
    pub(super) async fn told_meanwhile<T>(&self, waiting: impl Future<Output = T>) -> T {
        let mut lines = interval_at(Instant::now() + LINE_EVERY, LINE_EVERY);
        tokio::pin!(waiting);
        loop {
            tokio::select! {
                done = &mut waiting => return done,
                _ = lines.tick(), if self.lines => self.say(&self.line()),
            }
        }
    }

    fn line(&self) -> String {
        let said = match self.failed.get() {
            0 => String::new(),
            failed => format!(", {failed} failed"),
        };
        let searchable = self.ended.get() - self.failed.get();
        format!("{searchable} of {} searchable{said}\n", self.length)
    }

    pub(super) fn finish(&self) {
        self.bar.finish_and_clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_tells_how_many_have_ended_well_and_how_many_have_not() {
        let work = Bars::new(true).work("ingesting", 67);
        assert_eq!(work.line(), "0 of 67 searchable\n");
        work.count(true);
        work.count(false);
        assert_eq!(work.line(), "1 of 67 searchable, 1 failed\n");
    }
}
