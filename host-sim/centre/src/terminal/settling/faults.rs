//! Deliberate faults of the settlement, for the proof that its tests can fail (docs/design.md §2). In the product none can be set.

/// One deliberate fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::VariantArray)]
pub(crate) enum Fault {
    /// Cards are not compared.
    CardIgnored,
    /// Charges are not compared.
    ChargeIgnored,
    /// Times are not compared.
    TimeIgnored,
    /// What the terminal reversed may stand at the centre.
    ReversedMayStand,
    /// A number that is named twice with other contents is a plain duplicate.
    ConflictIsDuplicate,
    /// What the terminal does not name is not looked for.
    ForgottenUnseen,
    /// The terminal's totals are not compared with its entries.
    TotalsUnseen,
    /// What was passed on is taken for missing.
    ElsewhereIsMissing,
    /// What is pending counts as posted.
    PendingCounts,
    /// What expired counts.
    ExpiredCounts,
    /// An upload with gaps is compared.
    GapsUnseen,
    /// What was uploaded before stays when totals are said anew.
    EntriesStay,
    /// A number that is named twice resolves what is pending.
    NamedTwiceResolves,
    /// What differs resolves what is pending.
    DifferentResolves,
    /// A settled batch is settled anew.
    SettledAgain,
    /// A settled batch goes on.
    BatchGoesOn,
    /// An old batch is not known to be settled.
    OldBatchForgotten,
    /// What comes after the settlement is not noted.
    LateUnnoted,
    /// Whoever has not the lease settles.
    AnybodySettles,
}

#[cfg(test)]
std::thread_local! {
    static SET: std::cell::Cell<Option<Fault>> = const { std::cell::Cell::new(None) };
}

/// Sets a fault on this thread, or none.
#[cfg(test)]
pub(crate) fn set(fault: Option<Fault>) {
    SET.set(fault);
}

/// Whether this fault is set; in the product never.
pub(crate) fn bent(fault: Fault) -> bool {
    #[cfg(test)]
    let set = SET.get();
    #[cfg(not(test))]
    let set: Option<Fault> = None;
    set == Some(fault)
}
