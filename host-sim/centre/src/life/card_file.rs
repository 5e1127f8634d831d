//! What the centre keeps of a card: its row, read and written. Which acts may change it is said by `card_act` and `bank`.

use jiff::civil::{Date, DateTime};
use zeroize::Zeroizing;

use qiyong_protocol::card::codes::{CardNumber, IdNumber, IdentCode, Name, Region};
use qiyong_protocol::card::status::CardStatus;

use super::bank::BankStatus;
use super::place::Place;
use super::term;
use crate::acts::office::Office;
use crate::error::{CentreError, Damage};
use crate::store::database::Database;
use crate::store::value::values;
use crate::store::value::words;
use crate::store::value::{FromValue, Row, ToValue, Value};
use crate::store::vault::Vault;

words! {
    /// What kind of card it is.
    pub enum CardKind {
        /// 正式卡: valid for years.
        Regular,
        /// 临时卡: lent for some weeks, without a bank function, of no use in another area.
        Temporary,
    }
}

impl ToValue for CardStatus {
    fn to_value(&self) -> Value {
        Value::Text(self.as_str().to_owned())
    }
}

impl FromValue for CardStatus {
    fn from_value(value: Value) -> Option<Self> {
        if let Value::Text(word) = value { Self::from_word(&word) } else { None }
    }
}

/// A card as the centre keeps it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CardFile {
    /// The coordinating area that issued it.
    pub area: Region,
    /// Its number.
    pub number: CardNumber,
    /// Whose it is: the area's number of the person.
    pub person: String,
    /// What kind of card it is.
    pub kind: CardKind,
    /// The ident code, as the maker reported it back.
    pub ident: IdentCode,
    /// The ID number on it.
    pub id_number: IdNumber,
    /// The name on it.
    pub name: Name,
    /// When it was produced, if that is known.
    pub produced: Option<Date>,
    /// Its last day.
    pub expires: Date,
    /// The bank that issued it, if one did and is known.
    pub bank: Option<String>,
    /// When it was handed over; `None`: not yet.
    pub handed_over: Option<DateTime>,
    /// Where its social function stands, as it was last written; see [`CardFile::status_at`].
    pub status: CardStatus,
    /// The social function was put into use.
    pub social: bool,
    /// Where its bank function stands, as it was last written; see [`CardFile::bank_status_at`].
    pub bank_status: BankStatus,
    /// The bank function was put into use.
    pub financial: bool,
    /// The holder has not replaced the initial PIN.
    pub pin_is_initial: bool,
    /// Where the oral loss was reported that it has.
    pub loss_place: Option<Place>,
    /// When the oral loss lapses; `None`: never by itself.
    pub loss_until: Option<DateTime>,
    /// The same of the bank function's.
    pub bank_loss_until: Option<DateTime>,
    /// Why it was cancelled, in one word.
    pub ended_because: Option<String>,
}

impl CardFile {
    /// A card that was produced and not yet handed over, not put into use, with its initial PIN.
    pub fn produced(
        office: &Office<'_>,
        (number, person): (CardNumber, String),
        (ident, id_number, name): (IdentCode, IdNumber, Name),
        (produced, expires): (Date, Date),
        bank: Option<String>,
    ) -> Self {
        Self {
            area: office.area(),
            number,
            person,
            kind: CardKind::Regular,
            ident,
            id_number,
            name,
            produced: Some(produced),
            expires,
            bank,
            handed_over: None,
            status: CardStatus::Inactive,
            social: false,
            bank_status: BankStatus::Inactive,
            financial: false,
            pin_is_initial: true,
            loss_place: None,
            loss_until: None,
            bank_loss_until: None,
            ended_because: None,
        }
    }

    /// Writes where its social function stands; what is no oral loss has neither place nor term.
    pub fn set_status(&mut self, status: CardStatus) {
        self.status = status;
        if status != CardStatus::TemporarilyLost {
            (self.loss_place, self.loss_until) = (None, None);
        }
    }

    /// The same of its bank function.
    pub fn set_bank_status(&mut self, status: BankStatus) {
        self.bank_status = status;
        if status != BankStatus::TemporarilyLost {
            self.bank_loss_until = None;
        }
    }

    /// Where its social function stands now: an oral loss ends with its term, whether or not the day's run has come by.
    pub fn status_at(&self, now: DateTime) -> CardStatus {
        match self.status {
            CardStatus::TemporarilyLost if term::has_lapsed(self.loss_until, now) => {
                if self.social {
                    CardStatus::Active
                } else {
                    CardStatus::Inactive
                }
            }
            status => status,
        }
    }

    /// The same of its bank function.
    pub fn bank_status_at(&self, now: DateTime) -> BankStatus {
        match self.bank_status {
            BankStatus::TemporarilyLost if term::has_lapsed(self.bank_loss_until, now) => {
                if self.financial {
                    BankStatus::Active
                } else {
                    BankStatus::Inactive
                }
            }
            status => status,
        }
    }
}

/// The card with this number, whichever area's it is.
///
/// # Errors
/// The database failed or is damaged.
pub fn find(store: &dyn Database, vault: &Vault, number: CardNumber) -> Result<Option<CardFile>, CentreError> {
    let row = store.find("SELECT * FROM cards WHERE number = $1", values![number])?;
    row.map(|row| read(vault, &row)).transpose()
}

/// The cards of a person, in the order of their numbers; 100 at most.
///
/// # Errors
/// The database failed or is damaged.
pub fn of_person(office: &Office<'_>, person: &str) -> Result<Vec<CardFile>, CentreError> {
    let rows = office.store().rows(
        "SELECT * FROM cards WHERE area = $1 AND person = $2 ORDER BY number LIMIT 100",
        values![office.area(), person],
    )?;
    rows.iter().map(|row| read(office.vault(), row)).collect()
}

/// By what the cards of an ID number are found.
pub(crate) fn holder(vault: &Vault, id_number: IdNumber) -> [u8; 32] {
    vault.hash("id-number", id_number.as_bytes())
}

/// The cards with this ID number in the province of the office, regular and temporary ones, in the order of their numbers;
/// 100 at most.
///
/// # Errors
/// The database failed or is damaged.
pub fn with_id_number(office: &Office<'_>, id_number: IdNumber) -> Result<Vec<CardFile>, CentreError> {
    let rows = office.store().rows(
        "SELECT * FROM cards WHERE holder = $1 ORDER BY number LIMIT 100",
        values![holder(office.vault(), id_number)],
    )?;
    let cards: Result<Vec<_>, _> = rows.iter().map(|row| read(office.vault(), row)).collect();
    let province = |area: Region| area.to_bcd()[0];
    Ok(cards?.into_iter().filter(|card| province(card.area) == province(office.area())).collect())
}

/// What a card shows of its holder, as it is sealed.
pub(crate) fn seal(vault: &Vault, id_number: IdNumber, name: &Name) -> Result<Vec<u8>, CentreError> {
    vault.seal(&Zeroizing::new([id_number.as_bytes().as_slice(), name.as_bytes()].concat()))
}

/// Adds a card; `false`: its number is taken. The person must be known in the card's area.
///
/// # Errors
/// The database failed, or there is no such person.
pub fn add(office: &Office<'_>, card: &CardFile) -> Result<bool, CentreError> {
    let added = office.store().execute(
        "INSERT INTO cards (area, number, person, kind, ident, shown, holder, produced, expires, bank, handed_over, status, social,
                            bank_status, financial, pin_is_initial, loss_place, loss_until, bank_loss_until, ended_because)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20)
         ON CONFLICT DO NOTHING",
        values![
            card.area,
            card.number,
            card.person,
            card.kind,
            card.ident.as_bytes().as_slice(),
            seal(office.vault(), card.id_number, &card.name)?,
            holder(office.vault(), card.id_number),
            card.produced,
            card.expires,
            card.bank,
            card.handed_over,
            card.status,
            card.social,
            card.bank_status,
            card.financial,
            card.pin_is_initial,
            card.loss_place,
            card.loss_until,
            card.bank_loss_until,
            card.ended_because
        ],
    )?;
    Ok(added == 1)
}

/// Writes everything of a card that changes in its life.
///
/// # Errors
/// The database failed.
pub fn update(office: &Office<'_>, card: &CardFile) -> Result<(), CentreError> {
    office.store().execute(
        "UPDATE cards SET handed_over = $1, status = $2, social = $3, bank_status = $4, financial = $5,
                pin_is_initial = $6, loss_place = $7, loss_until = $8, bank_loss_until = $9, ended_because = $10
         WHERE area = $11 AND number = $12",
        values![
            card.handed_over,
            card.status,
            card.social,
            card.bank_status,
            card.financial,
            card.pin_is_initial,
            card.loss_place,
            card.loss_until,
            card.bank_loss_until,
            card.ended_because,
            card.area,
            card.number
        ],
    )?;
    Ok(())
}

/// A card from its row.
pub(super) fn read(vault: &Vault, row: &Row) -> Result<CardFile, CentreError> {
    let shown = vault.unseal(&row.get::<Vec<u8>>("shown")?)?;
    let damaged = |column: &str| CentreError::Damaged(Damage::Column(column.to_owned()));
    let (id_number, name) = shown.split_at_checked(18).ok_or_else(|| damaged("shown"))?;
    let ident: [u8; 16] = row.get("ident")?;
    Ok(CardFile {
        area: row.get("area")?,
        number: row.get("number")?,
        person: row.get("person")?,
        kind: row.get("kind")?,
        ident: IdentCode::new(ident).map_err(|_| damaged("ident"))?,
        id_number: IdNumber::new(id_number).map_err(|_| damaged("shown"))?,
        name: Name::new(name).ok_or_else(|| damaged("shown"))?,
        produced: row.get("produced")?,
        expires: row.get("expires")?,
        bank: row.get("bank")?,
        handed_over: row.get("handed_over")?,
        status: row.get("status")?,
        social: row.get("social")?,
        bank_status: row.get("bank_status")?,
        financial: row.get("financial")?,
        pin_is_initial: row.get("pin_is_initial")?,
        loss_place: row.get("loss_place")?,
        loss_until: row.get("loss_until")?,
        bank_loss_until: row.get("bank_loss_until")?,
        ended_because: row.get("ended_because")?,
    })
}
