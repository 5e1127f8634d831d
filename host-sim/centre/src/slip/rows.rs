//! How slips and their payments are kept.

use jiff::civil::Date;
use zeroize::Zeroizing;

use super::paper::Slip;
use super::payment::{Account, Payment};
use super::refusal::SlipRefusal;
use super::state::SlipState;
use crate::acts::office::Office;
use crate::acts::refusal::Refusal;
use crate::error::{CentreError, Damage};
use crate::store::value::Row;
use crate::store::value::values;

/// A slip as it is kept.
pub(super) struct Kept {
    pub(super) slip: Slip,
    pub(super) outlet: String,
    pub(super) state: SlipState,
}

pub(super) fn add(office: &Office<'_>, slip: &Slip, outlet: &str) -> Result<(), CentreError> {
    let text = Zeroizing::new(serde_json::to_string(slip).map_err(|_| damaged())?);
    office.store().execute(
        "INSERT INTO slips (area, number, payment_code, application, outlet, sealed, total, issued, due, state)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        values![
            office.area(),
            slip.number,
            slip.payment_code,
            slip.application,
            outlet,
            office.seal(&text)?,
            slip.total,
            slip.issued,
            slip.due,
            SlipState::Unpaid
        ],
    )?;
    Ok(())
}

/// The slip with this number.
pub(super) fn get(office: &Office<'_>, number: &str) -> Result<Kept, Refusal> {
    let row =
        office.store().find("SELECT * FROM slips WHERE area = $1 AND number = $2", values![office.area(), number])?;
    Ok(read(office, &row.ok_or(SlipRefusal::Unknown)?)?)
}

/// The slip with this payment code.
pub(super) fn by_code(office: &Office<'_>, code: &str) -> Result<Kept, Refusal> {
    let row = office
        .store()
        .find("SELECT * FROM slips WHERE area = $1 AND payment_code = $2", values![office.area(), code])?;
    Ok(read(office, &row.ok_or(SlipRefusal::Unknown)?)?)
}

/// The last slip of an application.
pub(super) fn of_application(office: &Office<'_>, application: &str) -> Result<Option<Kept>, CentreError> {
    let row = office.store().find(
        "SELECT * FROM slips WHERE area = $1 AND application = $2 ORDER BY number DESC LIMIT 1",
        values![office.area(), application],
    )?;
    row.map(|row| read(office, &row)).transpose()
}

/// Slips of an outlet in this state, oldest first.
pub(super) fn in_state(
    office: &Office<'_>,
    (state, outlet): (SlipState, &str),
    (after, limit): (&str, u16),
) -> Result<Vec<Kept>, CentreError> {
    let rows = office.store().rows(
        "SELECT * FROM slips WHERE area = $1 AND state = $2 AND outlet = $3 AND number > $4 ORDER BY number LIMIT $5",
        values![office.area(), state, outlet, after, limit],
    )?;
    rows.iter().map(|row| read(office, row)).collect()
}

pub(super) fn set_state(office: &Office<'_>, number: &str, state: SlipState) -> Result<(), CentreError> {
    office.store().execute(
        "UPDATE slips SET state = $1 WHERE area = $2 AND number = $3",
        values![state, office.area(), number],
    )?;
    Ok(())
}

/// A slip with its payments, for [`Account`]'s decisions.
pub(super) fn account(office: &Office<'_>, kept: &Kept) -> Result<Account, CentreError> {
    let rows = office.store().rows(
        "SELECT reference, amount, state FROM slip_payments WHERE area = $1 AND slip = $2 LIMIT 1000",
        values![office.area(), kept.slip.number],
    )?;
    let read = |row: &Row| {
        Ok(Payment { reference: row.get("reference")?, amount: row.get("amount")?, state: row.get("state")? })
    };
    Ok(Account {
        state: kept.state,
        total: kept.slip.total,
        issued: kept.slip.issued.0,
        due: kept.slip.due.0,
        payments: rows.iter().map(read).collect::<Result<_, CentreError>>()?,
    })
}

/// The slip to which a payment with this reference belongs.
pub(super) fn slip_of(office: &Office<'_>, reference: &str) -> Result<Option<String>, CentreError> {
    let row = office
        .store()
        .find("SELECT slip FROM slip_payments WHERE area = $1 AND reference = $2", values![office.area(), reference])?;
    row.map(|row| row.get("slip")).transpose()
}

/// At which outlet, or which bank's counter, a payment was first told of; inside `None`: it was not kept. Outside: nobody told
/// of it.
pub(super) fn told_at(office: &Office<'_>, reference: &str) -> Result<Option<Option<String>>, CentreError> {
    let row = office.store().find(
        "SELECT outlet FROM slip_payments WHERE area = $1 AND reference = $2",
        values![office.area(), reference],
    )?;
    row.map(|row| row.get("outlet")).transpose()
}

/// Keeps what became of a payment, told of at this outlet. Day, channel and outlet of a registration stay when it is cancelled.
pub(super) fn keep_payment(
    office: &Office<'_>,
    slip: &str,
    payment: &Payment,
    paid: Option<(Date, &str)>,
    outlet: &str,
) -> Result<(), CentreError> {
    office.store().execute(
        "INSERT INTO slip_payments (area, reference, slip, state, amount, paid, channel, outlet)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
         ON CONFLICT (area, reference) DO UPDATE SET state = excluded.state",
        values![
            office.area(),
            payment.reference,
            slip,
            payment.state,
            payment.amount,
            paid.map(|(day, _)| day),
            paid.map(|(_, channel)| channel),
            outlet
        ],
    )?;
    Ok(())
}

fn read(office: &Office<'_>, row: &Row) -> Result<Kept, CentreError> {
    let sealed = office.unseal(&row.get::<Vec<u8>>("sealed")?)?;
    Ok(Kept {
        slip: serde_json::from_str(&sealed).map_err(|_| damaged())?,
        outlet: row.get("outlet")?,
        state: row.get("state")?,
    })
}

fn damaged() -> CentreError {
    CentreError::Damaged(Damage::Column("slips.sealed".into()))
}
