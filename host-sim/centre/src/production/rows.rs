//! How cards in the making and their batches are kept. [`take`] is the only way from one stage to the next.

use jiff::civil::Date;
use zeroize::Zeroizing;

use qiyong_protocol::card::codes::CardNumber;

use super::refusal::ProductionRefusal;
use super::stage::{Stage, Step};
use crate::acts::desk::Desk;
use crate::acts::office::Office;
use crate::acts::refusal::Refusal;
use crate::error::CentreError;
use crate::store::value::Row;
use crate::store::value::values;

/// A card in the making.
#[derive(Clone)]
pub(super) struct Making {
    pub(super) application: String,
    pub(super) stage: Stage,
    pub(super) since: Date,
    pub(super) outlet: String,
    pub(super) bank: String,
    pub(super) bank_card: Option<Zeroizing<String>>,
    pub(super) reason: Option<String>,
    pub(super) batch: Option<(String, i64)>,
    pub(super) attempts: i64,
}

/// A batch.
pub(super) struct Batch {
    pub(super) number: String,
    pub(super) instant: bool,
    pub(super) outlet: String,
    pub(super) bank: String,
    pub(super) maker: String,
    pub(super) opened: Date,
}

/// A line of a batch.
pub(super) struct Line {
    pub(super) batch: String,
    pub(super) line: i64,
    pub(super) application: String,
    pub(super) card: CardNumber,
    pub(super) serial: u32,
    pub(super) issued: Date,
    pub(super) expires: Date,
    pub(super) pin: Option<Zeroizing<String>>,
    pub(super) report: Option<[u8; 32]>,
    pub(super) outcome: Option<String>,
    pub(super) reason: Option<String>,
    pub(super) position: Option<String>,
}

/// The card in the making for this application.
pub(super) fn get(office: &Office<'_>, application: &str) -> Result<Option<Making>, CentreError> {
    let row = office
        .store()
        .find("SELECT * FROM productions WHERE area = $1 AND application = $2", values![office.area(), application])?;
    row.map(|row| making(office, &row)).transpose()
}

/// The card in the making whose attempt now has this card number.
pub(super) fn by_card(office: &Office<'_>, card: CardNumber) -> Result<Making, Refusal> {
    let row = office.store().find(
        "SELECT productions.* FROM batch_lines
         JOIN productions ON productions.area = batch_lines.area AND productions.application = batch_lines.application
              AND productions.batch = batch_lines.batch AND productions.line = batch_lines.line
         WHERE batch_lines.area = $1 AND card = $2",
        values![office.area(), card],
    )?;
    Ok(making(office, &row.ok_or(ProductionRefusal::Unknown)?)?)
}

/// Cards in the making at this stage, the longest waiting first; only those of a bank, if one is named.
pub(super) fn at_stage(
    office: &Office<'_>,
    stage: Stage,
    bank: Option<&str>,
    limit: u16,
) -> Result<Vec<Making>, CentreError> {
    let rows = match bank {
        Some(bank) => office.store().rows(
            "SELECT * FROM productions WHERE area = $1 AND stage = $2 AND bank = $3
             ORDER BY since, application LIMIT $4",
            values![office.area(), stage, bank, limit],
        )?,
        None => office.store().rows(
            "SELECT * FROM productions WHERE area = $1 AND stage = $2 ORDER BY since, application LIMIT $3",
            values![office.area(), stage, limit],
        )?,
    };
    rows.iter().map(|row| making(office, row)).collect()
}

fn making(office: &Office<'_>, row: &Row) -> Result<Making, CentreError> {
    let batch: Option<String> = row.get("batch")?;
    let line: Option<i64> = row.get("line")?;
    Ok(Making {
        application: row.get("application")?,
        stage: row.get("stage")?,
        since: row.get("since")?,
        outlet: row.get("outlet")?,
        bank: row.get("bank")?,
        bank_card: opened(office, row.get("bank_card")?)?,
        reason: row.get("reason")?,
        batch: batch.zip(line),
        attempts: row.get("attempts")?,
    })
}

fn opened(office: &Office<'_>, sealed: Option<Vec<u8>>) -> Result<Option<Zeroizing<String>>, CentreError> {
    sealed.map(|sealed| office.unseal(&sealed)).transpose()
}

/// Begins the making of a card, before its first step.
pub(super) fn begin(desk: &Desk<'_>, application: &str, outlet: &str, bank: &str) -> Result<(), CentreError> {
    desk.store().execute(
        "INSERT INTO productions (area, application, stage, since, outlet, bank) VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (area, application) DO UPDATE SET outlet = excluded.outlet, bank = excluded.bank",
        values![desk.area(), application, Stage::BankOpening, desk.today(), outlet, bank],
    )?;
    Ok(())
}

/// Takes a step: keeps the values of `making` and the stage to which it comes, and writes the step down.
///
/// # Errors
/// The step is not allowed at this stage; or the database failed.
pub(super) fn take(desk: &Desk<'_>, making: &mut Making, step: Step, note: Option<&str>) -> Result<(), Refusal> {
    making.stage = making.stage.after(step).ok_or(ProductionRefusal::Stage(making.stage))?;
    making.since = desk.today();
    let sealed = making.bank_card.as_ref().map(|card| desk.seal(card)).transpose()?;
    let (batch, line) = making.batch.clone().unzip();
    let store = desk.store();
    store.execute(
        "UPDATE productions SET stage = $1, since = $2, bank = $3, bank_card = $4, reason = $5, batch = $6, line = $7,
                                attempts = $8
         WHERE area = $9 AND application = $10",
        values![
            making.stage,
            making.since,
            making.bank,
            sealed,
            making.reason,
            batch,
            line,
            making.attempts,
            desk.area(),
            making.application
        ],
    )?;
    store.execute(
        "INSERT INTO production_steps (area, application, number, time, step, stage, operator, note)
         SELECT $1, $2, count(*) + 1, $3, $4, $5, $6, $7 FROM production_steps WHERE area = $1 AND application = $2",
        values![desk.area(), making.application, desk.now(), step, making.stage, desk.operator().id, note],
    )?;
    Ok(())
}

/// The rows of an application's history, oldest first.
pub(super) fn history(office: &Office<'_>, application: &str) -> Result<Vec<Row>, CentreError> {
    office.store().rows(
        "SELECT * FROM production_steps WHERE area = $1 AND application = $2 ORDER BY number LIMIT 10000",
        values![office.area(), application],
    )
}

/// What was noted at the last step of an application's history.
pub(super) fn last_note(office: &Office<'_>, application: &str) -> Result<Option<String>, CentreError> {
    let row = office.store().find(
        "SELECT note FROM production_steps WHERE area = $1 AND application = $2 ORDER BY number DESC LIMIT 1",
        values![office.area(), application],
    )?;
    row.map_or(Ok(None), |row| row.get("note"))
}

pub(super) fn add_batch(office: &Office<'_>, batch: &Batch) -> Result<(), CentreError> {
    office.store().execute(
        "INSERT INTO batches (area, number, instant, outlet, bank, maker, opened) VALUES ($1, $2, $3, $4, $5, $6, $7)",
        values![office.area(), batch.number, batch.instant, batch.outlet, batch.bank, batch.maker, batch.opened],
    )?;
    Ok(())
}

pub(super) fn batch(office: &Office<'_>, number: &str) -> Result<Batch, Refusal> {
    let row =
        office.store().find("SELECT * FROM batches WHERE area = $1 AND number = $2", values![office.area(), number])?;
    let row = row.ok_or(ProductionRefusal::NoBatch)?;
    Ok(Batch {
        number: row.get("number")?,
        instant: row.get("instant")?,
        outlet: row.get("outlet")?,
        bank: row.get("bank")?,
        maker: row.get("maker")?,
        opened: row.get("opened")?,
    })
}

pub(super) fn add_line(office: &Office<'_>, line: &Line) -> Result<(), CentreError> {
    let pin = line.pin.as_ref().map(|pin| office.seal(pin)).transpose()?;
    office.store().execute(
        "INSERT INTO batch_lines (area, batch, line, application, card, serial, issued, expires, pin)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        values![
            office.area(),
            line.batch,
            line.line,
            line.application,
            line.card,
            line.serial,
            line.issued,
            line.expires,
            pin
        ],
    )?;
    Ok(())
}

pub(super) fn line(office: &Office<'_>, batch: &str, line: i64) -> Result<Line, Refusal> {
    let row = office.store().find(
        "SELECT * FROM batch_lines WHERE area = $1 AND batch = $2 AND line = $3",
        values![office.area(), batch, line],
    )?;
    Ok(read_line(office, &row.ok_or(ProductionRefusal::NoBatch)?)?)
}

pub(super) fn lines(office: &Office<'_>, batch: &str) -> Result<Vec<Line>, CentreError> {
    let rows = office.store().rows(
        "SELECT * FROM batch_lines WHERE area = $1 AND batch = $2 ORDER BY line LIMIT 1000",
        values![office.area(), batch],
    )?;
    rows.iter().map(|row| read_line(office, row)).collect()
}

fn read_line(office: &Office<'_>, row: &Row) -> Result<Line, CentreError> {
    Ok(Line {
        batch: row.get("batch")?,
        line: row.get("line")?,
        application: row.get("application")?,
        card: row.get("card")?,
        serial: row.get("serial")?,
        issued: row.get("issued")?,
        expires: row.get("expires")?,
        pin: opened(office, row.get("pin")?)?,
        report: row.get("report")?,
        outcome: row.get("outcome")?,
        reason: row.get("reason")?,
        position: row.get("position")?,
    })
}

/// Keeps what the maker reported of a line.
pub(super) fn keep_report(office: &Office<'_>, line: &Line) -> Result<(), CentreError> {
    office.store().execute(
        "UPDATE batch_lines SET report = $1, outcome = $2, reason = $3, position = $4
         WHERE area = $5 AND batch = $6 AND line = $7",
        values![line.report, line.outcome, line.reason, line.position, office.area(), line.batch, line.line],
    )?;
    Ok(())
}

/// Forgets the initial PIN of a line: its card is handed over, or there is none.
pub(super) fn forget_pin(office: &Office<'_>, batch: &str, line: i64) -> Result<(), CentreError> {
    office.store().execute(
        "UPDATE batch_lines SET pin = NULL WHERE area = $1 AND batch = $2 AND line = $3",
        values![office.area(), batch, line],
    )?;
    Ok(())
}
