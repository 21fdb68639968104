//! Progress on standard error, when a person is looking.

use std::borrow::Cow;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

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
}
