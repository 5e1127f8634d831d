//! What a message about a number means, given what is recorded of that number (docs/centre.md §12, §21): the rules
//! behind the table in `transactions`, and nothing else. Nothing here reads or writes; what is said here is carried out
//! there, and by the model that is explored to its end, which asks the same rules.

use qiyong_protocol::card::codes::CardNumber;
use qiyong_protocol::card::date::Timestamp;
use qiyong_protocol::centre::{Answer, Original, Receipt};
use qiyong_protocol::rules::decision::Operation;
use qiyong_protocol::rules::institution::Channel;
use qiyong_protocol::rules::money::Fen;
use qiyong_protocol::rules::reason::Reason;

use crate::terminal::journal::{Function, Phase};

/// The contents of a transaction. Two messages with one number are the same transaction if their contents are equal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subject {
    /// The card.
    pub card: CardNumber,
    /// The operation's word.
    pub operation: String,
    /// The whole bill.
    pub total: Fen,
    /// The pooled fund's part of it.
    pub fund: Fen,
    /// When it was sent.
    pub time: Timestamp,
}

impl Subject {
    /// What a message of `time` says that is to be done with `card`.
    pub fn new(card: CardNumber, operation: &Operation, time: Timestamp) -> Self {
        let (total, fund) = amounts(operation);
        Self { card, operation: operation.as_str().to_owned(), total, fund, time }
    }

    /// What a reversal says of it.
    pub const fn original(&self) -> Original {
        Original { card: self.card, total: self.total, time: self.time }
    }
}

/// The whole bill, and the pooled fund's part of it.
pub(crate) const fn amounts(operation: &Operation) -> (Fen, Fen) {
    match operation.bill() {
        Some(bill) => (bill.total(), bill.fund()),
        None => (Fen(0), Fen(0)),
    }
}

/// A transaction that was decided, and what has become of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decided {
    /// What was asked.
    pub subject: Subject,
    /// The answer.
    pub result: Result<Receipt, Reason>,
    /// A reversal has come.
    pub reversed: bool,
    /// What became of it; `None`: it was not approved, or it is from before there were confirmations.
    pub phase: Option<Phase>,
}

impl Decided {
    /// Whether it was approved, and nothing has undone it.
    pub fn stands(&self) -> bool {
        self.result.is_ok() && !self.reversed && self.phase != Some(Phase::Expired)
    }

    /// Whether it would by itself have put `function` of its card into use, at a place of this channel, which is in the
    /// card's area if `local`.
    pub fn keeps_in_use(&self, function: Function, channel: Channel, local: bool) -> bool {
        let asked_only = self.subject.operation == Operation::Query.as_str();
        let can = function == Function::Social || channel == Channel::Bank;
        self.stands() && !asked_only && can && local
    }

    /// What is undone when nobody has confirmed it in time; `None`: nothing, since it is not pending.
    pub fn expires(&self) -> Option<Receipt> {
        self.result.ok().filter(|_| self.phase == Some(Phase::Pending))
    }

    fn answer_again(&self) -> Answer {
        match self.result {
            Ok(_) if self.reversed => Answer::Refused(Reason::AlreadyReversed),
            Ok(_) if !self.stands() => Answer::Refused(Reason::Expired),
            Ok(receipt) => Answer::Approved(receipt),
            Err(reason) => Answer::Refused(reason),
        }
    }
}

/// All that is recorded of a number.
#[derive(Clone, Copy, Debug)]
pub struct Number<'a> {
    /// Its transaction, once that has come.
    pub decided: Option<&'a Decided>,
    /// What its reversal said of the original, once one has come.
    pub reversal: Option<Original>,
}

/// What is done about a transaction that comes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Coming {
    /// The number is new: it is decided.
    New,
    /// It has come before: this is its answer, and nothing is done.
    Again(Answer),
    /// Its reversal came first: it is recorded as refused.
    Late,
    /// The number is another transaction's: it is refused, and stays unrecorded under the number.
    Other,
}

/// What is done about a reversal that comes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reversing {
    /// Nothing; this is the answer.
    Nothing(Answer),
    /// The number is remembered as reversed, and what was approved under it is undone, if anything was. The answer is:
    /// done.
    Undo(Option<Receipt>),
}

/// What is done about a confirmation that comes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Confirming {
    /// Nothing; this is the answer.
    Nothing(Answer),
    /// The transaction is posted. The answer is: done.
    Post,
}

impl Number<'_> {
    /// A transaction with these contents comes.
    pub fn comes(&self, subject: &Subject) -> Coming {
        match (self.decided, self.reversal) {
            (Some(decided), _) if decided.subject == *subject => Coming::Again(decided.answer_again()),
            (None, Some(reversed)) if reversed == subject.original() => Coming::Late,
            (None, None) => Coming::New,
            _ => Coming::Other,
        }
    }

    /// A reversal of this original comes.
    pub fn is_reversed(&self, original: Original) -> Reversing {
        if !self.is_of(original) {
            return Reversing::Nothing(Answer::Refused(Reason::NumberReused));
        }
        if self.reversal.is_some() {
            return Reversing::Nothing(Answer::Done);
        }
        match self.decided.and_then(|decided| decided.phase) {
            Some(Phase::Posted) => Reversing::Nothing(Answer::Refused(Reason::AlreadyConfirmed)),
            Some(Phase::Expired) => Reversing::Nothing(Answer::Done),
            Some(Phase::Pending | Phase::Voided) | None => {
                Reversing::Undo(self.decided.and_then(|decided| decided.result.ok()))
            }
        }
    }

    /// A confirmation of this original comes.
    pub fn is_confirmed(&self, original: Original) -> Confirming {
        let refused = |reason| Confirming::Nothing(Answer::Refused(reason));
        if !self.is_of(original) {
            return refused(Reason::NumberReused);
        }
        if self.reversal.is_some() {
            return refused(Reason::AlreadyReversed);
        }
        let Some(decided) = self.decided.filter(|decided| decided.result.is_ok()) else {
            return refused(Reason::UnknownTransaction);
        };
        match decided.phase {
            Some(Phase::Pending) => Confirming::Post,
            Some(Phase::Expired) => refused(Reason::Expired),
            Some(Phase::Posted | Phase::Voided) | None => Confirming::Nothing(Answer::Done),
        }
    }

    /// Whether the number is that of this original, or nobody's yet.
    fn is_of(&self, original: Original) -> bool {
        let named = self.decided.map(|decided| decided.subject.original()).or(self.reversal);
        named.is_none_or(|named| named == original)
    }
}
