//! A visit: what is settled as one bill, a registration at a hospital (2201) or a purchase, with its lines (2204). Not
//! here: what it costs whom.

use jiff::civil::Date;
use strum::VariantArray;

use qiyong_protocol::rules::institution::{Channel, InstitutionCode};

use super::codes::MedType;
use super::exact::{Count, Price};
use super::refusal::Refused;
use super::terms::Terms;
use crate::acts::fields::Day;
use crate::acts::office::Office;
use crate::acts::refusal::Refusal;
use crate::acts::role::Role;
use crate::acts::waiting::Waiting;
use crate::error::{CentreError, Damage};
use crate::store::value::Row;
use crate::store::value::{values, words};

/// A bill has at most so many lines.
pub const MOST_LINES: usize = 500;

words! {
    /// Where a visit stands.
    #[schema(as = settlement::State)]
    pub enum State {
        /// It waits for its settlement, for as many days as the area allows
        Open,
        /// It was settled
        Settled,
        /// It was taken back
        Cancelled,
        /// It was not settled in time
        Lapsed,
    }
}

/// What changes the state of a visit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, VariantArray)]
pub enum Change {
    /// The till settles it.
    Settle,
    /// The settlement is undone, or reversed.
    Undo,
    /// The till takes it back.
    Cancel,
    /// Its time has passed.
    Lapse,
}

/// The state after a change; `None`: the change is not possible.
pub const fn transition(state: State, change: Change) -> Option<State> {
    match (state, change) {
        (State::Open, Change::Settle) => Some(State::Settled),
        (State::Open, Change::Cancel) => Some(State::Cancelled),
        (State::Open, Change::Lapse) => Some(State::Lapsed),
        // It may be settled again, until its time has passed.
        (State::Settled, Change::Undo) => Some(State::Open),
        _ => None,
    }
}

impl Change {
    /// The act that makes it; `None`: its day comes.
    pub const fn act(self) -> Option<&'static str> {
        match self {
            Self::Settle => Some("settlement.settle"),
            Self::Undo => Some("settlement.undo"),
            Self::Cancel => Some("settlement.unregister"),
            Self::Lapse => None,
        }
    }
}

impl State {
    /// For whom a visit at such a place waits that is settled until `last`; `None`: for nobody.
    pub fn waiting(self, channel: Channel, last: Date) -> Option<Waiting> {
        if self != Self::Open {
            return None;
        }
        let who = if channel == Channel::Hospital { Role::Hospital } else { Role::Pharmacy };
        let possible = Change::VARIANTS.iter().filter(|change| transition(self, **change).is_some());
        Some(Waiting {
            who,
            until: Some(Day(last)),
            why_en: "the till must settle it or take it back; after its time it lapses",
            why_zh: "待收费窗口结算或撤销登记，逾期失效",
            acts: possible.filter_map(|change| change.act()).collect(),
        })
    }
}

/// A visit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Visit {
    /// `mdtrt_id`.
    pub number: i64,
    /// Where.
    pub institution: InstitutionCode,
    /// Whose.
    pub person: String,
    /// The kind of treatment.
    pub med_type: MedType,
    /// The day of its registration.
    pub opened: Date,
    /// Whether the personal account pays, if nothing else is said when it is settled.
    pub acct_used: bool,
    /// Where it stands.
    pub state: State,
}

/// A line as it was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FeeLine {
    /// `feedetl_sn`.
    pub serial: String,
    /// The day on which the fee arose.
    pub day: Date,
    /// `med_list_codg`.
    pub code: String,
    /// `cnt`.
    pub count: Count,
    /// `pric`.
    pub price: Price,
    /// `det_item_fee_sumamt`, fen.
    pub amount: i64,
}

/// Registers a visit; returns its number.
///
/// # Errors
/// The database failed.
pub fn open(
    office: &Office<'_>,
    institution: InstitutionCode,
    person: &str,
    med_type: MedType,
    acct_used: bool,
) -> Result<i64, CentreError> {
    let number = office.next_number("visit")?;
    office.store().execute(
        "INSERT INTO visits (area, number, institution, person, med_type, opened, acct_used, state)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        values![office.area(), number, institution, person, med_type, office.today(), acct_used, State::Open],
    )?;
    Ok(number)
}

/// The visit with this number; one whose time has passed is lapsed.
///
/// # Errors
/// The area has no terms, or the database failed.
pub fn find(office: &Office<'_>, number: i64) -> Result<Option<Visit>, Refusal> {
    let row =
        office.store().find("SELECT * FROM visits WHERE area = $1 AND number = $2", values![office.area(), number])?;
    let Some(row) = row else { return Ok(None) };
    let mut visit = Visit {
        number,
        institution: row.get("institution")?,
        person: row.get("person")?,
        med_type: row.get("med_type")?,
        opened: row.get("opened")?,
        acct_used: row.get("acct_used")?,
        state: row.get("state")?,
    };
    if last_day(visit.opened, office.parameter::<Terms>()?.open_days) < office.today()
        && let Some(lapsed) = transition(visit.state, Change::Lapse)
    {
        visit.state = lapsed;
    }
    Ok(Some(visit))
}

/// The last day on which a visit is settled.
pub fn last_day(opened: Date, open_days: u16) -> Date {
    use jiff::ToSpan;
    opened.checked_add(i64::from(open_days).days()).unwrap_or(Date::MAX)
}

/// Changes a visit's state by the table.
///
/// # Errors
/// The table does not allow it, or the database failed.
pub fn change(office: &Office<'_>, visit: &Visit, change: Change) -> Result<State, Refusal> {
    let after = match (transition(visit.state, change), visit.state) {
        (Some(after), _) => after,
        (None, State::Lapsed) => {
            return Err(Refused::VisitLapsed { days: office.parameter::<Terms>()?.open_days }.into());
        }
        (None, state) => return Err(Refused::VisitState(state).into()),
    };
    office.store().execute(
        "UPDATE visits SET state = $1 WHERE area = $2 AND number = $3",
        values![after, office.area(), visit.number],
    )?;
    Ok(after)
}

/// The lines of a visit, by their numbers.
///
/// # Errors
/// The database failed.
pub fn lines(office: &Office<'_>, number: i64) -> Result<Vec<FeeLine>, CentreError> {
    let rows = office.store().rows(
        "SELECT * FROM visit_lines WHERE area = $1 AND visit = $2 ORDER BY serial LIMIT 1000",
        values![office.area(), number],
    )?;
    rows.iter().map(read_line).collect()
}

fn read_line(row: &Row) -> Result<FeeLine, CentreError> {
    let damaged = |column: &str| CentreError::Damaged(Damage::Column(column.into()));
    Ok(FeeLine {
        serial: row.get("serial")?,
        day: row.get("day")?,
        code: row.get("code")?,
        count: row.get::<String>("count")?.parse().map_err(|_| damaged("count"))?,
        price: row.get::<String>("price")?.parse().map_err(|_| damaged("price"))?,
        amount: row.get("amount")?,
    })
}

/// Adds lines to a visit. A line that is there already, with the same contents, stays as it is.
///
/// # Errors
/// A line's number is another line's, or there are too many; or the database failed.
pub fn add_lines(office: &Office<'_>, number: i64, new: &[FeeLine]) -> Result<(), Refusal> {
    let known = lines(office, number)?;
    let mut count = known.len();
    for (at, line) in new.iter().enumerate() {
        if let Some(other) = known.iter().find(|other| other.serial == line.serial) {
            if other != line {
                return Err(Refused::LineReused(at).into());
            }
            continue;
        }
        count += 1;
        if count > MOST_LINES {
            return Err(Refused::ManyLines.into());
        }
        let FeeLine { serial, day, code, count, price, amount } = line;
        let added = office.store().execute(
            "INSERT INTO visit_lines (area, visit, serial, day, code, count, price, amount)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING",
            values![office.area(), number, serial, day, code, count.to_string(), price.to_string(), amount],
        )?;
        if added == 0 {
            return Err(Refused::LineReused(at).into());
        }
    }
    Ok(())
}

/// Takes all lines of a visit back; returns how many.
///
/// # Errors
/// The database failed.
pub fn drop_lines(office: &Office<'_>, number: i64) -> Result<usize, CentreError> {
    office.store().execute("DELETE FROM visit_lines WHERE area = $1 AND visit = $2", values![office.area(), number])
}

#[cfg(test)]
mod tests {
    use super::*;
    use strum::VariantArray;

    /// No dead ends: every state is final, or waits for the till and its time, which ends it.
    #[test]
    fn every_state_leads_to_an_end() {
        let next = |state: State| Change::VARIANTS.iter().filter_map(move |change| transition(state, *change));
        for state in State::VARIANTS {
            let after: Vec<_> = next(*state).collect();
            match state {
                State::Open => assert_eq!(after, [State::Settled, State::Cancelled, State::Lapsed]),
                // Final as long as nobody undoes it; then it is open again.
                State::Settled => assert_eq!(after, [State::Open]),
                State::Cancelled | State::Lapsed => assert_eq!(after, []),
            }
        }
    }
}
