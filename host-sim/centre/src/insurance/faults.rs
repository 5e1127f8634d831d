//! Deliberate faults of this room, for the proof that its tests can fail (docs/design.md §2). In the product none can be set:
//! there [`bent`] is always false.

/// One deliberate fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::VariantArray)]
pub enum Fault {
    /// A base above the cap stays.
    CapIgnored,
    /// A base below the floor stays.
    FloorIgnored,
    /// The middle is rounded to the even neighbour.
    RoundsHalfToEven,
    /// The fixed 10 yuan of medical insurance are forgotten.
    FixedSumForgotten,
    /// The late fee counts the last day of grace.
    LateFeeADayEarly,
    /// The employer's part goes to the personal account too.
    EmployersPartCredited,
    /// The interest counts an entry from the beginning of the year.
    InterestFromJanuary,
    /// The pool pays in spite of arrears.
    PoolInArrears,
    /// The pool pays for whom a relative's account pays.
    EntitlementThroughPooling,
    /// The waiting after a gap is forgotten.
    WaitingForgotten,
    /// The account is credited when a premium is assessed.
    CreditBeforeCollection,
    /// A line that was collected is collected again.
    CollectsTwice,
    /// A line with another amount is taken for what is due.
    AmountNotCompared,
    /// The late fee goes to the personal account.
    LateFeeToAccount,
    /// Unmatched money is not booked.
    UnmatchedNotBooked,
    /// A year's interest is paid at each run.
    InterestTwice,
    /// A paused relation is assessed.
    PausedAssessed,
}

#[cfg(test)]
thread_local! {
    static FAULT: std::cell::Cell<Option<Fault>> = const { std::cell::Cell::new(None) };
}

/// Whether this fault is set. Only a test can set one.
#[cfg(test)]
#[must_use]
pub fn bent(fault: Fault) -> bool {
    FAULT.get() == Some(fault)
}

/// Whether this fault is set: never, in the product.
#[cfg(not(test))]
#[must_use]
pub const fn bent(_: Fault) -> bool {
    false
}

/// Runs `test` with this fault set on this thread, or with none.
#[cfg(test)]
pub(crate) fn with<T>(fault: Option<Fault>, test: impl FnOnce() -> T) -> T {
    struct Reset;
    impl Drop for Reset {
        fn drop(&mut self) {
            FAULT.set(None);
        }
    }
    let _reset = Reset;
    FAULT.set(fault);
    test()
}
