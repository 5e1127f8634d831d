//! What the application needs from outside, besides a card slot: the centre, the till's screen and keys, the time, and a
//! memory that outlives a power cut.

use core::fmt;

use heapless::Vec;
use qiyong_protocol::advice::Advice;
use qiyong_protocol::card::date::Timestamp;
use qiyong_protocol::card::pin::Pin;
use qiyong_protocol::centre::{
    Answer, Batch, Deal, Entry, Lease, LinkError, Original, Request, Stan, Token, Totals, UPLOAD_MAX,
};
use qiyong_protocol::rules::money::Fen;
use qiyong_protocol::rules::reason::Reason;

use super::Settings;
use super::duty::{Closed, Duties, Owed};
use crate::ui::Screen;

/// The way to the card centre.
pub trait CentreLink {
    /// Sends a request and awaits its answer, at most as long as the link's own time-out.
    ///
    /// Cancel-safety: dropped with the whole visit only. Then the centre may or may not have acted on the request, and an answer
    /// that still comes must not be taken for that to the next one.
    ///
    /// # Errors
    /// When there is no answer. After one that [is unsent](LinkError::is_unsent) a transaction is closed without a reversal, so
    /// that such an error is for what certainly never left; after any other it is reversed.
    async fn ask(&mut self, request: &Request<'_>) -> Result<Answer, LinkError>;

    /// Waits so many seconds before the next try. A link that knows no time waits for nothing, and does without that.
    ///
    /// Cancel-safety: cancel-safe.
    async fn rest(&mut self, seconds: u8) {
        let _ = seconds;
    }
}

/// The screen, and the keys of operator and holder.
pub trait Operator {
    /// Shows a screen until the next one.
    fn show(&mut self, screen: &Screen);

    /// Takes a PIN from the key pad, with no more echo than a star a digit; ends by itself when nobody keys.
    ///
    /// Cancel-safety: must be cancel-safe. It is dropped when the card is taken out; what was keyed by then must be wiped.
    ///
    /// # Errors
    /// When no PIN was keyed.
    async fn enter_pin(&mut self, which: WhichPin) -> Result<Pin, NoPin>;

    /// Completes when the cancel key is pressed, and never otherwise.
    ///
    /// Cancel-safety: must be cancel-safe. It is dropped when a card is inserted.
    async fn cancel(&mut self);
}

/// Which PIN the holder is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum WhichPin {
    /// The one the card has now.
    Present,
    /// A new one.
    New,
    /// The new one again.
    NewAgain,
}

/// Why no PIN was keyed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum NoPin {
    /// The cancel key (driver error -31).
    Cancelled,
    /// Nobody keyed in time (driver error -32).
    TimedOut,
}

impl NoPin {
    /// Who can put it right.
    pub const fn advice(self) -> Advice {
        match self {
            Self::Cancelled | Self::TimedOut => Advice::AskHolder,
        }
    }
}

impl fmt::Display for NoPin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Cancelled => "the cancel key was pressed instead of a PIN",
            Self::TimedOut => "nobody keyed a PIN in time: begin again when the holder is ready",
        })
    }
}

impl core::error::Error for NoPin {}

/// The terminal's clock.
pub trait Clock {
    /// The local date and time.
    fn now(&mut self) -> Timestamp;
}

/// What the terminal may not forget, whenever its power is cut: the numbers it has used, and every transaction that it has begun,
/// until the centre has said how that ended.
///
/// Nothing here is `async`: a call takes at most as long as a flash needs to erase a page (some 25 ms), while nothing else
/// of the visit is under way.
pub trait Memory {
    /// What the centre must hear before the next transaction begins, that of the oldest transaction first. The methods that
    /// note how a transaction goes on are about the same one.
    ///
    /// # Errors
    /// When that cannot be known; then nothing else may be done either.
    fn owed(&self) -> Result<Option<Owed>, MemoryError>;

    /// How many transactions are parked: the centre does not take what it is owed for them, and others go on meanwhile.
    fn parked(&self) -> usize;

    /// What is owed, as the till is told it; nothing if that cannot be known.
    fn duties(&self) -> Duties {
        let owed = self.owed().ok().flatten();
        Duties {
            reversal: matches!(owed, Some(Owed::Reverse(_))),
            confirmation: matches!(owed, Some(Owed::Confirm(..))),
            parked: self.parked() as u8,
        }
    }

    /// Lets the parked transactions be owed again, each until it is [missed](Self::missed) once more.
    fn resume(&mut self);

    /// The token of this terminal. If it has none yet, it is `fresh` from now on, durably.
    ///
    /// # Errors
    /// When none can be known, or a fresh one was not kept.
    fn token(&mut self, fresh: Token) -> Result<Token, MemoryError>;

    /// Keeps, durably, the lease that the centre has given for the name in `settings`, and the policy there. Numbers only go up: within a batch, a
    /// lower next number than the own changes nothing.
    ///
    /// # Errors
    /// When nothing was kept.
    fn keep_lease(&mut self, settings: &Settings, lease: Lease) -> Result<(), MemoryError>;

    /// The batch that is leased for the name in `settings`, if one is and a number is left in it.
    fn batch(&self, settings: &Settings) -> Option<Batch>;

    /// Takes the next number and notes that the transaction with it has begun, which is about to be sent under the name in
    /// `settings` and as `original` says. Both are durable when this returns: only then may the transaction be sent, in this
    /// batch and with this number. A number is given once, and numbers only go up. Must not be called while anything is
    /// [owed](Self::owed), nor without a [`batch`](Self::batch).
    ///
    /// # Errors
    /// When nothing was kept, no number is left, or there is no room; the transaction must not be sent.
    fn begin(&mut self, settings: &Settings, original: Original, kind: Deal) -> Result<(Batch, Stan), MemoryError>;

    /// Notes, durably, that the centre has approved the transaction, and what the personal account paid. It is owed a reversal
    /// still, until the card has what is for it.
    ///
    /// # Errors
    /// When that was not kept; then the transaction must be reversed.
    fn answered(&mut self, charge: Fen) -> Result<(), MemoryError>;

    /// Notes, durably, that card and receipt are done, or what failed on the card. From now on it is owed a confirmation.
    ///
    /// # Errors
    /// When that was not kept; then the transaction must be reversed.
    fn card_result(&mut self, result: Option<Reason>) -> Result<(), MemoryError>;

    /// Notes, durably, how the transaction ended, and the reason if the centre gave one that it should not have. Nothing is
    /// owed for it from now on.
    ///
    /// # Errors
    /// When that was not kept; it is owed still.
    fn close(&mut self, how: Closed, reason: Option<Reason>) -> Result<(), MemoryError>;

    /// The batch that is leased for the name in `settings`, if anything of it is closed: it is settled before another one begins.
    fn unsettled(&self, settings: &Settings) -> Option<Batch>;

    /// Whether the batch must be settled before the next transaction begins, since there is no room for one.
    fn is_full(&self) -> bool;

    /// What was confirmed of the present batch.
    fn totals(&self) -> Totals;

    /// What was confirmed or reversed of the present batch, from the one at the place `from` on, which begin at 1, as far as `room`
    /// has room. The order is the same at each call while nothing is noted.
    ///
    /// # Errors
    /// When it cannot be read.
    fn uploads(&mut self, from: u32, room: &mut Vec<Entry, UPLOAD_MAX>) -> Result<(), MemoryError>;

    /// Notes, durably, that the present batch is settled: its transactions are needed no longer, and there is no
    /// [`batch`](Self::batch) before the next sign-in. What is owed stays owed.
    ///
    /// # Errors
    /// When that was not kept; the batch is settled once more, which the centre answers as before.
    fn settled(&mut self) -> Result<(), MemoryError>;

    /// Notes, durably, that the centre did not take what it is owed. If that was the round with the number `bound`, or a later
    /// one, the transaction is parked. Returns whether it is.
    ///
    /// # Errors
    /// When that was not kept; it is owed as before.
    fn missed(&mut self, bound: u8) -> Result<bool, MemoryError>;
}

/// A memory that lies elsewhere than the terminal that uses it: in a static, for one, so that it is nowhere twice.
impl<M: Memory> Memory for &mut M {
    fn owed(&self) -> Result<Option<Owed>, MemoryError> {
        (**self).owed()
    }

    fn parked(&self) -> usize {
        (**self).parked()
    }

    fn resume(&mut self) {
        (**self).resume();
    }

    fn token(&mut self, fresh: Token) -> Result<Token, MemoryError> {
        (**self).token(fresh)
    }

    fn keep_lease(&mut self, settings: &Settings, lease: Lease) -> Result<(), MemoryError> {
        (**self).keep_lease(settings, lease)
    }

    fn batch(&self, settings: &Settings) -> Option<Batch> {
        (**self).batch(settings)
    }

    fn begin(&mut self, settings: &Settings, original: Original, kind: Deal) -> Result<(Batch, Stan), MemoryError> {
        (**self).begin(settings, original, kind)
    }

    fn answered(&mut self, charge: Fen) -> Result<(), MemoryError> {
        (**self).answered(charge)
    }

    fn card_result(&mut self, result: Option<Reason>) -> Result<(), MemoryError> {
        (**self).card_result(result)
    }

    fn close(&mut self, how: Closed, reason: Option<Reason>) -> Result<(), MemoryError> {
        (**self).close(how, reason)
    }

    fn unsettled(&self, settings: &Settings) -> Option<Batch> {
        (**self).unsettled(settings)
    }

    fn is_full(&self) -> bool {
        (**self).is_full()
    }

    fn totals(&self) -> Totals {
        (**self).totals()
    }

    fn uploads(&mut self, from: u32, room: &mut Vec<Entry, UPLOAD_MAX>) -> Result<(), MemoryError> {
        (**self).uploads(from, room)
    }

    fn settled(&mut self) -> Result<(), MemoryError> {
        (**self).settled()
    }

    fn missed(&mut self, bound: u8) -> Result<bool, MemoryError> {
        (**self).missed(bound)
    }
}

/// Why something could not be kept or recalled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MemoryError {
    /// The storage is worn out: no page of it takes a record. The board must be exchanged.
    Worn,
    /// The storage cannot be read. The board must be exchanged.
    Unreadable,
    /// What is stored was written by another version of the program, which alone can read it. Load that version to close
    /// its business; then erase the region with a probe.
    OtherVersion,
    /// Every number of the batch was used, or there is no batch. The next sign-in brings another one.
    NumbersUsedUp,
    /// The journal has no room for another transaction: the batch must be settled, or too many are parked.
    JournalFull,
}

impl MemoryError {
    /// What is wrong, and what to do.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Worn => "worn, exchange the board",
            Self::Unreadable => "unreadable, exchange the board",
            Self::OtherVersion => "records of another version: load it, or erase the region",
            Self::NumbersUsedUp => "no number is left, sign in at the centre",
            Self::JournalFull => "the journal is full: sign off to send again what is parked",
        }
    }

    /// Who can put it right.
    pub const fn advice(self) -> Advice {
        match self {
            Self::Worn | Self::Unreadable | Self::OtherVersion | Self::NumbersUsedUp | Self::JournalFull => {
                Advice::CallService
            }
        }
    }
}

impl fmt::Display for MemoryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the terminal's storage: {}", self.as_str())
    }
}

impl core::error::Error for MemoryError {}

/// The words of [`MemoryError::as_str`], of which a board has none in its flash then.
#[cfg(feature = "defmt")]
impl defmt::Format for MemoryError {
    fn format(&self, f: defmt::Formatter<'_>) {
        match self {
            Self::Worn => defmt::write!(f, "worn, exchange the board"),
            Self::Unreadable => defmt::write!(f, "unreadable, exchange the board"),
            Self::OtherVersion => defmt::write!(f, "records of another version: load it, or erase the region"),
            Self::NumbersUsedUp => defmt::write!(f, "no number is left, sign in at the centre"),
            Self::JournalFull => defmt::write!(f, "the journal is full: sign off to send again what is parked"),
        }
    }
}
