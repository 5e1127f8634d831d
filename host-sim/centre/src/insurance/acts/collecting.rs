//! What the banks collected: the file is matched line by line, credited, and what fits nothing is kept and named
//! (docs/centre.md §6.7.5).

use serde::{Deserialize, Serialize};
use strum::{Display, EnumString, IntoStaticStr, VariantArray};
use utoipa::ToSchema;

use super::common::limit;
use super::premiums::late_fee;
use super::residents;
use crate::acts::Act;
use crate::acts::desk::Desk;
use crate::acts::entry::{Entry, entry};
use crate::acts::fields::{Amount, Day, Private, Text};
use crate::acts::general::General;
use crate::acts::office::Office;
use crate::acts::refusal::Refusal;
use crate::acts::role::Role;
use crate::insurance::booking;
use crate::insurance::collection::{self, COLLECTED, File, Row};
use crate::insurance::faults::{Fault, bent};
use crate::insurance::kinds::{Capacity, Kind};
use crate::insurance::refusal::Refused;
use crate::insurance::slips::{self, Line, LineState};
use crate::store::value::Row as Found;
use crate::{values, word_column};

/// The acts of this file.
pub const ACTS: &[Entry] = &[entry::<CollectPremiums>(), entry::<ListUnmatched>(), entry::<ResolveUnmatched>()];

/// Why money that a bank collected fits no line.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Serialize,
    Deserialize,
    ToSchema,
    EnumString,
    IntoStaticStr,
    Display,
    VariantArray,
)]
#[schema(as = UnmatchedWhy)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum Why {
    /// The row is of another area than its file.
    OtherArea,
    /// No slip has this number.
    SlipUnknown,
    /// The slip has no line for this person, kind and period.
    LineUnknown,
    /// Somebody else is to pay this slip.
    PayerDiffers,
    /// The period ends on another day.
    PeriodDiffers,
    /// The base is another one.
    BaseDiffers,
    /// Another amount is due.
    AmountDiffers,
    /// Another late fee was due on that day.
    LateFeeDiffers,
    /// It was collected before.
    CollectedBefore,
    /// The slip was withdrawn.
    Withdrawn,
    /// The row is of a later day than its file.
    DayAhead,
    /// The row is of a day before the slip was made.
    BeforeSlip,
    /// A resident's year could not be paid on that day.
    NoCover,
}
word_column!(Why);

/// What is to become of unmatched money.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Serialize,
    Deserialize,
    ToSchema,
    EnumString,
    IntoStaticStr,
    Display,
    VariantArray,
)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum UnmatchedState {
    /// It waits for the premium officer.
    Open,
    /// It went back to the bank.
    Returned,
    /// It was credited to a line.
    Assigned,
}
word_column!(UnmatchedState);

impl UnmatchedState {
    /// The state after it went back.
    #[must_use]
    pub const fn returned(self) -> Option<Self> {
        match self {
            Self::Open => Some(Self::Returned),
            _ => None,
        }
    }

    /// The state after it was assigned.
    #[must_use]
    pub const fn assigned(self) -> Option<Self> {
        match self {
            Self::Open => Some(Self::Assigned),
            _ => None,
        }
    }
}

/// Takes a bank's file of what it collected. A file that was taken before gets its answer again and changes nothing.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CollectPremiums {
    /// The file: comma-separated values, `qiyong-collection` version 1 (docs/centre.md §6.7.5)
    #[schema(max_length = 30000000)]
    pub file: String,
}

/// A row that fits no line.
#[derive(Debug, Serialize, ToSchema)]
pub struct UnmatchedRow {
    /// Its line in the file
    pub line: u32,
    /// Why
    pub why: Why,
}

/// What became of a file.
#[derive(Debug, Serialize, ToSchema)]
pub struct CollectedPremiums {
    /// The file was taken before; this is what became of it then
    pub again: bool,
    /// So many lines are paid
    pub matched: u32,
    /// So many the bank could not collect
    pub refused: u32,
    /// So many fit no line
    pub unmatched: u32,
    /// What the bank collected, in fen
    pub collected: Amount,
    /// The rows that fit no line
    pub rows: Vec<UnmatchedRow>,
}

impl Act for CollectPremiums {
    const NAME: &'static str = "premium.collect";
    const ROLES: &'static [Role] = &[Role::PremiumOfficer, Role::BankCounter];
    type Answer = CollectedPremiums;

    fn carry_out(&self, desk: &mut Desk<'_>) -> Result<CollectedPremiums, Refusal> {
        let file = collection::read(self.file.as_bytes()).map_err(|error| Refused::File(error.to_string()))?;
        desk.subject(format!("file {} of bank {}", file.head.number, file.head.bank));
        if file.head.area != desk.area().as_str() {
            return Err(General::OtherArea.into());
        }
        if file.head.day > desk.today() {
            return Err(Refused::FileAhead.into());
        }
        let digest = desk.hash("collection", &self.file);
        if let Some(answer) = taken(desk, &file, digest)? {
            return Ok(answer);
        }
        let mut answer = CollectedPremiums {
            again: false,
            matched: 0,
            refused: 0,
            unmatched: 0,
            collected: Amount(0),
            rows: Vec::new(),
        };
        for row in &file.rows {
            take(desk, &file, row, &mut answer)?;
        }
        desk.store().execute(
            "INSERT INTO collections (area, bank, number, digest, taken, matched, refused, unmatched, collected)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
            values![
                desk.area(),
                file.head.bank,
                file.head.number,
                digest,
                desk.now(),
                answer.matched,
                answer.refused,
                answer.unmatched,
                answer.collected.0
            ],
        )?;
        Ok(answer)
    }
}

/// What became of this file before; another file under its number is refused.
fn taken(office: &Office<'_>, file: &File, digest: [u8; 32]) -> Result<Option<CollectedPremiums>, Refusal> {
    let found = office.store().find(
        "SELECT * FROM collections WHERE area = $1 AND bank = $2 AND number = $3",
        values![office.area(), file.head.bank, file.head.number],
    )?;
    let Some(found) = found else { return Ok(None) };
    if found.get::<[u8; 32]>("digest")? != digest {
        return Err(Refused::FileNumberReused.into());
    }
    let rows = office.store().rows(
        "SELECT line, why FROM unmatched WHERE area = $1 AND bank = $2 AND file = $3 ORDER BY line LIMIT 100000",
        values![office.area(), file.head.bank, file.head.number],
    )?;
    let row = |row: &Found| Ok::<_, Refusal>(UnmatchedRow { line: row.get("line")?, why: row.get("why")? });
    Ok(Some(CollectedPremiums {
        again: true,
        matched: found.get("matched")?,
        refused: found.get("refused")?,
        unmatched: found.get("unmatched")?,
        collected: Amount(found.get("collected")?),
        rows: rows.iter().map(row).collect::<Result<_, _>>()?,
    }))
}

/// Takes one row.
fn take(desk: &Desk<'_>, file: &File, row: &Row, answer: &mut CollectedPremiums) -> Result<(), Refusal> {
    let matched = find(desk, file, row)?;
    if row.result != COLLECTED {
        answer.refused += 1;
        if let Ok(line) = matched {
            slips::set_refused(desk, &line, &row.result)?;
        }
        return Ok(());
    }
    answer.collected.0 += row.amount + row.late_fee;
    let from = booking::bank(&file.head.bank);
    let why = match matched {
        Ok(line) => match residents::cover(desk, &line, row.day)? {
            Ok(()) => {
                booking::collected(desk, from, &line, (row.day, row.late_fee))?;
                answer.matched += 1;
                return Ok(());
            }
            Err(_) => Why::NoCover,
        },
        Err(why) => why,
    };
    answer.unmatched += 1;
    let line = u32::try_from(row.line).unwrap_or(u32::MAX);
    answer.rows.push(UnmatchedRow { line, why });
    keep_unmatched(desk, file, row, why)
}

/// The line that a row pays, or why there is none.
fn find(desk: &Desk<'_>, file: &File, row: &Row) -> Result<Result<Line, Why>, Refusal> {
    if row.area != file.head.area {
        return Ok(Err(Why::OtherArea));
    }
    if row.day > file.head.day {
        return Ok(Err(Why::DayAhead));
    }
    let Some(slip) = slips::get(desk, &row.slip)? else { return Ok(Err(Why::SlipUnknown)) };
    // An earlier day would save the late fee, and bear interest.
    if row.day < slip.made {
        return Ok(Err(Why::BeforeSlip));
    }
    if slip.payer != row.payer {
        return Ok(Err(Why::PayerDiffers));
    }
    let Some(line) = slips::line_of(desk, &row.slip, (&row.insured, row.kind, row.begin))? else {
        return Ok(Err(Why::LineUnknown));
    };
    let late_fee = late_fee(desk, &line, row.day)?;
    Ok(fits(row, &line, late_fee).map(|()| line))
}

/// Whether a row pays a line, of which `late_fee` is due on the row's day.
fn fits(row: &Row, line: &Line, late_fee: i64) -> Result<(), Why> {
    match line.state {
        LineState::Void => return Err(Why::Withdrawn),
        LineState::Collected if !bent(Fault::CollectsTwice) => return Err(Why::CollectedBefore),
        LineState::Collected | LineState::Due => {}
    }
    if row.end != line.last {
        return Err(Why::PeriodDiffers);
    }
    if row.base != line.base {
        return Err(Why::BaseDiffers);
    }
    if row.amount != line.parts.total() && !bent(Fault::AmountNotCompared) {
        return Err(Why::AmountDiffers);
    }
    if row.late_fee != late_fee { Err(Why::LateFeeDiffers) } else { Ok(()) }
}

/// Keeps money that fits no line, and books it as collected and not credited.
fn keep_unmatched(desk: &Desk<'_>, file: &File, row: &Row, why: Why) -> Result<(), Refusal> {
    let who = zeroize::Zeroizing::new(format!("{} {} {}", row.payer, row.insured, row.account));
    let amount = row.amount + row.late_fee;
    desk.store().execute(
        "INSERT INTO unmatched (area, bank, file, line, why, slip, kind, amount, day, sealed, state)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        values![
            desk.area(),
            file.head.bank,
            file.head.number,
            i64::try_from(row.line).unwrap_or(i64::MAX),
            why,
            row.slip,
            row.kind,
            amount,
            row.day,
            desk.seal(&who)?,
            UnmatchedState::Open
        ],
    )?;
    if bent(Fault::UnmatchedNotBooked) {
        return Ok(());
    }
    let reference = format!("{}-{}-{}", file.head.bank, file.head.number, row.line);
    let accounts = (booking::bank(&file.head.bank), booking::uncredited(row.kind));
    booking::transfer(desk, ("premium-unmatched", reference), accounts, (desk.today(), amount))
}

/// Money that fits no line.
#[derive(Debug, Serialize, ToSchema)]
pub struct UnmatchedLine {
    /// The bank
    pub bank: String,
    /// The file's number
    pub file: String,
    /// The row's line in the file
    pub line: i64,
    /// Why it fits no line
    pub why: Why,
    /// The slip that the bank named
    pub slip: String,
    /// The kind that the bank named
    pub kind: Kind,
    /// What it collected, in fen, with the late fee
    pub amount: Amount,
    /// When
    pub day: Day,
    /// Payer, insured person and account, as the bank named them
    pub who: Private,
    /// What became of it
    pub state: UnmatchedState,
}

/// Money that fits no line.
#[derive(Debug, Serialize, ToSchema)]
pub struct Unmatched {
    /// The rows, by bank, file and line
    pub rows: Vec<UnmatchedLine>,
}

/// Lists money that a bank collected and that fits no line.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ListUnmatched {
    /// In this state; missing: open
    #[serde(default)]
    pub state: Option<UnmatchedState>,
    /// At most so many; 100 if missing
    #[serde(default)]
    #[schema(minimum = 1, maximum = 1000)]
    pub limit: Option<u16>,
}

impl Act for ListUnmatched {
    const NAME: &'static str = "premium.unmatched";
    const ROLES: &'static [Role] = &[Role::PremiumOfficer, Role::Auditor];
    const READS: bool = true;
    type Answer = Unmatched;

    fn carry_out(&self, desk: &mut Desk<'_>) -> Result<Unmatched, Refusal> {
        let state = self.state.unwrap_or(UnmatchedState::Open);
        let found = desk.store().rows(
            "SELECT * FROM unmatched WHERE area = $1 AND state = $2 ORDER BY bank, file, line LIMIT $3",
            values![desk.area(), state, limit(self.limit)],
        )?;
        let mut rows = Vec::new();
        for row in &found {
            rows.push(unmatched_line(desk, row)?);
        }
        Ok(Unmatched { rows })
    }
}

fn unmatched_line(office: &Office<'_>, row: &Found) -> Result<UnmatchedLine, Refusal> {
    let who = office.unseal(&row.get::<Vec<u8>>("sealed")?)?;
    Ok(UnmatchedLine {
        bank: row.get("bank")?,
        file: row.get("file")?,
        line: row.get("line")?,
        why: row.get("why")?,
        slip: row.get("slip")?,
        kind: row.get("kind")?,
        amount: Amount(row.get("amount")?),
        day: Day(row.get("day")?),
        who: Private((*who).clone()),
        state: row.get("state")?,
    })
}

/// Sends unmatched money back to the bank, or credits it to a line that it pays exactly.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ResolveUnmatched {
    /// The bank
    pub bank: Text,
    /// The file's number
    pub file: Text,
    /// The row's line in the file
    pub line: i64,
    /// The slip that it pays; missing: it goes back
    #[serde(default)]
    pub slip: Option<Text>,
    /// The line of the slip
    #[serde(default)]
    pub slip_line: Option<i64>,
}

/// What became of it.
#[derive(Debug, Serialize, ToSchema)]
pub struct ResolvedUnmatched {
    /// Returned or assigned
    pub state: UnmatchedState,
}

impl Act for ResolveUnmatched {
    const NAME: &'static str = "premium.resolve";
    const ROLES: &'static [Role] = &[Role::PremiumOfficer];
    type Answer = ResolvedUnmatched;

    fn carry_out(&self, desk: &mut Desk<'_>) -> Result<ResolvedUnmatched, Refusal> {
        desk.subject(format!("file {} of bank {}, line {}", self.file.0, self.bank.0, self.line));
        let key = values![desk.area(), self.bank, self.file, self.line];
        let row = desk
            .store()
            .find("SELECT * FROM unmatched WHERE area = $1 AND bank = $2 AND file = $3 AND line = $4", key)?
            .ok_or(General::NotFound("unmatched row"))?;
        let row = unmatched_line(desk, &row)?;
        let state = match &self.slip {
            Some(slip) => self.assign(desk, &row, &slip.0)?,
            None => {
                let state = row.state.returned().ok_or(Refused::Resolved)?;
                let reference = format!("{}-{}-{}", row.bank, row.file, row.line);
                let accounts = (booking::uncredited(row.kind), booking::bank(&row.bank));
                booking::transfer(desk, ("premium-returned", reference), accounts, (desk.today(), row.amount.0))?;
                state
            }
        };
        desk.store().execute(
            "UPDATE unmatched SET state = $1 WHERE area = $2 AND bank = $3 AND file = $4 AND line = $5",
            values![state, desk.area(), self.bank, self.file, self.line],
        )?;
        Ok(ResolvedUnmatched { state })
    }
}

impl ResolveUnmatched {
    fn assign(&self, desk: &Desk<'_>, row: &UnmatchedLine, slip: &str) -> Result<UnmatchedState, Refusal> {
        let state = row.state.assigned().ok_or(Refused::Resolved)?;
        let slip = slips::get(desk, slip)?.ok_or(General::NotFound("slip"))?;
        let lines = slips::lines(desk, &slip.number)?;
        let line = lines.iter().find(|line| Some(line.line) == self.slip_line).ok_or(General::NotFound("slip line"))?;
        line.state.collected().ok_or(Refused::SlipNotDue)?;
        let late_fee = late_fee(desk, line, row.day.0)?;
        let due = line.parts.total() + late_fee;
        if due != row.amount.0 {
            return Err(Refused::AmountDiffers { due, is: row.amount.0 }.into());
        }
        if line.capacity == Capacity::Resident {
            residents::cover(desk, line, row.day.0)?
                .map_err(|not| Refused::NoCover { opens: not.opens, ends: not.ends })?;
        }
        booking::collected(desk, booking::uncredited(row.kind), line, (row.day.0, late_fee))?;
        Ok(state)
    }
}
