//! What the acts of this thread met: which were carried out, and with which codes they were refused. A test's bench notes
//! it, whoever wants to know what several tests met together asks here. Not here: what the audit record keeps.

use std::cell::RefCell;
use std::collections::BTreeSet;

use serde_json::Value;

use crate::acts::refusal::Refusal;
use crate::registry;

/// Acts and codes.
#[derive(Clone, Debug, Default)]
pub(crate) struct Met {
    /// The acts that were carried out.
    pub(crate) done: BTreeSet<&'static str>,
    /// The acts that were refused, and the codes; those too that an answer tells as faults of what it was asked about.
    pub(crate) refused: BTreeSet<(&'static str, String)>,
}

thread_local! {
    static MET: RefCell<Met> = RefCell::default();
}

/// An act by this name was carried out, or refused.
pub(crate) fn note(act: &str, result: Result<&Value, &Refusal>) {
    let name = registry::act(act).map_or("", |entry| entry.name);
    MET.with_borrow_mut(|met| match result {
        Ok(answer) => {
            met.done.insert(name);
            let lines = answer["lines"].as_array().into_iter().flatten();
            let faults = lines.chain([answer]).filter_map(|part| part["faults"].as_array()).flatten();
            met.refused.extend(faults.filter_map(|fault| Some((name, fault["code"].as_str()?.to_owned()))));
        }
        Err(refusal) => _ = met.refused.insert((name, refusal.code.to_owned())),
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
