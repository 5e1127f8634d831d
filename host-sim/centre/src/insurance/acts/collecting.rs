//! What the banks collected: the file is matched line by line and credited (docs/centre.md §6.7.5).

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::common::late_fee;
use super::residents;
use crate::acts::Act;
use crate::acts::desk::Desk;
use crate::acts::entry::{Entry, entry};
use crate::acts::fields::Amount;
use crate::acts::general::General;
use crate::acts::office::Office;
use crate::acts::refusal::Refusal;
use crate::acts::role::Role;
use crate::insurance::booking;
use crate::insurance::collection::{self, COLLECTED, File, Row};
use crate::insurance::faults::{Fault, bent};
use crate::insurance::refusal::Refused;
use crate::insurance::slips::{self, Line, LineState};
use crate::store::value::Row as Found;
use crate::store::value::values;

use crate::insurance::unmatched::{self, Why};

/// The acts of this file.
pub const ACTS: &[Entry] = &[entry::<CollectPremiums>()];

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
    unmatched::keep(desk, file, row, why)
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
