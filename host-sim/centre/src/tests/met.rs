//! What the acts of this thread met: which were carried out, and with which codes they were refused. A test's bench notes
//! it, whoever wants to know what several tests met together asks here. Not here: what the audit record keeps.

use std::cell::RefCell;
use std::collections::BTreeSet;

use crate::acts::refusal::Refusal;
use crate::registry;

/// Acts and codes.
#[derive(Clone, Debug, Default)]
pub(crate) struct Met {
    /// The acts that were carried out.
    pub(crate) done: BTreeSet<&'static str>,
    /// The acts that were refused by more than the operator's role, and the codes.
    pub(crate) refused: BTreeSet<(&'static str, &'static str)>,
}

thread_local! {
    static MET: RefCell<Met> = RefCell::default();
}

/// An act by this name was carried out, or refused.
pub(crate) fn note(act: &str, refusal: Option<&Refusal>) {
    let name = registry::act(act).map_or("", |entry| entry.name);
    MET.with_borrow_mut(|met| match refusal {
        None => met.done.insert(name),
        Some(refusal) => met.refused.insert((name, refusal.code)),
    });
}

/// What the acts of these tests met, which run on this thread.
pub(crate) fn in_all(tests: &[fn()]) -> Met {
    MET.take();
    for test in tests {
        test();
    }
    MET.take()
}
