//! What falls due at a centre by itself: transactions that no terminal has confirmed in time. A thread does it as long as the
//! server runs, with a centre of its own; for several regions, a thread for each, so that one that is down holds up no other.
//!
//! Not here: what is due, and what becomes of it (`qiyong_centre::Centre::expire`).

use std::io;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::{Metric, Registry};

use qiyong_centre::Centre;

use crate::region_figures::OfRegion;

/// How long is waited between two looks.
pub const EVERY: Duration = Duration::from_secs(300);

/// Who does what is due.
pub trait Due: Send + 'static {
    /// Does it: how many transactions were undone, and how many are pending now; `None`: it failed, and it was said why.
    fn do_it(&mut self) -> Option<(u32, u32)>;
}

impl Due for Centre {
    fn do_it(&mut self) -> Option<(u32, u32)> {
        let done = self.expire().and_then(|expired| Ok((expired, self.pending()?)));
        done.inspect_err(|error| tracing::error!(%error, "what is due could not be done")).ok()
    }
}

/// Of a database, or of a region: how many are pending, and how many were undone.
type Figures = (Gauge, Counter<u64, AtomicU64>);

/// The threads, until it is dropped.
#[derive(Debug)]
pub struct DueWork {
    threads: Vec<Worker>,
    figures: Arc<Registry>,
}

/// A thread, until it is dropped.
#[derive(Debug)]
struct Worker {
    end: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl DueWork {
    /// Looks at once, and again whenever so much time has passed.
    ///
    /// # Errors
    /// The system gives no thread.
    pub fn start(centre: impl Due, every: Duration) -> io::Result<Self> {
        let (pending, expired) = Figures::default();
        let figures = registry(pending.clone(), expired.clone());
        Ok(Self { threads: vec![Worker::start(centre, (pending, expired), every)?], figures })
    }

    /// The same for several regions, each with its name.
    ///
    /// # Errors
    /// The system gives no thread.
    pub fn start_regions<D: Due>(regions: Vec<(String, D)>, every: Duration) -> io::Result<Self> {
        let (pending, expired) = (Family::<OfRegion, Gauge>::default(), Family::<OfRegion, Counter>::default());
        let figures = registry(pending.clone(), expired.clone());
        let start = |(region, centre): (String, D)| {
            let label = OfRegion::new(&region);
            let own = (pending.get_or_create_owned(&label), expired.get_or_create_owned(&label));
            Worker::start(centre, own, every)
        };
        Ok(Self { threads: regions.into_iter().map(start).collect::<io::Result<_>>()?, figures })
    }

    /// Its figures.
    pub fn figures(&self) -> Arc<Registry> {
        self.figures.clone()
    }
}

fn registry(pending: impl Metric, expired: impl Metric) -> Arc<Registry> {
    let mut figures = Registry::with_prefix("qiyong_terminal");
    figures.register("pending", "Approved transactions that are not confirmed yet", pending);
    figures.register("expired", "Approved transactions that nobody confirmed, and that were undone", expired);
    Arc::new(figures)
}

impl Worker {
    fn start(mut centre: impl Due, (pending, expired): Figures, every: Duration) -> io::Result<Self> {
        let (end, ends) = channel::<()>();
        let work = move || {
            loop {
                if let Some((undone, left)) = centre.do_it() {
                    if undone > 0 {
                        tracing::info!(undone, "transactions were undone that nobody has confirmed");
                    }
                    expired.inc_by(undone.into());
                    pending.set(left.into());
                }
                if ends.recv_timeout(every) != Err(RecvTimeoutError::Timeout) {
                    return;
                }
            }
        };
        let thread = thread::Builder::new().name("due".into()).spawn(work)?;
        Ok(Self { end: Some(end), thread: Some(thread) })
    }
}

/// All are told before one is waited for.
impl Drop for DueWork {
    fn drop(&mut self) {
        self.threads.iter_mut().for_each(|worker| drop(worker.end.take()));
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        drop(self.end.take());
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{Receiver, sync_channel};

    use prometheus_client::encoding::text::encode;

    use super::*;

    /// One that does what it is told when it is told.
    struct Told(Receiver<Option<(u32, u32)>>);

    impl Due for Told {
        fn do_it(&mut self) -> Option<(u32, u32)> {
            self.0.recv().unwrap_or(Some((0, 0)))
        }
    }

    #[test]
    fn it_looks_at_once_and_again_counts_and_goes_on_after_a_failure() {
        // Each is taken when the one before was done.
        let (tell, told) = sync_channel(0);
        let work = DueWork::start(Told(told), Duration::from_millis(1)).unwrap();
        for done in [Some((3, 7)), None, Some((2, 5)), None] {
            tell.send(done).unwrap();
        }
        let mut text = String::new();
        encode(&mut text, &work.figures()).unwrap();
        for row in ["qiyong_terminal_expired_total 5\n", "qiyong_terminal_pending 5\n"] {
            assert!(text.contains(row), "{text}");
        }
        drop(tell);
        drop(work);
    }

    /// A region that does not answer holds up no other.
    #[test]
    fn each_region_is_looked_at_by_itself() {
        let (tell_silent, silent) = sync_channel(0);
        let (tell, told) = sync_channel(0);
        let regions = vec![("r0".to_string(), Told(silent)), ("r1".to_string(), Told(told))];
        let work = DueWork::start_regions(regions, Duration::from_millis(1)).unwrap();
        for done in [Some((3, 7)), None] {
            tell.send(done).unwrap();
        }
        let mut text = String::new();
        encode(&mut text, &work.figures()).unwrap();
        let rows =
            ["expired_total{region=\"r1\"} 3\n", "pending{region=\"r1\"} 7\n", "expired_total{region=\"r0\"} 0\n"];
        for row in rows {
            assert!(text.contains(&format!("qiyong_terminal_{row}")), "{row}: {text}");
        }
        assert_eq!(text.matches("# TYPE qiyong_terminal_pending").count(), 1, "{text}");
        drop((tell, tell_silent));
        drop(work);
    }
}
