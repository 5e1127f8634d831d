//! A card that is simply there, with its holder, account and insurance, for tests and scenarios, and for `qiyong centre
//! set`: nobody applied for it, and no maker reported it back.

use encoding_rs::GB18030;

use qiyong_protocol::card::date::Date;
use qiyong_protocol::card::status::CardStatus;
use qiyong_protocol::rules::decision::CardRecord;
use qiyong_protocol::rules::money::Fen;

use crate::acts::office::Office;
use crate::error::{CentreError, Damage};
use crate::insurance::kinds::{Capacity, Kind};
use crate::insurance::relation::State;
use crate::insurance::relations::{self, Kept, Relation};
use crate::ledger::{self, Account, Posting};
use crate::life::bank::BankStatus;
use crate::life::card_file::{self, CardFile, CardKind};
use crate::life::place::Place;
use crate::persons::{self, Particulars};
use crate::terminal::columns;
use crate::terminal::files::Files;

/// Adds a card and what hangs on it; `false`: its number is taken.
pub(crate) fn add(files: Files<'_>, card: &CardRecord) -> Result<bool, CentreError> {
    let office = files.office(card.area);
    let account = columns::fen_number(card.account)?;
    if card_file::find(files.store, &files.store.vault, card.number)?.is_some() {
        return Ok(false);
    }
    let (kind, number) = match &card.document {
        Some((kind, number)) => (kind.as_str(), ascii(number.as_bytes())),
        None => ("id-card", ascii(card.id_number.as_bytes())),
    };
    let person = match persons::find_by_document(&office, kind, &number)? {
        Some(person) => person.number,
        None => persons::add(&office, &particulars(card, number)?, (kind, None), "employee")?,
    };
    let whose = Account::Person(person.clone());
    let missing = account - ledger::balance(files.store, card.area, &whose)?;
    if missing != 0 {
        let posting = Posting {
            day: office.today(),
            reason: "opening".into(),
            reference: person.clone(),
            lines: vec![(whose, missing), (Account::Outside("opening".into()), -missing)],
        };
        let posted = ledger::post(&office, "-", &posting)?;
        posted.map_err(|_| CentreError::Amount(Fen(card.account.0)))?;
    }
    if card.insured {
        insure(&office, &person)?;
    }
    card_file::add(
        &office,
        &CardFile {
            area: card.area,
            number: card.number,
            person,
            kind: CardKind::Regular,
            ident: card.ident,
            id_number: card.id_number,
            name: card.name.clone(),
            produced: None,
            expires: day(card.expires)?,
            bank: None,
            handed_over: Some(files.now),
            status: card.status,
            social: card.social,
            bank_status: if card.financial { BankStatus::Active } else { BankStatus::Inactive },
            financial: card.financial,
            pin_is_initial: card.pin_is_initial,
            loss_place: (card.status == CardStatus::TemporarilyLost).then_some(Place::Window),
            loss_until: None,
            bank_loss_until: None,
            ended_because: None,
        },
    )
}

/// Insures the person for ever, as far as that goes without a premium: as a resident.
fn insure(office: &Office<'_>, person: &str) -> Result<(), CentreError> {
    if relations::live(office, person)?.iter().any(|relation| relation.kind == Kind::Resident) {
        return Ok(());
    }
    let first = jiff::civil::date(2000, 1, 1);
    let relation = Relation {
        number: 0,
        person: person.to_owned(),
        kind: Kind::Resident,
        capacity: Capacity::Resident,
        payer: person.to_owned(),
        state: State::Insured,
    };
    relations::begin(office, &relation, Some(Kept { first, last: None, pool_first: first }))?;
    Ok(())
}

fn particulars(card: &CardRecord, document: String) -> Result<Particulars, CentreError> {
    let (name, _) = GB18030.decode_without_bom_handling(card.name.as_bytes());
    Ok(Particulars {
        name: name.into_owned(),
        document,
        sex: match card.id_number.sex() {
            b'1' => 1,
            b'2' => 2,
            _ => 9,
        },
        // Numbers that are no citizen's do not say it.
        born: card.id_number.birth_date().map_or(Ok(jiff::civil::date(1900, 1, 1)), day)?,
        address: String::new(),
        telephone: String::new(),
    })
}

fn ascii(bytes: &[u8]) -> String {
    bytes.iter().copied().map(char::from).collect()
}

fn day(day: Date) -> Result<jiff::civil::Date, CentreError> {
    // The calendar of both goes to the year 9999.
    day.to_string().parse().map_err(|_| CentreError::Damaged(Damage::Column("a day".into())))
}
