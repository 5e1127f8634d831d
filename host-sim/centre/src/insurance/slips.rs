//! Where slips of premium and their lines are kept.

use iso_7064::MOD97_10;
use jiff::civil::Date;

use crate::acts::office::Office;
use crate::error::CentreError;
use crate::store::value::Row;
use crate::store::value::{values, words};

use super::kinds::{Capacity, Kind};
use super::month::Month;
use super::rates::Parts;

words! {
    /// Where a line of a slip stands.
    #[schema(as = PremiumLineState)]
    pub enum LineState {
        /// It waits for the payer: until its day without a late fee, afterwards with one.
        Due,
        /// The bank collected it, and it was booked.
        Collected,
        /// It was withdrawn; the period may be assessed again.
        Void,
    }
}

impl LineState {
    /// The state after a collection; `None` if this state does not allow it.
    #[must_use]
    pub const fn collected(self) -> Option<Self> {
        match self {
            Self::Due => Some(Self::Collected),
            _ => None,
        }
    }

    /// The state after a withdrawal; `None` if this state does not allow it.
    #[must_use]
    pub const fn withdrawn(self) -> Option<Self> {
        match self {
            Self::Due => Some(Self::Void),
            _ => None,
        }
    }
}

/// A slip, without its lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slip {
    /// Its number, which is the reference of the payment.
    pub number: String,
    /// Who pays.
    pub payer: String,
    /// The month, or the first month of the year.
    pub month: Month,
    /// When it was made.
    pub made: Date,
    /// The last day in time.
    pub due: Date,
    /// The bank that collects.
    pub bank: String,
    /// In whose name the account is.
    pub holder: String,
    /// The account's number.
    pub account: String,
}

/// A line of a slip: one period of one relation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// The slip's number.
    pub slip: String,
    /// From 1.
    pub line: i64,
    /// The relation's number.
    pub relation: i64,
    /// The person's number.
    pub person: String,
    /// The kind.
    pub kind: Kind,
    /// The capacity.
    pub capacity: Capacity,
    /// The period's first day.
    pub first: Date,
    /// The period's last day.
    pub last: Date,
    /// The last day in time.
    pub due: Date,
    /// In fen.
    pub base: i64,
    /// Who pays what, in fen.
    pub parts: Parts,
    /// The finance authority's part, in fen.
    pub subsidy: i64,
    /// What goes to the personal account, in fen.
    pub credit: i64,
    /// Where it stands.
    pub state: LineState,
    /// The bank's last reason for not collecting it.
    pub refused: Option<String>,
    /// When it was collected.
    pub collected: Option<Date>,
    /// The late fee that was collected, in fen.
    pub late_fee: i64,
}

/// A slip's number: area (6 digits), month (6), serial number in the area (8), and the two check digits of ISO/IEC 7064
/// MOD 97-10 (docs/centre.md §16).
fn number(office: &Office<'_>, month: Month) -> Result<String, CentreError> {
    let serial = office.next_number("premium-slip")?;
    let month = month.first();
    let mut number = format!("{}{:04}{:02}{serial:08}", office.area().as_str(), month.year(), month.month());
    // Digits always have check digits.
    if let Ok(check) = MOD97_10.compute(&number) {
        number.extend(check);
    }
    Ok(number)
}

/// A new slip. `slip.number` is given here, and returned; so are the numbers of the lines.
///
/// # Errors
/// The database failed.
pub fn add(office: &Office<'_>, slip: &Slip, lines: &[Line]) -> Result<String, CentreError> {
    let number = number(office, slip.month)?;
    let store = office.store();
    store.execute(
        "INSERT INTO premium_slips (area, number, payer, month, made, due, bank, holder, account)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        values![
            office.area(),
            number,
            slip.payer,
            slip.month.first(),
            slip.made,
            slip.due,
            slip.bank,
            slip.holder,
            slip.account
        ],
    )?;
    for (at, line) in (1_i64..).zip(lines) {
        store.execute(
            "INSERT INTO premium_lines (area, slip, line, relation, person, kind, capacity, first, last, due, base,
                 employer, own, fixed, subsidy, credit, state)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)",
            values![
                office.area(),
                number,
                at,
                line.relation,
                line.person,
                line.kind,
                line.capacity,
                line.first,
                line.last,
                line.due,
                line.base,
                line.parts.employer,
                line.parts.own,
                line.parts.fixed,
                line.subsidy,
                line.credit,
                line.state
            ],
        )?;
    }
    Ok(number)
}

fn read_slip(row: &Row) -> Result<Slip, CentreError> {
    Ok(Slip {
        number: row.get("number")?,
        payer: row.get("payer")?,
        month: Month::of(row.get("month")?),
        made: row.get("made")?,
        due: row.get("due")?,
        bank: row.get("bank")?,
        holder: row.get("holder")?,
        account: row.get("account")?,
    })
}

fn read_line(row: &Row) -> Result<Line, CentreError> {
    Ok(Line {
        slip: row.get("slip")?,
        line: row.get("line")?,
        relation: row.get("relation")?,
        person: row.get("person")?,
        kind: row.get("kind")?,
        capacity: row.get("capacity")?,
        first: row.get("first")?,
        last: row.get("last")?,
        due: row.get("due")?,
        base: row.get("base")?,
        parts: Parts { employer: row.get("employer")?, own: row.get("own")?, fixed: row.get("fixed")? },
        subsidy: row.get("subsidy")?,
        credit: row.get("credit")?,
        state: row.get("state")?,
        refused: row.get("refused")?,
        collected: row.get("collected")?,
        late_fee: row.get("late_fee")?,
    })
}

/// The slip with this number.
///
/// # Errors
/// The database failed.
pub fn get(office: &Office<'_>, number: &str) -> Result<Option<Slip>, CentreError> {
    let row = office
        .store()
        .find("SELECT * FROM premium_slips WHERE area = $1 AND number = $2", values![office.area(), number])?;
    row.as_ref().map(read_slip).transpose()
}

/// The lines of a slip; at most 10,000.
///
/// # Errors
/// The database failed.
pub fn lines(office: &Office<'_>, slip: &str) -> Result<Vec<Line>, CentreError> {
    let rows = office.store().rows(
        "SELECT * FROM premium_lines WHERE area = $1 AND slip = $2 ORDER BY line LIMIT 10000",
        values![office.area(), slip],
    )?;
    rows.iter().map(read_line).collect()
}

/// The line of a slip for this person, kind and first day.
///
/// # Errors
/// The database failed.
pub fn line_of(
    office: &Office<'_>,
    slip: &str,
    (person, kind, first): (&str, Kind, Date),
) -> Result<Option<Line>, CentreError> {
    let row = office.store().find(
        "SELECT * FROM premium_lines WHERE area = $1 AND slip = $2 AND person = $3 AND kind = $4 AND first = $5",
        values![office.area(), slip, person, kind, first],
    )?;
    row.as_ref().map(read_line).transpose()
}

/// A payer's slips from a month on, or those of all; above `after`, at most `limit`.
///
/// # Errors
/// The database failed.
pub fn list(office: &Office<'_>, payer: Option<&str>, after: &str, limit: u16) -> Result<Vec<Slip>, CentreError> {
    let rows = match payer {
        Some(payer) => office.store().rows(
            "SELECT * FROM premium_slips WHERE area = $1 AND payer = $2 AND number > $3 ORDER BY number LIMIT $4",
            values![office.area(), payer, after, limit],
        )?,
        None => office.store().rows(
            "SELECT * FROM premium_slips WHERE area = $1 AND number > $2 ORDER BY number LIMIT $3",
            values![office.area(), after, limit],
        )?,
    };
    rows.iter().map(read_slip).collect()
}

/// The lines that were due before `day` and are unpaid, oldest first.
///
/// # Errors
/// The database failed.
pub fn overdue(office: &Office<'_>, day: Date, limit: u16) -> Result<Vec<Line>, CentreError> {
    let rows = office.store().rows(
        "SELECT * FROM premium_lines WHERE area = $1 AND state = 'due' AND due < $2 ORDER BY due, slip, line LIMIT $3",
        values![office.area(), day, limit],
    )?;
    rows.iter().map(read_line).collect()
}

/// The days on which the person's unpaid monthly premiums against illness were due.
///
/// # Errors
/// The database failed.
pub fn unpaid_medical(office: &Office<'_>, person: &str) -> Result<Vec<Date>, CentreError> {
    let rows = office.store().rows(
        "SELECT due FROM premium_lines WHERE area = $1 AND person = $2 AND kind = 'medical' AND state = 'due'
         ORDER BY due LIMIT 1000",
        values![office.area(), person],
    )?;
    rows.iter().map(|row| row.get("due")).collect()
}

/// Whether a period of the relation that begins on `first` or later is assessed.
///
/// # Errors
/// The database failed.
pub fn last_assessed(office: &Office<'_>, relation: i64, first: Date) -> Result<Option<Date>, CentreError> {
    let row = office.store().find(
        "SELECT first FROM premium_lines WHERE area = $1 AND relation = $2 AND first >= $3 AND state <> 'void'
         ORDER BY first DESC LIMIT 1",
        values![office.area(), relation, first],
    )?;
    row.map(|row| row.get("first")).transpose()
}

/// Marks a line as collected.
///
/// # Errors
/// The database failed.
pub fn set_collected(office: &Office<'_>, line: &Line, day: Date, late_fee: i64) -> Result<(), CentreError> {
    office.store().execute(
        "UPDATE premium_lines SET state = $1, collected = $2, late_fee = $3 WHERE area = $4 AND slip = $5 AND line = $6",
        values![LineState::Collected, day, late_fee, office.area(), line.slip, line.line],
    )?;
    Ok(())
}

/// Keeps the bank's reason for not collecting a line.
///
/// # Errors
/// The database failed.
pub fn set_refused(office: &Office<'_>, line: &Line, reason: &str) -> Result<(), CentreError> {
    office.store().execute(
        "UPDATE premium_lines SET refused = $1 WHERE area = $2 AND slip = $3 AND line = $4",
        values![reason, office.area(), line.slip, line.line],
    )?;
    Ok(())
}

/// Withdraws the due lines of a slip; returns how many.
///
/// # Errors
/// The database failed.
pub fn withdraw(office: &Office<'_>, slip: &str) -> Result<usize, CentreError> {
    office.store().execute(
        // A value and no literal: with one, SQLite takes the index of all that is due.
        "UPDATE premium_lines SET state = $1 WHERE area = $2 AND slip = $3 AND state = $4",
        values![LineState::Void, office.area(), slip, LineState::Due],
    )
}
