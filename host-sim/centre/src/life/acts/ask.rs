//! What is asked of cards: how one stands and what it waits for, its history, lists, and how another system writes it.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use qiyong_protocol::card::status::CardStatus;

use super::super::bank::{BankAct, BankStatus};
use super::super::card_act::{CardAct, FormalRelease};
use super::super::card_file::{CardFile, CardKind};
use super::super::codes::{Interface, Meaning};
use super::super::history;
use super::super::place::Place;
use super::super::refusal::LifeRefusal;
use super::{READERS, open_own};
use crate::acts::Act;
use crate::acts::desk::Desk;
use crate::acts::fields::{CardNo, Day, Moment};
use crate::acts::general::General;
use crate::acts::office::Office;
use crate::acts::refusal::Refusal;
use crate::acts::role::{self, Role};
use crate::configuration;
use crate::store::value::Row;
use crate::store::value::values;
use crate::terminal::journal::Function;

/// Shows how a card stands, and what it waits for.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Show {
    /// The card's number
    pub card: CardNo,
}

/// How a card stands.
#[derive(Debug, Serialize, ToSchema)]
pub struct CardView {
    /// Its number
    pub card: CardNo,
    /// Whose it is: the person's number
    pub person: String,
    /// What kind of card it is
    pub kind: CardKind,
    /// Its last day
    pub expires: Day,
    /// When it was handed over; left out: not yet
    #[serde(skip_serializing_if = "Option::is_none")]
    pub handed_over: Option<Moment>,
    /// Where the social function stands: `inactive`, `active`, `lost`, `temporarily-lost`, `locked`, `sealed`, `cancelled`
    pub status: String,
    /// Where the bank function stands
    pub bank_status: BankStatus,
    /// The holder has not replaced the initial PIN
    pub pin_is_initial: bool,
    /// When an oral loss lapses
    #[serde(skip_serializing_if = "Option::is_none")]
    pub loss_until: Option<Moment>,
    /// Why it was cancelled
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ended_because: Option<String>,
    /// What it waits for; nothing, if both functions have ended
    pub waiting: Vec<Waiting>,
}

/// What a function of a card waits for.
#[derive(Debug, Serialize, ToSchema)]
pub struct Waiting {
    /// Which function
    pub function: Function,
    /// Who must act next; the others may
    pub who: Role,
    /// Until when; left out: there is no term
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<Moment>,
    /// Why it waits, in English
    pub why_en: &'static str,
    /// Why it waits, in Chinese
    pub why_zh: &'static str,
    /// The acts that are possible
    pub acts: Vec<String>,
}

impl Act for Show {
    const NAME: &'static str = "life.show";
    const ROLES: &'static [Role] = READERS;
    const READS: bool = true;
    type Answer = CardView;

    fn carry_out(&self, desk: &mut Desk<'_>) -> Result<CardView, Refusal> {
        let (office, card) = open_own(desk, self.card)?;
        let formal = configuration::on::<FormalRelease>(office.store(), card.area, office.today())?;
        Ok(CardView {
            card: self.card,
            person: card.person.clone(),
            kind: card.kind,
            expires: Day(card.expires),
            handed_over: card.handed_over.map(Moment),
            status: card.status_at(office.now()).as_str().to_owned(),
            bank_status: card.bank_status_at(office.now()),
            pin_is_initial: card.pin_is_initial,
            loss_until: card.loss_until.map(Moment),
            ended_because: card.ended_because.clone(),
            waiting: waiting(&office, &card, formal.unwrap_or_default()),
        })
    }
}

/// What both functions of a card wait for.
pub(super) fn waiting(office: &Office<'_>, card: &CardFile, formal: FormalRelease) -> Vec<Waiting> {
    let (status, bank) = (card.status_at(office.now()), card.bank_status_at(office.now()));
    let social = social_wait(status).map(|(who, why_en, why_zh)| Waiting {
        function: Function::Social,
        who,
        until: card.loss_until.filter(|_| status == CardStatus::TemporarilyLost).map(Moment),
        why_en,
        why_zh,
        acts: social_acts(status, formal).into_iter().map(String::from).collect(),
    });
    let ended = status == CardStatus::Cancelled;
    let financial = bank_wait(bank, ended).map(|(who, why_en, why_zh)| Waiting {
        function: Function::Financial,
        who,
        until: card.bank_loss_until.filter(|_| bank == BankStatus::TemporarilyLost).map(Moment),
        why_en,
        why_zh,
        acts: bank_acts(bank, ended).into_iter().map(String::from).collect(),
    });
    social.into_iter().chain(financial).collect()
}

/// Who acts next on the social function, and why; `None`: it has ended.
pub(crate) const fn social_wait(status: CardStatus) -> Option<(Role, &'static str, &'static str)> {
    Some(match status {
        CardStatus::Inactive => (Role::Issuer, "it waits for its first use", "待启用"),
        CardStatus::Active => (Role::Issuer, "it is in use", "正常使用"),
        CardStatus::TemporarilyLost => {
            (Role::Issuer, "its loss is to be released, or confirmed in writing", "口头挂失，待解挂或正式挂失")
        }
        CardStatus::Lost => (Role::Clerk, "it is void and waits for its replacement", "已正式挂失，待补卡"),
        CardStatus::Locked => (Role::Issuer, "it waits to be unlocked", "应用已锁定，待解锁"),
        CardStatus::Sealed => (Role::Issuer, "it waits to be unsealed", "已封存，待解封"),
        CardStatus::Cancelled => return None,
    })
}

/// The same of the bank function.
pub(crate) const fn bank_wait(status: BankStatus, ended: bool) -> Option<(Role, &'static str, &'static str)> {
    Some(match status {
        BankStatus::None | BankStatus::Closed => return None,
        _ if ended => (Role::BankCounter, "the account is to be closed", "待销户"),
        BankStatus::Inactive => (Role::BankCounter, "the account waits for its first use", "金融账户待激活"),
        BankStatus::Active => (Role::BankCounter, "the account is in use", "金融账户正常"),
        BankStatus::TemporarilyLost | BankStatus::Lost => {
            (Role::BankCounter, "the account is reported lost", "金融账户已挂失")
        }
        BankStatus::Blocked => (Role::BankCounter, "the account is to be closed", "待销户"),
    })
}

/// The names of the acts by which people change a social function in this status.
pub(crate) fn social_acts(status: CardStatus, formal: FormalRelease) -> Vec<&'static str> {
    let named = [
        (CardAct::Activate, "life.activate"),
        (CardAct::ReportLoss, "life.report-loss"),
        (CardAct::ConfirmLoss, "life.confirm-loss"),
        (CardAct::Release, "life.release"),
        (CardAct::Seal, "life.seal"),
        (CardAct::Unseal, "life.unseal"),
        (CardAct::Lock, "life.lock"),
        (CardAct::Unlock, "life.unlock"),
        (CardAct::Cancel, "life.cancel"),
    ];
    let leaves = |act: CardAct| {
        act.judge(Place::Window, status, formal).is_ok_and(|step| step.after(status, true) != status)
            || act.judge(Place::Window, status, formal).is_ok_and(|step| step.after(status, false) != status)
    };
    let mut acts: Vec<_> = named.into_iter().filter(|(act, _)| leaves(*act)).map(|(_, name)| name).collect();
    // Another card takes its place: its holder applies for it.
    acts.extend((status == CardStatus::Lost).then_some("application.file"));
    acts
}

/// The same of a bank function; `ended`: the social function has.
pub(crate) fn bank_acts(status: BankStatus, ended: bool) -> Vec<&'static str> {
    let named = [
        (BankAct::Activate, "life.activate"),
        (BankAct::ReportLoss, "life.report-loss"),
        (BankAct::ConfirmLoss, "life.confirm-loss"),
        (BankAct::Release, "life.release"),
        (BankAct::Close, "life.close-account"),
    ];
    let leaves = |act: BankAct| {
        act.judge(Place::Bank, status, ended)
            .is_ok_and(|step| [true, false].iter().any(|used| step.after(status, *used) != status))
    };
    let mut acts: Vec<_> = named.into_iter().filter(|(act, _)| leaves(*act)).map(|(_, name)| name).collect();
    if acts.is_empty() || !ended && status != BankStatus::Closed && status != BankStatus::None {
        // The way to its end begins with the card's.
        acts.extend((!ended).then_some("life.cancel"));
    }
    acts
}

/// Lists what was done to a card, oldest first.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct History {
    /// The card's number
    pub card: CardNo,
    /// Leave out the first so many; 0 by default
    #[serde(default)]
    pub after: u32,
    /// At most so many, 1 to 1000; 100 by default
    pub limit: Option<u16>,
}

/// Something that was done to a card.
#[derive(Debug, Serialize, ToSchema)]
pub struct EventView {
    /// When, by the centre's clock
    pub time: Moment,
    /// What
    pub act: String,
    /// To which function
    pub function: Function,
    /// Where it was asked for
    pub place: String,
    /// Who did it; `-`: the centre itself
    pub operator: String,
    /// For which outlet or institution
    pub outlet: String,
    /// The status before
    pub before: String,
    /// The status after
    pub after: String,
    /// Why
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
}

/// A card's history.
#[derive(Debug, Serialize, ToSchema)]
pub struct Events {
    /// What was done
    pub events: Vec<EventView>,
}

impl Act for History {
    const NAME: &'static str = "life.history";
    const ROLES: &'static [Role] = READERS;
    const READS: bool = true;
    type Answer = Events;

    fn carry_out(&self, desk: &mut Desk<'_>) -> Result<Events, Refusal> {
        let limit = limited(self.limit)?;
        let (office, card) = open_own(desk, self.card)?;
        let events = history::of(&office, card.number, self.after, limit)?;
        let view = |event: history::Event| EventView {
            time: Moment(event.time),
            act: event.act,
            function: event.function,
            place: event.place.word().to_owned(),
            operator: event.operator,
            outlet: event.outlet,
            before: event.before,
            after: event.after,
            why: event.note,
        };
        Ok(Events { events: events.into_iter().map(view).collect() })
    }
}

/// Lists cards of the area by the status of their social function, in the order of their numbers. Those that are lost or
/// cancelled are the list of void cards.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct List {
    /// The status, in its word
    pub status: String,
    /// The number after which the list begins; left out: from the first
    pub after: Option<CardNo>,
    /// At most so many, 1 to 1000; 100 by default
    pub limit: Option<u16>,
}

/// A card in a list.
#[derive(Debug, Serialize, ToSchema)]
pub struct Listed {
    /// Its number
    pub card: CardNo,
    /// Whose it is: the person's number
    pub person: String,
    /// Where its social function stands; of an oral loss whose term is over, that it was reported
    pub status: String,
    /// Its last day
    pub expires: Day,
}

/// Cards.
#[derive(Debug, Serialize, ToSchema)]
pub struct Cards {
    /// The cards
    pub cards: Vec<Listed>,
}

impl Act for List {
    const NAME: &'static str = "life.list";
    const ROLES: &'static [Role] = READERS;
    const READS: bool = true;
    type Answer = Cards;

    fn carry_out(&self, desk: &mut Desk<'_>) -> Result<Cards, Refusal> {
        let limit = limited(self.limit)?;
        let status = CardStatus::from_word(&self.status).ok_or(LifeRefusal::Field {
            field: "status",
            en: "inactive, active, lost, temporarily-lost, locked, sealed or cancelled",
            zh: "应为 inactive、active、lost、temporarily-lost、locked、sealed 或 cancelled",
        })?;
        let after = self.after.map(|after| after.to_string()).unwrap_or_default();
        let rows = desk.store().rows(
            "SELECT number, person, status, expires FROM cards
             WHERE area = $1 AND status = $2 AND number > $3 ORDER BY number LIMIT $4",
            values![desk.area(), status, after, limit],
        )?;
        let view = |row: &Row| {
            Ok::<_, Refusal>(Listed {
                card: CardNo(row.get("number")?),
                person: row.get("person")?,
                status: row.get("status")?,
                expires: Day(row.get("expires")?),
            })
        };
        Ok(Cards { cards: rows.iter().map(view).collect::<Result<_, _>>()? })
    }
}

fn limited(limit: Option<u16>) -> Result<u16, Refusal> {
    match limit.unwrap_or(100) {
        limit @ 1..=1000 => Ok(limit),
        _ => Err(General::not_allowed("limit", "1 to 1000", "1 至 1000").into()),
    }
}

/// How another system writes the status of a card.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StatusCode {
    /// The card's number
    pub card: CardNo,
    /// Whose codes
    pub interface: Interface,
}

/// What another system's status code means.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StatusOf {
    /// Whose codes
    pub interface: Interface,
    /// The code; an empty one may have a meaning
    pub code: String,
}

/// A status and its code.
#[derive(Debug, Serialize, ToSchema)]
pub struct Coded {
    /// The code
    pub code: String,
    /// Its meaning, in the centre's word
    pub meaning: String,
}

impl Act for StatusCode {
    const NAME: &'static str = "life.status-code";
    const ROLES: &'static [Role] = role::ALL;
    const READS: bool = true;
    type Answer = Coded;

    fn carry_out(&self, desk: &mut Desk<'_>) -> Result<Coded, Refusal> {
        let (office, card) = open_own(desk, self.card)?;
        let meaning = Meaning::Card(card.status_at(office.now()));
        let code = self.interface.write(meaning).map_err(LifeRefusal::Code)?;
        Ok(Coded { code: code.to_owned(), meaning: meaning.word().to_owned() })
    }
}

impl Act for StatusOf {
    const NAME: &'static str = "life.status-of";
    const ROLES: &'static [Role] = role::ALL;
    const READS: bool = true;
    type Answer = Coded;

    fn carry_out(&self, _: &mut Desk<'_>) -> Result<Coded, Refusal> {
        let meaning = self.interface.read(&self.code).map_err(LifeRefusal::Code)?;
        Ok(Coded { code: self.code.clone(), meaning: meaning.word().to_owned() })
    }
}
