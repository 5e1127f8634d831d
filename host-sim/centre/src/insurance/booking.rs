//! How collected premiums are booked. Nothing is credited before it was collected; the late fee goes to the fund; the
//! finance authority's part comes when the person's part is there (docs/centre.md §6.7.4, §6.7.5, §16).
//!
//! | What | Gives | Is given |
//! |---|---|---|
//! | a line is collected | the bank, the finance authority | the fund, and the personal account its credit |
//! | money without a line | the bank | premiums that are not yet credited |
//! | it goes back, or finds its line | those premiums | the bank, or as above |
//! | a retired person's sum, interest | the fund of employees' medical insurance | the personal account |

use jiff::civil::Date;

use crate::acts::desk::Desk;
use crate::acts::general::General;
use crate::acts::refusal::Refusal;
use crate::error::{CentreError, Damage};
use crate::ledger::{self, Account, Posting, Unposted};

use super::faults::{Fault, bent};
use super::kinds::Kind;
use super::refusal::Refused;
use super::slips::{self, Line};

/// The account of a bank's collections.
#[must_use]
pub fn bank(bank: &str) -> Account {
    Account::Outside(format!("bank-{bank}"))
}

/// The fund of a kind.
#[must_use]
pub fn pool(kind: Kind) -> Account {
    Account::Pool(kind.to_string())
}

/// Collected money of a kind that no line was due for.
#[must_use]
pub fn uncredited(kind: Kind) -> Account {
    Account::Premium(kind.to_string())
}

/// Moves money.
///
/// # Errors
/// A personal account would fall below zero, or the database failed.
pub fn post(desk: &Desk<'_>, posting: &Posting) -> Result<i64, Refusal> {
    match ledger::post(desk, &desk.operator().id, posting)? {
        Ok(number) => Ok(number),
        Err(Unposted::Short(_)) => Err(Refused::AccountShort.into()),
        // The amounts come from the lines' own checks; only a database that was edited gets here.
        Err(Unposted::Unbalanced) => Err(CentreError::Damaged(Damage::Column("premium_lines".into())).into()),
    }
}

/// Books a line that `from` has paid on `day`, with its late fee; both in fen.
///
/// # Errors
/// The account has too little, or the database failed.
pub fn collected(desk: &Desk<'_>, from: Account, line: &Line, (day, late_fee): (Date, i64)) -> Result<(), Refusal> {
    let total = line.parts.total();
    let (to_fund, to_account) = if bent(Fault::LateFeeToAccount) { (0, late_fee) } else { (late_fee, 0) };
    post(
        desk,
        &Posting {
            day,
            reason: "premium".into(),
            reference: format!("{}-{}", line.slip, line.line),
            lines: vec![
                (from, -(total + late_fee)),
                (Account::Finance, -line.subsidy),
                (pool(line.kind), total + line.subsidy - line.credit + to_fund),
                (Account::Person(line.person.clone()), line.credit + to_account),
            ],
        },
    )?;
    slips::set_collected(desk, line, day, late_fee)?;
    Ok(())
}

/// Books money of a kind that moves on a day between two accounts.
///
/// # Errors
/// The account has too little, or the database failed.
pub fn transfer(
    desk: &Desk<'_>,
    (reason, reference): (&str, String),
    (from, to): (Account, Account),
    (day, fen): (Date, i64),
) -> Result<(), Refusal> {
    let lines = vec![(from, -fen), (to, fen)];
    post(desk, &Posting { day, reason: reason.into(), reference, lines })?;
    Ok(())
}

/// The deliberate fault of the credit before the collection.
///
/// # Errors
/// The database failed.
pub fn credit_early(desk: &Desk<'_>, slip: &str) -> Result<(), Refusal> {
    let slip = slips::get(desk, slip)?.ok_or(General::NotFound("slip"))?;
    for line in slips::lines(desk, &slip.number)? {
        let to = Account::Person(line.person.clone());
        let reference = format!("{}-{}", line.slip, line.line);
        transfer(desk, ("premium", reference), (pool(line.kind), to), (slip.made, line.credit))?;
    }
    Ok(())
}
