//! Why a card was not put into use, or why a transaction was not carried out.
//!
//! A new reason goes to the end of the list, since the till is told its place. It also needs its words for the operator
//! (`reason_text` in the firmware's `ui`), if it has one its response code (`centre::message::response`), a row in
//! `host-sim/scenarios/README.md`, and a scenario. Tests fail until it has them.

use core::fmt;

use crate::advice::Advice;

/// How a visit to the terminal ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// Done as asked.
    Approved,
    /// A rule forbids it; a repetition changes nothing until something else changes.
    Refused,
    /// Something broke; a repetition may help.
    Failed,
    /// The operator or holder stopped it.
    Cancelled,
    /// Nobody did in time what the terminal waited for.
    TimedOut,
}

impl Outcome {
    /// Every outcome.
    pub const ALL: [Self; 5] = [Self::Approved, Self::Refused, Self::Failed, Self::Cancelled, Self::TimedOut];

    /// The outcome's word in files and reports.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Approved => "approved",
            Self::Refused => "refused",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
            Self::TimedOut => "timed-out",
        }
    }
}

macro_rules! reasons {
    ($($(#[$doc:meta])* $name:ident = $word:literal => $outcome:ident, $advice:ident;)*) => {
        /// The one reason of a visit. The operator sees it, the centre records it, a scenario expects it.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Reason { $($(#[$doc])* $name,)* }

        impl Reason {
            /// Every reason.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The reason's word in files and reports.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $word,)* }
            }

            /// How a visit that met this reason ended.
            pub const fn outcome(self) -> Outcome {
                match self { $(Self::$name => Outcome::$outcome,)* }
            }

            /// Who can put it right.
            pub const fn advice(self) -> Advice {
                match self { $(Self::$name => Advice::$advice,)* }
            }
        }
    };
}

reasons! {
    /// The centre does not know the institution of this terminal.
    InstitutionUnknown = "institution-unknown" => Refused, CallService;
    /// The hospital or pharmacy is not designated.
    InstitutionNotDesignated = "institution-not-designated" => Refused, CallService;
    /// The bank does not issue cards in the card's coordinating area.
    BankNotOfArea = "bank-not-of-area" => Refused, AskHolder;
    /// The identity document is another person's.
    DocumentMismatch = "document-mismatch" => Refused, AskHolder;
    /// The identity document is no longer valid.
    DocumentExpired = "document-expired" => Refused, AskHolder;
    /// No identity document was presented at a bank counter.
    DocumentMissing = "document-missing" => Refused, AskHolder;
    /// The card's validity has ended.
    CardExpired = "card-expired" => Refused, AskHolder;
    /// The card is reported lost, in writing or by telephone.
    CardLost = "card-lost" => Refused, AskHolder;
    /// The card's application is locked.
    CardLocked = "card-locked" => Refused, AskHolder;
    /// The agency sealed the card.
    CardSealed = "card-sealed" => Refused, AskHolder;
    /// The card is cancelled.
    CardCancelled = "card-cancelled" => Refused, AskHolder;
    /// A card of another area cannot be put into use here.
    OtherArea = "other-area" => Refused, AskHolder;
    /// The centre has no such card.
    CardUnknown = "card-unknown" => Refused, AskHolder;
    /// The holder has no medical insurance.
    NotInsured = "not-insured" => Refused, AskHolder;
    /// The personal account does not cover the holder's share.
    InsufficientFunds = "insufficient-funds" => Refused, AskHolder;
    /// The PIN was wrong and not tried again.
    PinWrong = "pin-wrong" => Refused, AskHolder;
    /// The card has blocked the PIN.
    PinBlocked = "pin-blocked" => Refused, AskHolder;
    /// The initial PIN was not replaced by one of the holder's own.
    InitialPinUnchanged = "initial-pin-unchanged" => Refused, AskHolder;
    /// The card failed authentication, or differs from the centre's record of it.
    CardNotGenuine = "card-not-genuine" => Refused, AskHolder;
    /// The card does not answer, or answers what no social security card would.
    CardUnreadable = "card-unreadable" => Failed, AskHolder;
    /// The card was taken out too early.
    CardRemoved = "card-removed" => Failed, AskHolder;
    /// The centre did not answer in time.
    NoAnswer = "no-answer" => Failed, TryAgain;
    /// The operator or holder pressed the cancel key.
    CancelledByOperator = "cancelled-by-operator" => Cancelled, TryAgain;
    /// The terminal's storage keeps nothing any more, or cannot be read: the terminal needs service.
    StorageFailed = "storage-failed" => Failed, CallService;
    /// No byte of the message to the centre could be sent: the centre knows of no transaction.
    NotSent = "not-sent" => Failed, CallService;
    /// The centre answered that it cannot read the message, or does not trust it.
    Rejected = "message-rejected" => Failed, CallService;
    /// Places of this kind do not offer the operation: a pharmacy settles no bill.
    OperationNotHere = "operation-not-here" => Refused, AskHolder;
    /// Nobody inserted a card in time.
    NobodyCame = "nobody-came" => TimedOut, TryAgain;
    /// Nobody keyed the PIN in time.
    PinNotKeyed = "pin-not-keyed" => TimedOut, TryAgain;
    /// Another terminal works under this institution and name.
    NameTaken = "terminal-name-taken" => Refused, CallService;
    /// The centre has ended the terminal's lease since it signed in; the next visit signs in again.
    NotSignedIn = "not-signed-in" => Failed, TryAgain;
    /// Every number that the terminal's name can have was used.
    NumbersUsedUp = "numbers-used-up" => Failed, CallService;
    /// The number was used for another transaction: nothing was done under it, and nothing undone.
    NumberReused = "number-reused" => Refused, CallService;
    /// The transaction came after its reversal, or was said again after it.
    AlreadyReversed = "already-reversed" => Refused, TryAgain;
    /// The terminal's clock and the centre's differ by more than is allowed: nothing was done.
    ClockWrong = "clock-wrong" => Refused, CallService;
    /// The centre has too much to do: nothing was done.
    CentreBusy = "centre-busy" => Failed, TryAgain;
    /// The centre of the card's or the terminal's area cannot be reached now: nothing was done.
    RegionDown = "region-down" => Failed, TryAgain;
    /// The working key that the centre gave the terminal at sign-in is not the one that its check value belongs to.
    WorkingKeyWrong = "working-key-wrong" => Failed, CallService;
    /// Nobody confirmed the transaction in time, and the centre has undone it: take the goods back, or sell anew.
    Expired = "expired" => Refused, TryAgain;
    /// The centre has approved no transaction with this number.
    UnknownTransaction = "unknown-transaction" => Refused, CallService;
    /// The transaction was confirmed: a reversal comes too late, and undoes nothing.
    AlreadyConfirmed = "already-confirmed" => Refused, CallService;
    /// The terminal's journal has no room for another transaction: too many are parked, or the batch must be settled.
    JournalFull = "journal-full" => Failed, CallService;
    /// The batch is settled: nothing new is done in it. The terminal signs in again, and gets the next one.
    BatchSettled = "batch-settled" => Failed, TryAgain;
    /// The batch is settled with a difference between terminal and centre. The centre's report names it.
    TotalsDiffer = "totals-differ" => Failed, CallService;
}

impl Reason {
    /// The reason that [`Reason::as_str`] calls `word`.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::from_bytes(word.as_bytes())
    }

    /// The same, from bytes.
    pub fn from_bytes(word: &[u8]) -> Option<Self> {
        Self::ALL.iter().copied().find(|reason| reason.as_str().as_bytes() == word)
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
