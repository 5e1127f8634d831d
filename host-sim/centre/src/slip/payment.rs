//! Registering a payment and cancelling the registration: pure decisions about one slip, without storage.
//!
//! Both are told by a reference that the payer's bank or the cashier gives. A message that comes again, or late, or after
//! its own cancellation, changes nothing: whatever the order and however often, a reference that was cancelled once
//! never pays, and a slip is paid by one reference at a time.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use strum::IntoStaticStr;

use super::refusal::SlipRefusal;
use super::state::{SlipState, SlipStep};
use crate::store::value::words;

/// Whether a message changed anything (00 and 01 of the published operations).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, IntoStaticStr, utoipa::ToSchema)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum Done {
    /// It is done now.
    Done,
    /// It had been done before.
    AlreadyDone,
}

words! {
    /// What is known of a reference.
    pub enum PaymentState {
        /// It pays the slip.
        Registered,
        /// It does not, and never will.
        Cancelled,
    }
}

/// A payment of which the centre has heard. One that was cancelled before it was registered has no amount.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payment {
    /// Its reference.
    pub reference: String,
    /// The amount in fen, once it was registered.
    pub amount: Option<i64>,
    /// What became of it.
    pub state: PaymentState,
}

/// A slip with its payments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// Where the slip stands.
    pub state: SlipState,
    /// What is due, in fen.
    pub total: i64,
    /// The day of issue.
    pub issued: Date,
    /// The last day on which it can be paid.
    pub due: Date,
    /// The payments, at most one for a reference.
    pub payments: Vec<Payment>,
}

/// How the fee's money moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flow {
    /// From the payer, over the outlet's cash, to the fee.
    CashToFee,
    /// Back to the payer.
    FeeToCash,
    /// From the fee to the finance authority.
    FeeToFinance,
    /// Back from the finance authority.
    FinanceToFee,
}

/// What is to be done about a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Nothing: it was done before.
    Already,
    /// The payment becomes this, the slip goes to this state, and the total moves in these ways.
    Now {
        /// The payment as it is from now on.
        payment: Payment,
        /// The slip's state from now on.
        state: SlipState,
        /// How the slip's total moves.
        flows: &'static [Flow],
    },
}

impl Account {
    /// A payment is reported. `today` is the centre's day; `paid` the day on which the payer paid.
    ///
    /// # Errors
    /// The slip cannot be paid so.
    pub fn register(&self, reference: &str, amount: i64, paid: Date, today: Date) -> Result<Decision, SlipRefusal> {
        match self.payment(reference) {
            Some(Payment { state: PaymentState::Cancelled, .. }) => return Err(SlipRefusal::PaymentCancelled),
            Some(known) if known.amount == Some(amount) => return Ok(Decision::Already),
            Some(_) => return Err(SlipRefusal::PaymentDiffers),
            None => {}
        }
        let state = match self.state.after(SlipStep::Register) {
            Some(state) => state,
            None if self.state == SlipState::Void => return Err(SlipRefusal::Void),
            None => return Err(SlipRefusal::PaidOtherwise),
        };
        if amount != self.total {
            return Err(SlipRefusal::Amount { due: self.total });
        }
        if paid < self.issued || paid > today {
            return Err(SlipRefusal::PaymentDay { issued: self.issued, today });
        }
        if paid > self.due {
            return Err(SlipRefusal::Overdue { due: self.due });
        }
        let payment =
            Payment { reference: reference.to_owned(), amount: Some(amount), state: PaymentState::Registered };
        Ok(Decision::Now { payment, state, flows: &[Flow::CashToFee] })
    }

    /// A registration is to be cancelled, or a payment that has not been reported yet. `card_is_made`: the fee has been
    /// used up.
    ///
    /// # Errors
    /// The card has been made.
    pub fn cancel(&self, reference: &str, card_is_made: bool) -> Result<Decision, SlipRefusal> {
        let (amount, state, flows): (_, _, &'static [Flow]) = match self.payment(reference) {
            Some(Payment { state: PaymentState::Cancelled, .. }) => return Ok(Decision::Already),
            // It never came to the slip; it will find that it was cancelled.
            None => (None, self.state, &[]),
            Some(_) if card_is_made => return Err(SlipRefusal::FeeUsed),
            Some(payment) => {
                let flows: &[Flow] = match self.state {
                    SlipState::Remitted => &[Flow::FinanceToFee, Flow::FeeToCash],
                    _ => &[Flow::FeeToCash],
                };
                (payment.amount, self.state.after(SlipStep::Cancel).unwrap_or(self.state), flows)
            }
        };
        let payment = Payment { reference: reference.to_owned(), amount, state: PaymentState::Cancelled };
        Ok(Decision::Now { payment, state, flows })
    }

    /// What is known of a reference.
    pub fn payment(&self, reference: &str) -> Option<&Payment> {
        self.payments.iter().find(|payment| payment.reference == reference)
    }

    /// The payment by which the slip is paid.
    pub fn paid_by(&self) -> Option<&Payment> {
        self.payments.iter().find(|payment| payment.state == PaymentState::Registered)
    }
}

/// Whether this can be a payment's reference: 1 to 40 of the characters 0-9 A-Z a-z and `-`.
pub fn is_reference(text: &str) -> bool {
    (1..=40).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}
