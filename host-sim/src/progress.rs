//! A bar that shows how far something is, once it has taken a second: on standard error, where that is a terminal, and nowhere else.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use qiyong::lang;

/// What ends sooner shows no bar.
const PATIENCE: Duration = Duration::from_secs(1);

/// How far something is. It may be told from several threads.
pub(crate) struct Progress {
    bar: ProgressBar,
    begun: Instant,
    shown: AtomicBool,
}

impl Progress {
    /// `of` steps; `template` is what the bar looks like, in the words of the library.
    pub(crate) fn new(of: u64, template: &str) -> Self {
        let bar = ProgressBar::with_draw_target(Some(of), ProgressDrawTarget::hidden());
        // The templates are right, and a wrong one would leave the style of the library.
        if let Ok(style) = ProgressStyle::with_template(&lang::say(template)) {
            bar.set_style(style);
        }
        Self { bar, begun: Instant::now(), shown: AtomicBool::new(false) }
    }

    /// One more is done.
    pub(crate) fn advance(&self) {
        self.bar.inc(1);
        self.show();
    }

    /// So many are done.
    pub(crate) fn reach(&self, done: u64) {
        self.bar.set_position(done);
        self.show();
    }

    /// Writes something while the bar is away, so that the two do not mix.
    pub(crate) fn aside<T>(&self, write: impl FnOnce() -> T) -> T {
        self.bar.suspend(write)
    }

    /// Nothing is drawn where standard error is no terminal.
    fn show(&self) {
        if self.begun.elapsed() >= PATIENCE && !self.shown.swap(true, Ordering::Relaxed) {
            self.bar.set_draw_target(ProgressDrawTarget::stderr());
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
