//! What a terminal's message is answered from: the database, the security module, and the centre's own time, which alone
//! decides what day it is. What a card may do follows from its own row, its person's account and insurance.

use jiff::civil::DateTime;

use qiyong_protocol::card::codes::{CardNumber, Region};
use qiyong_protocol::card::date::Date;
use qiyong_protocol::card::status::CardStatus;
use qiyong_protocol::rules::decision::{CardRecord, Institution, Operation};
use qiyong_protocol::rules::document::{DocumentKind, DocumentNumber};
use qiyong_protocol::rules::institution::Channel;
use qiyong_protocol::rules::money::Fen;
use qiyong_protocol::rules::reason::Reason;

use crate::acts::office::Office;
use crate::configuration;
use crate::error::{CentreError, Damage};
use crate::hsm::Hsm;
use crate::insurance;
use crate::ledger::{self, Account};
use crate::life::bank::BankStatus;
use crate::life::card_file::{self, CardFile, CardKind};
use crate::life::replacement::Validity;
use crate::persons;
use crate::store::Store;

/// What a terminal's message is answered from.
#[derive(Clone, Copy)]
pub(crate) struct Files<'a> {
    pub(crate) store: &'a Store,
    pub(crate) hsm: &'a Hsm,
    pub(crate) now: DateTime,
}

/// A card as the centre keeps it, and as the decision sees it.
#[derive(Debug)]
pub(crate) struct KnownCard {
    pub(crate) file: CardFile,
    pub(crate) record: CardRecord,
}

impl<'a> Files<'a> {
    /// The files of an area.
    pub(crate) fn office(&self, area: Region) -> Office<'a> {
        Office::new(self.store, (&self.store.vault, self.hsm), area, self.now)
    }

    /// The day, as the decision knows days.
    pub(crate) fn today(&self) -> Result<Date, CentreError> {
        protocol_day(self.now.date())
    }

    /// What the centre knows of a card.
    pub(crate) fn card(&self, number: CardNumber) -> Result<Option<KnownCard>, CentreError> {
        let Some(file) = card_file::find(self.store, &self.store.vault, number)? else { return Ok(None) };
        let office = self.office(file.area);
        let balance = ledger::balance(self.store, file.area, &Account::Person(file.person.clone()))?;
        let account = u64::try_from(balance).map_err(|_| damaged("balances.balance"))?;
        let record = CardRecord {
            number,
            ident: file.ident,
            id_number: file.id_number,
            name: file.name.clone(),
            document: document(&office, &file)?,
            area: file.area,
            expires: protocol_day(file.expires)?,
            status: file.status_at(self.now),
            social: file.social,
            // What is lost, blocked or closed was opened once, and no application puts it into use again.
            financial: file.bank_status_at(self.now) != BankStatus::Inactive,
            pin_is_initial: file.pin_is_initial,
            account: Fen(account),
            insured: insurance::insured_on(&office, &file.person, self.now.date())?,
        };
        Ok(Some(KnownCard { file, record }))
    }

    /// The same for an operation at an institution, where the card's kind and the area's rule on expired cards count.
    ///
    /// # Errors
    /// Outside: the database failed. Inside: the card's kind forbids the operation there.
    pub(crate) fn card_for(
        &self,
        number: CardNumber,
        operation: &Operation,
        institution: Option<&Institution>,
    ) -> Result<Result<Option<KnownCard>, Reason>, CentreError> {
        // A card that waits to be handed over is nobody's yet.
        let Some(mut card) = self.card(number)?.filter(|card| card.file.handed_over.is_some()) else {
            return Ok(Ok(None));
        };
        let (Some(institution), false) = (institution, matches!(operation, Operation::Query)) else {
            return Ok(Ok(Some(card)));
        };
        if card.file.kind == CardKind::Temporary {
            if institution.code.channel() == Channel::Bank {
                return Ok(Err(Reason::OperationNotHere));
            }
            if institution.area != card.file.area {
                return Ok(Err(Reason::OtherArea));
            }
        }
        let today = self.today()?;
        let is_live = matches!(card.record.status, CardStatus::Active | CardStatus::Inactive);
        // A temporary card is of no use after its last day, whatever holds for others.
        if card.record.expires < today && is_live && card.file.kind == CardKind::Regular {
            let rule = configuration::on::<Validity>(self.store, card.file.area, self.now.date())?;
            let usable = rule.is_some_and(|rule| match operation.bill() {
                Some(_) => rule.expired_social_usable,
                None => rule.expired_bank_usable,
            });
            if usable {
                card.record.expires = today;
            }
        }
        Ok(Ok(Some(card)))
    }
}

/// The document by which the holder is known, if it is another than the ID card with the number on the card.
fn document(office: &Office<'_>, file: &CardFile) -> Result<Option<(DocumentKind, DocumentNumber)>, CentreError> {
    let person = persons::get(office, &file.person)?.ok_or_else(|| damaged("cards.person"))?;
    // Kinds that no terminal knows cannot be shown at one.
    let Some(kind) = DocumentKind::from_word(&person.document_kind) else { return Ok(None) };
    let number = DocumentNumber::new(person.particulars.document.as_bytes());
    let number = number.ok_or_else(|| damaged("persons.sealed"))?;
    let is_the_id_card = kind == DocumentKind::IdCard && number == file.id_number.into();
    Ok((!is_the_id_card).then_some((kind, number)))
}

/// A day as the decision knows days.
pub(crate) fn protocol_day(day: jiff::civil::Date) -> Result<Date, CentreError> {
    let (year, month, day) = (day.year().unsigned_abs(), day.month().unsigned_abs(), day.day().unsigned_abs());
    // A centre's clock or column may hold a year before the first.
    Date::new(year, month, day).ok_or_else(|| damaged("a day"))
}

fn damaged(column: &str) -> CentreError {
    CentreError::Damaged(Damage::Column(column.to_owned()))
}
