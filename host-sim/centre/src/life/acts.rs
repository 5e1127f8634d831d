//! What is done about cards after their hand-over, at a window, at a bank, by telephone (docs/centre.md §6.9). Each act
//! goes by the tables of `card_act` and `bank`, and by nothing else; what it did is in the card's history.

pub mod ask;
pub mod ending;
pub mod lapse;
pub mod loss;
pub mod pin;
pub mod replacing;
pub mod temporary;
pub mod transfers;
pub mod window;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::bank::BankAct;
use super::card_act::{CardAct, FormalRelease, Step};
use super::card_file::{self, CardFile, CardKind};
use super::history::{self, Event};
use super::place::Place;
use super::refusal::LifeRefusal;
use crate::acts::desk::Desk;
use crate::acts::entry::{Entry, entry};
use crate::acts::fields::{CardNo, Day, Private};
use crate::acts::office::Office;
use crate::acts::refusal::Refusal;
use crate::acts::role::Role;
use crate::application::rules::Banks;
use crate::configuration;
use crate::error::{CentreError, Damage};
use crate::persons::{self, Person};
use crate::terminal::journal::Function;

pub use ending::supersede;

/// The acts of this room.
pub const ACTS: &[Entry] = &[
    entry::<window::Activate>(),
    entry::<loss::ReportLoss>(),
    entry::<loss::ConfirmLoss>(),
    entry::<loss::Release>(),
    entry::<window::Seal>(),
    entry::<window::Unseal>(),
    entry::<window::Lock>(),
    entry::<window::Unlock>(),
    entry::<ending::Cancel>(),
    entry::<ending::CloseAccount>(),
    entry::<pin::ResetPin>(),
    entry::<replacing::ReplaceAllowed>(),
    entry::<replacing::RenewAllowed>(),
    entry::<temporary::Lend>(),
    entry::<temporary::TakeBack>(),
    entry::<transfers::Move>(),
    entry::<transfers::SendBalance>(),
    entry::<transfers::ReceiveBalance>(),
    entry::<transfers::WithdrawMove>(),
    entry::<transfers::ShowMove>(),
    entry::<ask::Show>(),
    entry::<ask::History>(),
    entry::<ask::List>(),
    entry::<ask::StatusCode>(),
    entry::<ask::StatusOf>(),
    entry::<lapse::Lapse>(),
];

/// Who reads the files of a card.
const READERS: &[Role] = &[Role::Clerk, Role::Reviewer, Role::Producer, Role::Issuer, Role::Hotline, Role::Auditor];

/// Whoever comes, by the document with which the card's holder is known, or by the ID card with the number on the card.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Holder {
    /// The kind of document, in its word: `id-card`, `passport` and so on
    pub kind: String,
    /// Its number
    pub number: Private,
    /// The name on it
    pub name: Private,
    /// Its last day; left out for one that is valid for ever
    pub expires: Option<Day>,
}

/// The place that a role acts at.
const fn place_of(role: Role) -> Place {
    match role {
        Role::Hotline => Place::Hotline,
        Role::BankCounter => Place::Bank,
        Role::Hospital => Place::Hospital,
        Role::Pharmacy => Place::Pharmacy,
        _ => Place::Window,
    }
}

/// The card with this number, whichever area's it is, and its area's files.
fn open<'a>(desk: &mut Desk<'a>, number: CardNo) -> Result<(Office<'a>, CardFile), Refusal> {
    desk.subject(format!("card {number}"));
    let card = card_file::find(desk.store(), desk.vault(), number.0)?.ok_or(LifeRefusal::Unknown)?;
    Ok((desk.office().of_area(card.area), card))
}

/// The same of a card of the desk's own area.
fn open_own<'a>(desk: &mut Desk<'a>, number: CardNo) -> Result<(Office<'a>, CardFile), Refusal> {
    let (office, card) = open(desk, number)?;
    if card.area != desk.area() {
        return Err(LifeRefusal::OtherArea.into());
    }
    Ok((office, card))
}

/// The same of a regular card in its holder's hands.
fn open_handed_over<'a>(desk: &mut Desk<'a>, number: CardNo) -> Result<(Office<'a>, CardFile), Refusal> {
    let (office, card) = open_own(desk, number)?;
    if card.handed_over.is_none() {
        return Err(LifeRefusal::NotHandedOver.into());
    }
    if card.kind == CardKind::Temporary {
        return Err(LifeRefusal::Temporary.into());
    }
    Ok((office, card))
}

/// Whose card it is, if `holder` shows so; today's validity is not looked at, as on the telephone.
fn known_as(office: &Office<'_>, card: &CardFile, holder: &Holder) -> Result<Person, Refusal> {
    let damaged = || CentreError::Damaged(Damage::Column("cards.person".into()));
    let person = persons::get(office, &card.person)?.ok_or_else(damaged)?;
    let same = |one: &str, other: &str| one.eq_ignore_ascii_case(other);
    let registered = person.document_kind == holder.kind && same(&person.particulars.document, holder.number.expose());
    let is_id_card =
        holder.kind == "id-card" && holder.number.expose().as_bytes().eq_ignore_ascii_case(card.id_number.as_bytes());
    if (registered || is_id_card) && person.particulars.name == holder.name.expose() {
        Ok(person)
    } else {
        Err(LifeRefusal::DocumentMismatch.into())
    }
}

/// The same with a document that is valid today.
fn verified(office: &Office<'_>, card: &CardFile, holder: &Holder) -> Result<Person, Refusal> {
    let person = known_as(office, card, holder)?;
    match holder.expires {
        Some(last_day) if last_day.0 < office.today() => Err(LifeRefusal::DocumentExpired.into()),
        _ => Ok(person),
    }
}

/// Who does something to a card, where, and why.
struct By<'n> {
    operator: &'n str,
    outlet: &'n str,
    place: Place,
    note: Option<&'n str>,
}

impl<'n> By<'n> {
    fn desk(desk: &'n Desk<'_>, note: Option<&'n str>) -> Self {
        Self { operator: &desk.operator().id, outlet: desk.outlet(), place: place_of(desk.operator().role), note }
    }
}

/// Refuses a bank's counter that acts on an account of another bank. Of older cards the bank is not known.
fn of_own_bank(office: &Office<'_>, card: &CardFile, by: &By<'_>) -> Result<(), Refusal> {
    let Some(bank) = card.bank.as_ref().filter(|_| by.place == Place::Bank) else { return Ok(()) };
    let own = office.parameter::<Banks>()?.is_counter_of(bank, by.outlet);
    if own { Ok(()) } else { Err(LifeRefusal::OtherBank.into()) }
}

/// Changes the social function of a card by its table; `false`: that had been done before. The row is written by
/// [`write`], after the caller has changed what hangs on it.
fn change_social(
    office: &Office<'_>,
    card: &mut CardFile,
    act: CardAct,
    by: &By<'_>,
) -> Result<Option<Event>, Refusal> {
    let formal = configuration::on::<FormalRelease>(office.store(), card.area, office.today())?.unwrap_or_default();
    let before = card.status_at(office.now());
    let step = act.judge(by.place, before, formal)?;
    if step == Step::DoneBefore {
        return Ok(None);
    }
    if act == CardAct::Activate {
        card.social = true;
    }
    let after = step.after(before, card.social);
    card.set_status(after);
    Ok(Some(event(office, Function::Social, act.word(), (before.as_str(), after.as_str()), by)))
}

/// The same of the bank function.
fn change_bank(office: &Office<'_>, card: &mut CardFile, act: BankAct, by: &By<'_>) -> Result<Option<Event>, Refusal> {
    use qiyong_protocol::card::status::CardStatus;
    let before = card.bank_status_at(office.now());
    let step = act.judge(by.place, before, card.status == CardStatus::Cancelled)?;
    if act == BankAct::Activate {
        card.financial = true;
    }
    let after = step.after(before, card.financial);
    card.set_bank_status(after);
    let changed = before != after;
    Ok(changed.then(|| event(office, Function::Financial, act.into(), (before.word(), after.word()), by)))
}

fn event(office: &Office<'_>, function: Function, act: &str, (before, after): (&str, &str), by: &By<'_>) -> Event {
    Event {
        time: office.now(),
        act: act.to_owned(),
        function,
        place: by.place,
        operator: by.operator.to_owned(),
        outlet: by.outlet.to_owned(),
        before: before.to_owned(),
        after: after.to_owned(),
        note: by.note.map(str::to_owned),
    }
}

/// Writes a card that was changed, and what was done to it; `false` if nothing was.
fn write(office: &Office<'_>, card: &CardFile, events: &[Option<Event>]) -> Result<bool, CentreError> {
    if events.iter().all(Option::is_none) {
        return Ok(false);
    }
    card_file::update(office, card)?;
    for event in events.iter().flatten() {
        history::add(office, card, event)?;
    }
    Ok(true)
}

#[cfg(test)]
pub(crate) mod tests;
