//! What a person sees of something that takes longer than a second, once it has: a bar that shows how far it is, or a sign that it
//! goes on; on standard error, where that is a terminal, and nowhere else.

use std::io::{IsTerminal, stderr};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use qiyong::lang;

/// What ends sooner shows no bar.
const PATIENCE: Duration = Duration::from_secs(1);
/// How often the sign that something goes on changes.
const TICK: Duration = Duration::from_millis(200);

/// Something that goes on. How far it is may be told from several threads; dropped, its sign is taken away.
pub(crate) struct Progress {
    bar: ProgressBar,
    /// Who shows it after a second, and what keeps that one from it.
    shows: Option<(Sender<()>, JoinHandle<()>)>,
}

impl Progress {
    /// Of so many steps; `template` is what the bar looks like, in the words of the library.
    pub(crate) fn new(of: u64, template: &str) -> Self {
        Self::on(Some(of), template, stderr().is_terminal(), PATIENCE, ProgressDrawTarget::stderr)
    }

    /// Of nobody knows how many.
    pub(crate) fn endless(template: &str) -> Self {
        Self::on(None, template, stderr().is_terminal(), PATIENCE, ProgressDrawTarget::stderr)
    }

    /// Nothing is drawn unless it is `seen`.
    fn on(of: Option<u64>, template: &str, seen: bool, patience: Duration, target: fn() -> ProgressDrawTarget) -> Self {
        let bar = ProgressBar::with_draw_target(of, ProgressDrawTarget::hidden());
        // The templates are right, and a wrong one would leave the style of the library.
        if let Ok(style) = ProgressStyle::with_template(&lang::say(template)) {
            bar.set_style(style);
        }
        let shows = seen.then(|| {
            let (ends, ended) = channel();
            let bar = bar.clone();
            // Also of something whose first step takes longer.
            let show = move || {
                if ended.recv_timeout(patience) == Err(RecvTimeoutError::Timeout) {
                    bar.set_draw_target(target());
                    bar.enable_steady_tick(TICK);
                }
            };
            (ends, thread::spawn(show))
        });
        Self { bar, shows }
    }

    /// There are so many more steps than was known.
    #[cfg(feature = "probe")]
    pub(crate) fn expect(&self, steps: u64) {
        self.bar.inc_length(steps);
    }

    /// So many more steps are done.
    pub(crate) fn advance(&self, steps: u64) {
        self.bar.inc(steps);
    }

    /// So many are done.
    pub(crate) fn reach(&self, done: u64) {
        self.bar.set_position(done);
    }

    /// Writes something while the bar is away, so that the two do not mix.
    pub(crate) fn aside<T>(&self, write: impl FnOnce() -> T) -> T {
        self.bar.suspend(write)
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some((ends, shows)) = self.shows.take() {
            drop(ends);
            // It draws nothing after this.
            let _ = shows.join();
        }
        self.bar.finish_and_clear();
    }
}

/// Does something that does not tell how far it is, under this sign.
pub(crate) fn busy<T>(template: &str, does: impl FnOnce() -> T) -> T {
    let _sign = Progress::endless(template);
    does()
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};

    use super::*;

    static DRAWN: AtomicBool = AtomicBool::new(false);

    fn target() -> ProgressDrawTarget {
        DRAWN.store(true, Ordering::SeqCst);
        ProgressDrawTarget::hidden()
    }

    #[test]
    fn a_sign_is_shown_where_somebody_sees_it_once_it_takes_long_and_is_taken_away() {
        // What nobody sees, and what ends soon.
        assert!(Progress::on(None, "{spinner} working", false, Duration::ZERO, target).shows.is_none());
        drop(Progress::on(None, "{spinner} working", true, Duration::MAX, target));
        assert!(!DRAWN.load(Ordering::SeqCst));
        let busy = Progress::on(None, "{spinner} working", true, Duration::ZERO, target);
        let bar = busy.bar.clone();
        // It is shown as long as this end of the channel is held.
        while !DRAWN.load(Ordering::SeqCst) {
            thread::yield_now();
        }
        assert!(!bar.is_finished());
        drop(busy);
        assert!(bar.is_finished());
    }
}
