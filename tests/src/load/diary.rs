//! What a terminal asked and what it heard, in order. Nothing is left out, and nothing is interpreted.

use std::time::Duration;

use qiyong_protocol::card::codes::CardNumber;
use qiyong_protocol::card::date::Timestamp;
use qiyong_protocol::centre::{Answer, Batch, Stan, TerminalId};
use qiyong_protocol::rules::institution::InstitutionCode;
use qiyong_protocol::rules::money::Fen;

use super::carrier::Heard;

/// A sale, as it was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sale {
    /// Its number.
    pub stan: Stan,
    /// The card.
    pub card: CardNumber,
    /// `purchase` or `settle`.
    pub operation: &'static str,
    /// The whole bill.
    pub total: Fen,
    /// The account's part of it.
    pub share: Fen,
    /// The time of it.
    pub time: Timestamp,
}

/// What was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// For the name's lease.
    Lease,
    /// How a card stands.
    Standing(CardNumber),
    /// To note that a PIN was changed.
    PinChanged(CardNumber),
    /// To carry out a sale; also when it is said again.
    Sale(Sale),
    /// To undo it; also when it is said again.
    Undo(Sale),
}

/// A message and what came of it.
#[derive(Clone, Debug)]
pub struct Note {
    /// When it was sent: moments are numbered through all terminals of a load.
    pub sent: u64,
    /// When its answer was there, or it was clear that none comes.
    pub heard_at: u64,
    /// How long that took.
    pub took: Duration,
    /// What was asked.
    pub asked: Asked,
    /// The batch in which it was.
    pub batch: Batch,
    /// What came back.
    pub heard: Heard,
    /// What that means, if it is an answer that a terminal takes; in words, why it takes it for none.
    pub answer: Option<Result<Answer, String>>,
}

/// A terminal's notes.
#[derive(Clone, Debug)]
pub struct Diary {
    /// Where it stands.
    pub institution: InstitutionCode,
    /// Its name.
    pub terminal: TerminalId,
    /// Everything, in order.
    pub notes: Vec<Note>,
}

/// How long each answered sale took that was sent at such a moment, shortest first.
#[must_use]
pub fn times(diaries: &[Diary], counts: impl Fn(u64) -> bool) -> Vec<Duration> {
    let notes = diaries.iter().flat_map(|diary| &diary.notes).filter(|note| counts(note.sent));
    let sold = notes.filter(|note| matches!(note.asked, Asked::Sale(_)) && matches!(note.answer, Some(Ok(_))));
    let mut times: Vec<Duration> = sold.map(|note| note.took).collect();
    times.sort_unstable();
    times
}
