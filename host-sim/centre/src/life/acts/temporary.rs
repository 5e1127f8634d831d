//! Temporary cards: lent to a person who waits for a card, and taken back.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use qiyong_protocol::card::codes::{IdNumber, IdentCode, Name};
use qiyong_protocol::card::status::CardStatus;

use super::super::bank::BankStatus;
use super::super::card_act::CardAct;
use super::super::card_file::{self, CardFile, CardKind};
use super::super::refusal::LifeRefusal;
use super::super::temporary::TemporaryCards;
use super::ending::end;
use super::{By, event, open_own};
use crate::access::acts::Done;
use crate::acts::Act;
use crate::acts::desk::Desk;
use crate::acts::fields::{CardNo, Day};
use crate::acts::refusal::Refusal;
use crate::acts::role::Role;
use crate::persons::proof::Proof;
use crate::terminal::journal::Function;
use crate::{persons, text};

/// Lends a temporary card, which was made beforehand with the person's ID number and name. It is in use at once, has no bank
/// function, and is of no use in other areas.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Lend {
    /// The person's number
    pub person: String,
    /// The person's document: the card spends the person's money
    pub holder: Proof,
    /// The number of the temporary card
    pub card: CardNo,
    /// Its ident code, 32 hexadecimal digits
    pub ident: String,
    /// For how many days, today among them; left out: as usual in the area
    pub days: Option<u16>,
}

/// A temporary card that was lent.
#[derive(Debug, Serialize, ToSchema)]
pub struct Lent {
    /// The last day
    pub expires: Day,
}

impl Act for Lend {
    const NAME: &'static str = "life.lend-temporary";
    const ROLES: &'static [Role] = &[Role::Issuer];
    type Answer = Lent;

    fn carry_out(&self, desk: &mut Desk<'_>) -> Result<Lent, Refusal> {
        desk.subject(format!("card {}", self.card));
        let office = desk.office();
        let expires = office.parameter::<TemporaryCards>()?.last_day(office.today(), self.days)?;
        let field = |field, en, zh| LifeRefusal::Field { field, en, zh };
        let person = persons::get(&office, &self.person)?
            .filter(|person| person.until.is_none_or(|until| until > office.today()))
            .ok_or_else(|| field("person", "the number of a person of this area", "应为本统筹区人员编号"))?;
        self.holder.is_of(&person, "holder", &office)?;
        let mut ident = [0; 16];
        let known = hex::decode_to_slice(&self.ident, &mut ident).ok().and_then(|()| IdentCode::new(ident).ok());
        let ident = known.filter(|ident| ident.region() == office.area()).ok_or_else(|| {
            field(
                "ident",
                "32 hexadecimal digits of an ident code of this area",
                "应为本统筹区卡识别码（32位十六进制数）",
            )
        })?;
        let cards = card_file::of_person(&office, &self.person)?;
        let lent = |card: &&CardFile| card.kind == CardKind::Temporary && card.status != CardStatus::Cancelled;
        if cards.iter().any(|card| lent(&card)) {
            return Err(LifeRefusal::HasTemporary.into());
        }
        // What a regular card shows, a temporary one shows, too; who has none is known by an ID card.
        let shown = cards.first().map(|card| (card.id_number, card.name.clone()));
        let (id_number, name) = shown
            .or_else(|| {
                let id_number = IdNumber::new(person.particulars.document.as_bytes()).ok()?;
                Some((id_number, Name::new(&text::gb18030(&person.particulars.name)?)?))
            })
            .ok_or_else(|| {
                field("person", "a person with an ID card, or with a card", "应为持有身份证或社保卡的人员")
            })?;
        let card = CardFile {
            kind: CardKind::Temporary,
            handed_over: Some(office.now()),
            status: CardStatus::Active,
            social: true,
            bank_status: BankStatus::None,
            ..CardFile::produced(
                &office,
                (self.card.0, self.person.clone()),
                (ident, id_number, name),
                (office.today(), expires),
                None,
            )
        };
        if !card_file::add(&office, &card)? {
            return Err(field("card", "a number that no card has", "该卡号已存在").into());
        }
        let by = By::desk(desk, None);
        let lent = event(&office, Function::Social, "lend", ("-", card.status.as_str()), &by);
        super::super::history::add(&office, &card, &lent)?;
        Ok(Lent { expires: Day(expires) })
    }
}

/// Takes a temporary card back: it ends.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TakeBack {
    /// The number of the temporary card
    pub card: CardNo,
}

impl Act for TakeBack {
    const NAME: &'static str = "life.return-temporary";
    const ROLES: &'static [Role] = &[Role::Issuer];
    type Answer = Done;

    fn carry_out(&self, desk: &mut Desk<'_>) -> Result<Done, Refusal> {
        let (office, mut card) = open_own(desk, self.card)?;
        if card.kind != CardKind::Temporary {
            return Err(LifeRefusal::NotTemporary.into());
        }
        Ok(Done { changed: end(&office, &mut card, CardAct::Cancel, &By::desk(desk, None), "handed-back")? })
    }
}
