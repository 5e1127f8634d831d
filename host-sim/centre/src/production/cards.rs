//! The card's row in the register of cards: made at report back, ended when the card is lost, destroyed or replaced before
//! anybody used it. Everything later is the card's life.

use qiyong_protocol::card::codes::{CardNumber, IdNumber, IdentCode, Name};
use qiyong_protocol::card::status::CardStatus;
use qiyong_protocol::rules::document::{DocumentKind, DocumentNumber};

use super::refusal::ProductionRefusal;
use crate::acts::office::Office;
use crate::acts::refusal::Refusal;
use crate::error::CentreError;
use crate::values;

/// A card that has been made.
pub(super) struct NewRow<'a> {
    pub(super) number: CardNumber,
    pub(super) ident: IdentCode,
    pub(super) id_number: IdNumber,
    pub(super) name: &'a Name,
    /// The document with which the holder registered, if other than the ID card.
    pub(super) document: Option<(DocumentKind, DocumentNumber)>,
    pub(super) expires: jiff::civil::Date,
}

/// Registers a card: not activated, with its initial PIN.
pub(super) fn add(office: &Office<'_>, card: &NewRow<'_>) -> Result<(), CentreError> {
    let (kind, number) = card.document.as_ref().map(|(kind, number)| (kind.as_str(), number)).unzip();
    let number = number.map(|number| String::from_utf8_lossy(number.as_bytes()).into_owned());
    office.store().execute(
        "INSERT INTO cards (number, ident, id_number, name, document_kind, document_number, area, expires, status,
                            social, financial, pin_is_initial, account, insured)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 0, 0, 1, 0, 1)",
        values![
            card.number,
            *card.ident.as_bytes(),
            String::from_utf8_lossy(card.id_number.as_bytes()).into_owned(),
            card.name.as_bytes(),
            kind,
            number,
            office.area(),
            card.expires,
            CardStatus::Inactive.as_str()
        ],
    )?;
    Ok(())
}

/// Ends a card that nobody has used.
///
/// # Errors
/// It is in use.
pub(super) fn void(office: &Office<'_>, number: CardNumber) -> Result<(), Refusal> {
    let changed = office.store().execute(
        "UPDATE cards SET status = $1 WHERE area = $2 AND number = $3 AND status = $4",
        values![CardStatus::Cancelled.as_str(), office.area(), number, CardStatus::Inactive.as_str()],
    )?;
    if changed == 1 { Ok(()) } else { Err(ProductionRefusal::CardInUse.into()) }
}

/// Ends the card that a new one replaces, when its holder gets the new one.
pub(super) fn replace(office: &Office<'_>, old: &str) -> Result<(), CentreError> {
    office.store().execute(
        "UPDATE cards SET status = $1 WHERE area = $2 AND number = $3",
        values![CardStatus::Cancelled.as_str(), office.area(), old],
    )?;
    Ok(())
}

/// The document by which a bank's counter will know the holder. Counters tell fewer kinds apart than applications do.
/// `Ok(None)`: the ID card, whose number is the holder's own.
///
/// # Errors
/// No counter takes documents of this kind.
pub(super) fn counter_document(
    kind: &str,
    number: &str,
) -> Result<Option<(DocumentKind, DocumentNumber)>, ProductionRefusal> {
    let known = match kind {
        "id-card" => return Ok(None),
        "foreign-passport" => Some(DocumentKind::Passport),
        "police-officer-id" => Some(DocumentKind::OfficerId),
        other => DocumentKind::from_word(other),
    };
    known.zip(DocumentNumber::new(number.as_bytes())).map(Some).ok_or(ProductionRefusal::Holder)
}
