//! What the centre reports of the past: the journal and the activations. Only for reading; [`crate::store`] writes
//! them.

use jiff::civil::DateTime;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use qiyong_protocol::card::codes::CardNumber;
use qiyong_protocol::card::date::Timestamp;
use qiyong_protocol::centre::Stan;
use qiyong_protocol::rules::institution::{Channel, InstitutionCode};
use qiyong_protocol::rules::money::Fen;
use qiyong_protocol::rules::reason::{Outcome, Reason};

use crate::error::CentreError;
use crate::store::value::{FromValue, Row, ToValue, Value};

/// One entry of the journal: a decision, by the centre or by a terminal that reported it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JournalEntry {
    /// The time, by the terminal's clock.
    pub time: Timestamp,
    /// The time, by the centre's clock; `None` in entries that a centre of version 2 wrote.
    pub received: Option<DateTime>,
    /// The institution, even one that the centre does not know.
    pub institution: InstitutionCode,
    /// The terminal; characters that cannot be printed are escaped.
    pub terminal: String,
    /// The transaction's number, if the entry is about a transaction.
    pub stan: Option<Stan>,
    /// The card, if the entry is about one that could be read; even one that the centre does not know.
    pub card: Option<CardNumber>,
    /// The operation's word; `None` for a refused message that names no operation.
    pub operation: Option<String>,
    /// The whole bill or price.
    pub total: Fen,
    /// What the personal account paid; given back if `reversed`.
    pub charge: Fen,
    /// How it ended.
    pub outcome: Outcome,
    /// Why it was not done. `None` if it was done.
    pub reason: Option<Reason>,
    /// Who decided.
    pub decided_by: DecidedBy,
    /// The transaction changed the card from not activated to active, as the terminal was told. What is in force now,
    /// after reversals, is in [`crate::Centre::activations`].
    pub activated: bool,
    /// The transaction was approved, and a reversal has undone it.
    pub reversed: bool,
    /// What became of it, if it was approved.
    pub phase: Option<Phase>,
    /// What failed on the card after the approval, as the terminal said when it confirmed the transaction.
    pub result: Option<Reason>,
}

/// What became of an approved transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Phase {
    /// The terminal has not said yet that it is done.
    Pending,
    /// The terminal has said so, and nothing changes it any more. So are transactions from before there were confirmations.
    Posted,
    /// A reversal has undone it.
    Voided,
    /// Nobody said anything in time, and the centre has undone it.
    Expired,
}

impl Phase {
    /// The word in the database and in reports.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Posted => "posted",
            Self::Voided => "voided",
            Self::Expired => "expired",
        }
    }
}

impl Phase {
    /// What became of the transaction in a row with `approved`, `reversed` and `state`; `None`: it was not approved.
    pub(crate) fn of(row: &Row) -> Result<Option<Self>, CentreError> {
        let state: Option<Self> = row.get("state")?;
        Ok(match (row.get("approved")?, row.get("reversed")?) {
            (false, _) => None,
            (true, true) => Some(Self::Voided),
            (true, false) => Some(state.unwrap_or(Self::Posted)),
        })
    }
}

impl ToValue for Phase {
    fn to_value(&self) -> Value {
        Value::Text(self.as_str().to_owned())
    }
}

impl FromValue for Phase {
    fn from_value(value: Value) -> Option<Self> {
        let Value::Text(word) = value else { return None };
        [Self::Pending, Self::Posted, Self::Voided, Self::Expired].into_iter().find(|phase| phase.as_str() == word)
    }
}

/// Who decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DecidedBy {
    /// The card centre.
    Centre,
    /// The terminal, before it asked the centre to transact; it reported its decision.
    Terminal,
}

impl DecidedBy {
    /// The word in reports.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Centre => "centre",
            Self::Terminal => "terminal",
        }
    }
}

/// The record that a function of a card was put into use: by which terminal, where and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Activation {
    /// The function.
    pub function: Function,
    /// The card.
    pub card: CardNumber,
    /// The institution.
    pub institution: InstitutionCode,
    /// The terminal; characters that cannot be printed are escaped.
    pub terminal: String,
    /// The time, by the terminal's clock.
    pub time: Timestamp,
    /// The channel through which it was put into use.
    pub channel: Channel,
    /// The number of the transaction that did this.
    pub stan: Stan,
    /// Whether it was undone.
    pub reversed: bool,
}

/// The two functions of a card that are put into use, each independent of the other (docs/card.md §2.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Function {
    /// 社保功能: the card itself.
    Social,
    /// 金融功能: the bank account.
    Financial,
}

impl Function {
    /// The function's word in reports.
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

impl ToValue for Function {
    fn to_value(&self) -> Value {
        Value::Text(self.as_str().to_owned())
    }
}

impl FromValue for Function {
    fn from_value(value: Value) -> Option<Self> {
        if let Value::Text(word) = value { Self::from_word(&word) } else { None }
    }
}
