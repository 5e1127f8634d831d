//! Deliberate faults of the journal and of the keys beside it: each is a rule left out, and a test convicts it. A build that is no
//! test has none.

/// A rule that is left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(not(test), allow(dead_code, reason = "without a test no fault is chosen"))]
pub(crate) enum Fault {
    /// What is written counts without having been read again.
    NotVerified,
    /// An item counts whatever its CRC.
    CrcNotChecked,
    /// A page counts whatever the CRC of its head.
    HeadNotChecked,
    /// A page of copies counts before all of them are there.
    CopiesCountEarly,
    /// Pages whose items were copied count still.
    OldPagesCount,
    /// The oldest page counts no longer before its items are copied.
    SealedBeforeCopied,
    /// Items of open entries are not copied.
    OpenNotCopied,
    /// Items of parked entries are not copied.
    ParkedNotCopied,
    /// Items of closed entries of this batch are not copied.
    ClosedNotCopied,
    /// A copy gets a new sequence number.
    CopyRenumbered,
    /// What was begun is noted in RAM alone.
    BegunInRam,
    /// What was closed is noted in RAM alone.
    ClosedInRam,
    /// Of an entry's items the first one counts.
    FirstItemCounts,
    /// The numbers used are those of the record alone.
    NumberFromRecord,
    /// An entry of the record before the journal is forgotten.
    OldEntryForgotten,
    /// No bound on what a batch holds.
    NoBound,
    /// A key is taken whatever its check value.
    CheckValueIgnored,
    /// A key is taken whatever its parity.
    ParityIgnored,
    /// A key is taken whatever its MAC.
    KeyMacIgnored,
    /// The transport key opens a key for a terminal that has one.
    TransportKeyReplaces,
    /// A new key takes the place of the old one, whatever is owed under that.
    OldKeyForgotten,
    /// A third key takes the place of one under which something is owed.
    ThirdKeyTaken,
    /// A key is noted in RAM alone.
    KeyInRam,
}

#[cfg(test)]
pub(crate) use chosen::{choose, has};

#[cfg(not(test))]
pub(crate) const fn has(_: Fault) -> bool {
    false
}

#[cfg(test)]
mod chosen {
    use super::Fault;
    use core::cell::Cell;

    std::thread_local! {
        static CHOSEN: Cell<Option<Fault>> = const { Cell::new(None) };
    }

    pub(crate) fn has(fault: Fault) -> bool {
        CHOSEN.get() == Some(fault)
    }

    /// The fault of this thread from now on.
    pub(crate) fn choose(fault: Option<Fault>) {
        CHOSEN.set(fault);
    }
}
