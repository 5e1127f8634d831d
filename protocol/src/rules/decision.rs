//! The decision: what happens to a card because of an operation, or the one reason why nothing happens.
//!
//! Only two things activate a card: a person verified, or a payment approved (docs/design.md §1, invariant 2).
//!
//! The order of the checks is the order in which an operator wants to know: first the place, then the card, then what
//! the holder brought along, then the money. No check concerns the PIN, because the card verifies it before the centre
//! is asked.

use super::document::{Document, DocumentKind, DocumentNumber, Validity};
use super::institution::{Channel, InstitutionCode};
use super::money::{Bill, Fen};
use super::reason::Reason;
use crate::card::codes::{CardNumber, IdNumber, IdentCode, Name, Region};
use crate::card::date::Date;
use crate::card::status::CardStatus;

/// What the operator asks the terminal to do.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Operation {
    /// Bank counter: put the card into use on the holder's application.
    Apply {
        /// The document the holder shows.
        document: Option<Document>,
    },
    /// Hospital: settle a bill; the personal account pays the holder's share.
    Settle(Bill),
    /// Pharmacy: pay a purchase from the personal account.
    Purchase(Bill),
    /// Any place: ask how the card stands.
    Query,
}

impl Operation {
    /// The channel that offers it; `None`: every channel.
    pub const fn channel(&self) -> Option<Channel> {
        match self {
            Self::Apply { .. } => Some(Channel::Bank),
            Self::Settle(_) => Some(Channel::Hospital),
            Self::Purchase(_) => Some(Channel::Pharmacy),
            Self::Query => None,
        }
    }

    /// What is to be paid, if anything is.
    pub const fn bill(&self) -> Option<&Bill> {
        match self {
            Self::Settle(bill) | Self::Purchase(bill) => Some(bill),
            Self::Apply { .. } | Self::Query => None,
        }
    }

    /// The operation's word in files and reports.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Apply { .. } => "apply",
            Self::Settle(_) => "settle",
            Self::Purchase(_) => "purchase",
            Self::Query => "query",
        }
    }
}

/// What the centre knows of an institution.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Institution {
    /// Its code, which tells its kind.
    pub code: InstitutionCode,
    /// The coordinating area (统筹区) whose agency knows it.
    pub area: Region,
    /// Hospital or pharmacy: designated (定点) by the agency.
    pub designated: bool,
    /// Bank: issues cards in its area.
    pub issues_cards: bool,
}

impl Institution {
    /// One that may do all that its kind may, in a coordinating area whose code is the region in its own.
    pub const fn of_region(code: InstitutionCode) -> Self {
        Self { code, area: code.region(), designated: true, issues_cards: true }
    }
}

/// What the terminal read from the card.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct PresentedCard {
    /// Card number.
    pub number: CardNumber,
    /// Ident code; its region is the card's coordinating area.
    pub ident: IdentCode,
    /// The holder's ID number.
    pub id_number: IdNumber,
    /// The holder's name.
    pub name: Name,
}

/// What the centre knows of a card.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CardRecord {
    /// Card number.
    pub number: CardNumber,
    /// Ident code, as the maker reported it back after production.
    pub ident: IdentCode,
    /// The holder's ID number.
    pub id_number: IdNumber,
    /// The holder's name.
    pub name: Name,
    /// The document the holder registered with, if other than the ID card.
    pub document: Option<(DocumentKind, DocumentNumber)>,
    /// The coordinating area that issued it.
    pub area: Region,
    /// The last day of its validity.
    pub expires: Date,
    /// Where it stands in its life.
    pub status: CardStatus,
    /// The social function was put into use.
    pub social: bool,
    /// The bank account was put into use.
    pub financial: bool,
    /// The holder has not replaced the initial PIN.
    pub pin_is_initial: bool,
    /// The balance of the personal account.
    pub account: Fen,
    /// The holder has medical insurance.
    pub insured: bool,
}

/// What an approved operation does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Effects {
    /// The card goes from not activated to active, and its social function with it.
    pub activates: bool,
    /// The bank account is put into use.
    pub activates_financial: bool,
    /// What the personal account pays.
    pub charge: Fen,
}

/// Whether `operation` may go on, as far as the centre can say before PIN and payment. The inquiry at the start of a
/// visit uses this, so that no holder keys a PIN in vain.
pub fn admit<'r>(
    operation: &Operation,
    today: Date,
    institution: Option<&Institution>,
    presented: &PresentedCard,
    record: Option<&'r CardRecord>,
) -> Result<&'r CardRecord, Reason> {
    let institution = institution.ok_or(Reason::InstitutionUnknown)?;
    let channel = institution.code.channel();
    let asks_only = matches!(operation, Operation::Query);
    if operation.channel().is_some_and(|offered| offered != channel) {
        return Err(Reason::OperationNotHere);
    }
    if !asks_only && channel != Channel::Bank && !institution.designated {
        return Err(Reason::InstitutionNotDesignated);
    }
    let record = record.ok_or(Reason::CardUnknown)?;
    let same = record.ident == presented.ident
        && record.id_number == presented.id_number
        && record.name == presented.name
        && record.number == presented.number;
    if !same {
        return Err(Reason::CardNotGenuine);
    }
    if asks_only {
        return Ok(record);
    }
    let local = institution.area == record.area;
    if channel == Channel::Bank && !(institution.issues_cards && local) {
        return Err(Reason::BankNotOfArea);
    }
    match record.status {
        CardStatus::Active | CardStatus::Inactive => {}
        CardStatus::Lost | CardStatus::TemporarilyLost => return Err(Reason::CardLost),
        CardStatus::Locked => return Err(Reason::CardLocked),
        CardStatus::Sealed => return Err(Reason::CardSealed),
        CardStatus::Cancelled => return Err(Reason::CardCancelled),
    }
    if record.expires < today {
        return Err(Reason::CardExpired);
    }
    // A card is never put into use in another area, while an active card may be used there (docs/card.md §2.5).
    if record.status == CardStatus::Inactive && !local {
        return Err(Reason::OtherArea);
    }
    Ok(record)
}

/// What `operation` does, or why it is refused. Payment and activation are one step: if the payment is refused, the
/// card stays as it is.
pub fn decide(
    operation: &Operation,
    today: Date,
    institution: Option<&Institution>,
    presented: &PresentedCard,
    record: Option<&CardRecord>,
) -> Result<Effects, Reason> {
    let record = admit(operation, today, institution, presented, record)?;
    let activates = record.status == CardStatus::Inactive;
    match operation {
        Operation::Query => Ok(Effects::default()),
        Operation::Apply { document } => {
            check_document(document.as_ref(), today, record)?;
            Ok(Effects { activates, activates_financial: !record.financial, charge: Fen(0) })
        }
        Operation::Settle(bill) | Operation::Purchase(bill) => {
            if !record.insured {
                return Err(Reason::NotInsured);
            }
            let charge = bill.share();
            record.account.checked_sub(charge).ok_or(Reason::InsufficientFunds)?;
            Ok(Effects { activates, activates_financial: false, charge })
        }
    }
}

fn check_document(document: Option<&Document>, today: Date, record: &CardRecord) -> Result<(), Reason> {
    let document = document.ok_or(Reason::DocumentMissing)?;
    let is_id_card = document.kind == DocumentKind::IdCard && document.number == record.id_number.into();
    let is_registered =
        record.document.as_ref().is_some_and(|(kind, number)| *kind == document.kind && *number == document.number);
    if document.name != record.name || !(is_id_card || is_registered) {
        return Err(Reason::DocumentMismatch);
    }
    match document.valid_until {
        Validity::Until(last_day) if last_day < today => Err(Reason::DocumentExpired),
        Validity::Until(_) | Validity::LongTerm => Ok(()),
    }
}

#[cfg(test)]
mod tests;
