//! What clients do wrong, told to whoever runs the server: with an end, however often they do it.

use std::collections::BTreeMap;
use std::sync::Mutex;

use qiyong_sim::card::desk::Complain;

use super::lock::lock;

/// So many complaints of each kind are told one by one; after these, those whose number is a power of two.
const TOLD: u64 = 16;

/// What kind of thing it is: a client that does one thing again and again must not hide what another one does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    /// Bytes that are no request.
    Rubbish,
    /// A version that is not spoken here.
    Version,
    /// A context or connection that is somebody else's.
    NotItsOwn,
    /// A client that was not let in, or had to go.
    Admission,
    /// The system gives no connection, or no thread.
    System,
}

/// Counts complaints, and tells them.
pub(super) struct Complaints {
    complain: Complain,
    counts: Mutex<BTreeMap<Kind, u64>>,
}

impl Complaints {
    pub(super) fn new(complain: Complain) -> Self {
        Self { complain, counts: Mutex::default() }
    }

    pub(super) fn tell(&self, kind: Kind, what: &str) {
        let count = {
            let mut counts = lock(&self.counts);
            let count = counts.entry(kind).or_default();
            *count = count.saturating_add(1);
            *count
        };
        if count < TOLD {
            (self.complain)(what);
        } else if count.is_power_of_two() {
            (self.complain)(&format!(
                "{what} (the {count}th complaint of its kind; the next one told is the {}th)",
                count.saturating_mul(2)
            ));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    static LINES: AtomicUsize = AtomicUsize::new(0);

    #[test]
    fn a_million_complaints_are_a_few_lines_and_hide_no_other_kind() {
        let complaints = Complaints::new(|_| {
            LINES.fetch_add(1, Ordering::Relaxed);
        });
        (0..1_000_000).for_each(|_| complaints.tell(Kind::Rubbish, "rubbish"));
        // 15 of the first, and the 16th, 32nd and so on to the 524,288th.
        assert_eq!(LINES.load(Ordering::Relaxed), 31);
        complaints.tell(Kind::Version, "version");
        assert_eq!(LINES.load(Ordering::Relaxed), 32);
    }
}
