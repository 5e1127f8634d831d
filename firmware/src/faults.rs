//! Deliberate faults of the journal, of the keys beside it, and of the reader: each is a rule left out, and a test convicts it. A build that is no
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
    /// A reader's answer whose last packet is full ends with it.
    NoEmptyPacket,
    /// A reader answers nothing when both halves of an abort are there.
    AbortUnanswered,
    /// The first half of an abort changes nothing.
    AbortHalfHeard,
    /// The first half of an abort is still awaited after the bus was reset.
    AbortOutlivesReset,
    /// A reader takes a job while it has one.
    NeverBusy,
    /// A piece of a response has the sequence number of the message before.
    OldSequence,
    /// A byte between two pieces of a response is left out.
    PieceLost,
    /// A reader's buffer goes out with an answer that says failed.
    BufferInFailure,
    /// A reader's command is not wiped.
    CommandKept,
    /// A reader's message is not wiped.
    MessageKept,
    /// A packet that is a message by itself never begins anew.
    NeverAnew,
    /// A message of a wrong length gets no answer.
    WrongLengthUnanswered,
    /// A message for any slot is for the one there is.
    AnySlot,
    /// A piece of a command counts wherever it stands.
    AnyLevel,
    /// A reader says of the slot what was before the job.
    StatusStale,
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
