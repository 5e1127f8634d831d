//! A person moves to another coordinating area: the certificate at once, then the balance, step by step, each with its
//! last day (docs/centre.md §6.9).

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use qiyong_protocol::card::codes::Region;

use super::super::refusal::LifeRefusal;
use super::super::term::Calendar;
use super::super::transfer::{Side, TransferAct, TransferState, TransferTerms};
use crate::acts::Act;
use crate::acts::desk::Desk;
use crate::acts::fields::{Amount, Area, Day};
use crate::acts::general::General;
use crate::acts::office::Office;
use crate::acts::refusal::Refusal;
use crate::acts::role::Role;
use crate::acts::waiting::Waiting;
use crate::error::{CentreError, Damage};
use crate::ledger::{self, Account, Posting};
use crate::store::value::Row;
use crate::store::value::values;
use crate::{configuration, persons};

const MAY: &[Role] = &[Role::PremiumOfficer];

/// A change of area, as both areas see it.
#[derive(Debug, Serialize, ToSchema)]
pub struct Transfer {
    /// The certificate's number: T, the old area, nine digits
    pub transfer: String,
    /// Where it stands
    pub state: TransferState,
    /// The old area
    pub from: Area,
    /// The new area
    pub to: Area,
    /// What was sent, in fen; zero before
    pub balance: Amount,
    /// The first day
    pub begun: Day,
    /// Whose step is next; left out at the end
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<Side>,
    /// What it waits for there, and until when; left out at the end
    #[serde(skip_serializing_if = "Option::is_none")]
    pub waiting: Option<Waiting>,
}

/// Begins a person's change of area and gives the certificate; not for retired persons.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Move {
    /// The person's number
    pub person: String,
    /// The new area
    pub to: Area,
}

/// The old area sends the balance of the account. The person is no longer one of the area.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SendBalance {
    /// The certificate's number
    pub transfer: String,
}

/// The new area credits the balance. The person becomes known there, if that was not so.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReceiveBalance {
    /// The certificate's number
    pub transfer: String,
}

/// The person gives the change of area up before the balance was sent.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WithdrawMove {
    /// The certificate's number
    pub transfer: String,
}

/// Shows a change of area to either area.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ShowMove {
    /// The certificate's number
    pub transfer: String,
}

/// A row of `transfers`.
struct Kept {
    area: Region,
    number: i64,
    person: String,
    new_area: Region,
    balance: i64,
    state: TransferState,
    begun: jiff::civil::Date,
    since: jiff::civil::Date,
}

impl Act for Move {
    const NAME: &'static str = "life.move";
    const ROLES: &'static [Role] = MAY;
    type Answer = Transfer;

    fn carry_out(&self, desk: &mut Desk<'_>) -> Result<Transfer, Refusal> {
        let office = desk.office();
        let person = persons::get(&office, &self.person)?.ok_or(General::NotFound("person"))?;
        desk.subject(format!("person {} to {}", self.person, self.to));
        if self.to.0 == office.area() {
            return Err(LifeRefusal::SameArea.into());
        }
        if person.category == "retired" {
            return Err(LifeRefusal::Retired.into());
        }
        let open = office.store().find(
            "SELECT number FROM transfers WHERE area = $1 AND person = $2 AND state IN ('requested', 'sent')",
            values![office.area(), self.person],
        )?;
        if open.is_some() {
            return Err(LifeRefusal::TransferOpen.into());
        }
        let kept = Kept {
            area: office.area(),
            number: office.next_number("transfer")?,
            person: self.person.clone(),
            new_area: self.to.0,
            balance: 0,
            state: TransferState::Requested,
            begun: office.today(),
            since: office.today(),
        };
        office.store().execute(
            "INSERT INTO transfers (area, number, person, new_area, balance, state, begun, since)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
            values![
                kept.area,
                kept.number,
                kept.person,
                kept.new_area,
                kept.balance,
                kept.state,
                kept.begun,
                kept.since
            ],
        )?;
        kept.view(&office)
    }
}

impl Act for SendBalance {
    const NAME: &'static str = "life.send-balance";
    const ROLES: &'static [Role] = MAY;
    type Answer = Transfer;

    fn carry_out(&self, desk: &mut Desk<'_>) -> Result<Transfer, Refusal> {
        let (old, mut kept) = step(desk, &self.transfer, TransferAct::Send)?;
        let account = Account::Person(kept.person.clone());
        kept.balance = ledger::balance(old.store(), kept.area, &account)?;
        let way = Account::Outside(format!("transfer-{}", kept.new_area));
        post(desk, &old, &kept, "transfer-out", vec![(account, -kept.balance), (way, kept.balance)])?;
        let mut person = persons::get(&old, &kept.person)?.ok_or_else(damaged)?;
        person.until = Some(old.today());
        persons::update(&old, &person)?;
        kept.write(&old)?;
        kept.view(&old)
    }
}

impl Act for ReceiveBalance {
    const NAME: &'static str = "life.receive-balance";
    const ROLES: &'static [Role] = MAY;
    type Answer = Transfer;

    fn carry_out(&self, desk: &mut Desk<'_>) -> Result<Transfer, Refusal> {
        let (old, kept) = step(desk, &self.transfer, TransferAct::Receive)?;
        let here = desk.office();
        let person = persons::get(&old, &kept.person)?.ok_or_else(damaged)?;
        let known = persons::find_by_document(&here, &person.document_kind, &person.particulars.document)?;
        let number = match known {
            Some(mut known) => {
                if known.until.take().is_some() {
                    persons::update(&here, &known)?;
                }
                known.number
            }
            None => persons::add(
                &here,
                &person.particulars,
                (&person.document_kind, person.document_until),
                &person.category,
            )?,
        };
        let way = Account::Outside(format!("transfer-{}", kept.area));
        let lines = vec![(Account::Person(number), kept.balance), (way, -kept.balance)];
        post(desk, &here, &kept, "transfer-in", lines)?;
        kept.write(&old)?;
        kept.view(&old)
    }
}

impl Act for WithdrawMove {
    const NAME: &'static str = "life.withdraw-move";
    const ROLES: &'static [Role] = MAY;
    type Answer = Transfer;

    fn carry_out(&self, desk: &mut Desk<'_>) -> Result<Transfer, Refusal> {
        let (old, kept) = step(desk, &self.transfer, TransferAct::Withdraw)?;
        kept.write(&old)?;
        kept.view(&old)
    }
}

impl Act for ShowMove {
    const NAME: &'static str = "life.show-move";
    const ROLES: &'static [Role] = &[Role::PremiumOfficer, Role::Auditor];
    const READS: bool = true;
    type Answer = Transfer;

    fn carry_out(&self, desk: &mut Desk<'_>) -> Result<Transfer, Refusal> {
        let (old, kept, _) = find(desk, &self.transfer)?;
        kept.view(&old)
    }
}

/// The change of area with this number, the old area's files, and on which side the desk is. Other areas do not see it.
fn find<'a>(desk: &mut Desk<'a>, transfer: &str) -> Result<(Office<'a>, Kept, Side), Refusal> {
    let unknown = LifeRefusal::TransferUnknown;
    let named = transfer.strip_prefix('T').and_then(|rest| rest.split_at_checked(6));
    let (area, number) = named.ok_or_else(|| unknown.clone())?;
    let digits = number.len() == 9 && number.bytes().all(|byte| byte.is_ascii_digit());
    let area = Region::new(area).ok().filter(|_| digits).ok_or_else(|| unknown.clone())?;
    let number: i64 = number.parse().map_err(|_| unknown.clone())?;
    desk.subject(format!("transfer {transfer}"));
    let old = desk.office().of_area(area);
    let row = old
        .store()
        .find("SELECT * FROM transfers WHERE area = $1 AND number = $2", values![area, number])?
        .ok_or_else(|| unknown.clone())?;
    let kept = read(&row)?;
    let side = match desk.area() {
        here if here == kept.area => Side::Old,
        here if here == kept.new_area => Side::New,
        _ => return Err(unknown.into()),
    };
    Ok((old, kept, side))
}

/// The same after an act; nothing is written yet.
fn step<'a>(desk: &mut Desk<'a>, transfer: &str, act: TransferAct) -> Result<(Office<'a>, Kept), Refusal> {
    let (old, mut kept, side) = find(desk, transfer)?;
    kept.state = kept.state.after(act, side)?;
    kept.since = old.today();
    Ok((old, kept))
}

fn post(
    desk: &Desk<'_>,
    office: &Office<'_>,
    kept: &Kept,
    reason: &str,
    lines: Vec<(Account, i64)>,
) -> Result<(), Refusal> {
    if kept.balance == 0 {
        return Ok(());
    }
    let posting = Posting { day: office.today(), reason: reason.into(), reference: kept.name(), lines };
    // The balance was read within this transaction, and both lines are its amount.
    ledger::post(office, &desk.operator().id, &posting)?.map_err(|_| damaged())?;
    Ok(())
}

impl Kept {
    /// The certificate's number.
    fn name(&self) -> String {
        format!("T{}{:09}", self.area, self.number)
    }

    fn write(&self, old: &Office<'_>) -> Result<(), CentreError> {
        old.store().execute(
            "UPDATE transfers SET state = $1, since = $2, balance = $3 WHERE area = $4 AND number = $5",
            values![self.state, self.since, self.balance, self.area, self.number],
        )?;
        Ok(())
    }

    fn view(&self, old: &Office<'_>) -> Result<Transfer, Refusal> {
        let calendar: Calendar = configuration::on(old.store(), self.area, old.today())?.unwrap_or_default();
        let last = old.parameter::<TransferTerms>()?.last_day(self.state, self.since, &calendar);
        let (next, waiting) = self.state.waiting(last).unzip();
        Ok(Transfer {
            transfer: self.name(),
            state: self.state,
            from: Area(self.area),
            to: Area(self.new_area),
            balance: Amount(self.balance),
            begun: Day(self.begun),
            next,
            waiting,
        })
    }
}

fn read(row: &Row) -> Result<Kept, CentreError> {
    Ok(Kept {
        area: row.get("area")?,
        number: row.get("number")?,
        person: row.get("person")?,
        new_area: row.get("new_area")?,
        balance: row.get("balance")?,
        state: row.get("state")?,
        begun: row.get("begun")?,
        since: row.get("since")?,
    })
}

fn damaged() -> CentreError {
    CentreError::Damaged(Damage::Column("transfers.person".into()))
}
