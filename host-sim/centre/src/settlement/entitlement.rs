//! Who the person before the till is, what insurance pays for them on a day, and whose accounts may pay besides. What
//! is decided elsewhere is asked here: everything else of this room takes it from [`Entitled`].

use jiff::civil::Date;

use qiyong_protocol::card::codes::CardNumber;
use qiyong_protocol::card::status::CardStatus;

use super::codes::{Insutype, Kind, PersonClass};
use super::refusal::Refused;
use crate::acts::office::Office;
use crate::acts::refusal::Refusal;
use crate::error::CentreError;
use crate::insurance::entitlement::Pool;
use crate::insurance::kinds::Capacity;
use crate::insurance::pooling::Use;
use crate::insurance::standing;
use crate::ledger::{self, Account};
use crate::life::card_file;
use crate::persons::{self, Person};
use crate::store::value::values;

/// What pays for a person on a day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entitled {
    /// The person's insurance.
    pub insutype: Insutype,
    /// The person's class within it.
    pub class: PersonClass,
    /// The pooled fund pays on this day.
    pub insured: bool,
    /// The personal account may be used on this day.
    pub account_usable: bool,
    /// Its balance, fen.
    pub balance: i64,
    /// The relatives whose accounts may pay for this kind of treatment, and the balances, in the order in which they do.
    pub relatives: Vec<(String, i64)>,
    /// The person's class for medical assistance.
    pub assistance: Option<String>,
}

/// What proves who the person is (`mdtrt_cert_type`).
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    serde::Serialize,
    serde::Deserialize,
    utoipa::ToSchema,
    strum::EnumString,
    strum::IntoStaticStr,
)]
pub enum CertType {
    /// The number of the identity document
    #[serde(rename = "02")]
    #[strum(serialize = "02")]
    Document,
    /// The social security card's number
    #[serde(rename = "03")]
    #[strum(serialize = "03")]
    Card,
}

/// What a certificate is shown for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// To ask or to prepare: a card that is not in use yet will be by its first payment at a terminal.
    Ask,
    /// To pay: the card is in use, and its PIN the holder's own.
    Pay,
}

/// The person with this number, if the certificate is theirs and may be used for this today.
///
/// # Errors
/// It is not, or the database failed.
pub fn identify(
    office: &Office<'_>,
    number: &str,
    (kind, certificate): (CertType, &str),
    purpose: Purpose,
) -> Result<Person, Refusal> {
    let person = persons::get(office, number)?.ok_or(Refused::Person)?;
    let theirs = match kind {
        CertType::Document => person.particulars.document.eq_ignore_ascii_case(certificate),
        CertType::Card => holder(office, certificate, purpose)?.as_deref() == Some(number),
    };
    if theirs { Ok(person) } else { Err(Refused::Certificate.into()) }
}

/// The person with this certificate.
///
/// # Errors
/// There is none, or the database failed.
pub fn person_of(office: &Office<'_>, kind: CertType, certificate: &str) -> Result<Person, Refusal> {
    let person = match kind {
        CertType::Document => persons::find_by_document(office, "id-card", certificate)?,
        CertType::Card => match holder(office, certificate, Purpose::Ask)? {
            Some(number) => persons::get(office, &number)?,
            None => None,
        },
    };
    Ok(person.ok_or(Refused::Certificate)?)
}

/// The number of the person whose card this is, if it may be used for this today.
fn holder(office: &Office<'_>, number: &str, purpose: Purpose) -> Result<Option<String>, CentreError> {
    let Ok(number) = CardNumber::new(number.as_bytes()) else { return Ok(None) };
    let card = card_file::find(office.store(), office.vault(), number)?;
    let usable = card.filter(|card| {
        let in_use = match card.status_at(office.now()) {
            CardStatus::Active => purpose == Purpose::Ask || !card.pin_is_initial,
            CardStatus::Inactive => purpose == Purpose::Ask,
            _ => false,
        };
        in_use && card.handed_over.is_some() && card.area == office.area() && card.expires >= office.today()
    });
    Ok(usable.map(|card| card.person))
}

/// What pays for this person on this day.
///
/// # Errors
/// The area has no parameters for the day, or the database failed.
pub fn of(office: &Office<'_>, person: &Person, day: Date, kind: Kind) -> Result<Entitled, Refusal> {
    let own = standing::entitlement(office, &person.number, day)?;
    let (insutype, class) = match own.pool {
        Ok(Pool::InService) => (Insutype::Employees, PersonClass::InService),
        Ok(Pool::Retired) => (Insutype::Employees, PersonClass::Retired),
        Ok(Pool::Residents) => (Insutype::Residents, resident(person)),
        // No pool pays; the class shows under which insurance the bill is counted.
        Err(_) => match own.insured {
            Some(Capacity::Resident) => (Insutype::Residents, resident(person)),
            Some(Capacity::Retired) => (Insutype::Employees, PersonClass::Retired),
            _ => (Insutype::Employees, PersonClass::InService),
        },
    };
    let what = if kind == Kind::Pharmacy { Use::Pharmacy } else { Use::Hospital };
    let mut relatives = Vec::new();
    for owner in standing::family_accounts(office, &person.number, day, what)? {
        let balance = balance(office, &owner)?;
        relatives.push((owner, balance));
    }
    Ok(Entitled {
        insutype,
        class,
        insured: own.pool.is_ok(),
        account_usable: own.account,
        balance: balance(office, &person.number)?,
        relatives,
        assistance: assistance(office, &person.number, day)?,
    })
}

fn resident(person: &Person) -> PersonClass {
    if person.category == "student" { PersonClass::Student } else { PersonClass::Resident }
}

fn balance(office: &Office<'_>, person: &str) -> Result<i64, CentreError> {
    ledger::balance(office.store(), office.area(), &Account::Person(person.to_owned()))
}

fn assistance(office: &Office<'_>, person: &str, day: Date) -> Result<Option<String>, CentreError> {
    let row = office.store().find(
        "SELECT class FROM assistance
         WHERE area = $1 AND person = $2 AND since <= $3 AND (until IS NULL OR until > $3)
         ORDER BY since DESC LIMIT 1",
        values![office.area(), person, day],
    )?;
    row.map(|row| row.get("class")).transpose()
}
