//! The deliberate faults of the model: each is a rule left out, of the terminal's memory, its link, its slot, the card,
//! or the centre. `mutants` says what each leaves out and which property convicts it.

/// A rule that is left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    JournalAfterSend,
    NoReversal,
    ReversalOnce,
    NumberReused,
    CardResultInRam,
    ConfirmationForgotten,
    ConfirmationTurned,
    ClosedInRam,
    LateIsUnsent,
    StaleAnswerTaken,
    VerifiedTwice,
    TearCostsTry,
    InitialUnknown,
    ConfirmationNotIdempotent,
    ExpiredIsConfirmed,
    PostedExpires,
    ReversalForgotten,
    RepetitionCharged,
    ChargedMore,
    RefundedTwice,
    ReversedNotRefunded,
    ActivationBeforePayment,
    UndoneStaysActive,
    HeirForgotten,
    AnsweredBeforeKept,
}
