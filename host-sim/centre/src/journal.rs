//! What the centre tells of the past: the journal and the activations. Read only; [`super::store`] writes them.

use qiyong_protocol::card::codes::CardNumber;
use qiyong_protocol::card::date::Timestamp;
use qiyong_protocol::centre::Stan;
use qiyong_protocol::rules::institution::{Channel, InstitutionCode};
use qiyong_protocol::rules::money::Fen;
use qiyong_protocol::rules::reason::{Outcome, Reason};

/// One line of the journal: something that was decided, by the centre or by a terminal that reported it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JournalEntry {
    /// When, by the terminal's clock.
    pub time: Timestamp,
    /// Where; not necessarily an institution the centre knows.
    pub institution: InstitutionCode,
    /// The terminal; characters that cannot be printed are escaped.
    pub terminal: String,
    /// The transaction's number, if it is about a transaction.
    pub stan: Option<Stan>,
    /// The card, if it is about one that could be read; not necessarily one the centre knows.
    pub card: Option<CardNumber>,
    /// The word for what was to be done; `None` for a refused message that names no operation.
    pub operation: Option<String>,
    /// The whole bill or price.
    pub total: Fen,
    /// What the personal account paid; given back if `reversed`.
    pub charge: Fen,
    /// How it ended.
    pub outcome: Outcome,
    /// Why it was not done. `None` if it was, and if it had the number of another transaction, which gets no answer.
    pub reason: Option<Reason>,
    /// Who said so.
    pub decided_by: DecidedBy,
    /// The card went from not activated to active with it, as the terminal was told. What is in force now, also after
    /// reversals, is in [`super::Centre::activations`].
    pub activated: bool,
    /// It was approved, and undone by a reversal.
    pub reversed: bool,
}

/// Who decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DecidedBy {
    /// The card centre.
    Centre,
    /// The terminal, before it asked the centre to transact; it reported what it decided.
    Terminal,
}

impl DecidedBy {
    /// The word for it in reports.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Centre => "centre",
            Self::Terminal => "terminal",
        }
    }
}

/// That a function of a card was put into use: by whom, where and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Activation {
    /// Which function.
    pub function: Function,
    /// Whose card.
    pub card: CardNumber,
    /// Where.
    pub institution: InstitutionCode,
    /// At which terminal; characters that cannot be printed are escaped.
    pub terminal: String,
    /// When, by the terminal's clock.
    pub time: Timestamp,
    /// In which of the three ways.
    pub channel: Channel,
    /// The number of the transaction that did it.
    pub stan: Stan,
    /// It was undone.
    pub reversed: bool,
}

/// What of a card is put into use; each independent of the other (docs/card.md §2.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Function {
    /// 社保功能: the card itself.
    Social,
    /// 金融功能: the bank account.
    Financial,
}

impl Function {
    /// The word for it in reports.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Social => "social",
            Self::Financial => "financial",
        }
    }

    /// The function that [`Function::as_str`] calls `word`.
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Social, Self::Financial].into_iter().find(|function| function.as_str() == word)
    }
}
