//! Settlements in the database: written once, read with their identities checked, and added up by person and year.

use jiff::civil::{Date, DateTime};
use serde::{Deserialize, Serialize};

use qiyong_protocol::rules::institution::InstitutionCode;

use super::bill::read_year;
use super::calculation::Year;
use super::catalogue::LineSplit;
use super::codes::{Insutype, Kind};
use super::refusal::Refused;
use super::setlinfo::Setlinfo;
use crate::acts::office::Office;
use crate::acts::refusal::Refusal;
use crate::error::{CentreError, Damage};
use crate::store::database::{Database, is_off};
use crate::store::value::Row;
use crate::store::value::values;

/// A settlement or an undo as it was booked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settlement {
    /// `setl_id`.
    pub number: i64,
    /// Where.
    pub institution: InstitutionCode,
    /// `medins_setl_id`: the sender's number of the message.
    pub message: String,
    /// A keyed hash of what was asked under it.
    pub request: [u8; 32],
    /// `mdtrt_id`.
    pub visit: i64,
    /// Whose.
    pub person: String,
    /// The person's insurance.
    pub insutype: Insutype,
    /// The kind of treatment.
    pub kind: Kind,
    /// Under which code it is counted.
    pub clr_type: String,
    /// When it was booked.
    pub time: DateTime,
    /// The year in which it counts.
    pub year: i16,
    /// The personal account's balance before.
    pub before: i64,
    /// `acct_mulaid_pay` is counted within `acct_pay`.
    pub mulaid_in_acct: bool,
    /// The amounts.
    pub setlinfo: Setlinfo,
    /// The split of the lines.
    pub lines: Vec<LineSplit>,
    /// Whose accounts paid how much, besides the person's.
    pub relatives: Vec<Relative>,
    /// What it adds to the year.
    pub adds: Year,
    /// The settlement that this one undoes.
    pub undoes: Option<i64>,
    /// The settlement that undoes this one.
    pub undone_by: Option<i64>,
}

/// What a relative's account pays.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Relative {
    /// The relative's number.
    pub person: String,
    /// Fen.
    pub amount: i64,
}

impl Settlement {
    /// What the person's own account pays, fen.
    pub const fn own_account(&self) -> i64 {
        let Setlinfo { acct_pay, acct_mulaid_pay, .. } = self.setlinfo;
        if self.mulaid_in_acct { acct_pay - acct_mulaid_pay } else { acct_pay }
    }

    /// The identities of docs/centre.md §6.8.2, and that the relatives add up.
    ///
    /// # Errors
    /// One does not hold.
    pub fn check(&self) -> Result<(), Refused> {
        self.setlinfo.check(&self.lines, self.before, self.mulaid_in_acct).map_err(Refused::Identity)?;
        let relatives: i64 = self.relatives.iter().map(|relative| relative.amount).sum();
        if relatives == self.setlinfo.acct_mulaid_pay {
            Ok(())
        } else {
            Err(Refused::Identity(super::setlinfo::Identity::Person))
        }
    }
}

/// The settlement with this number.
///
/// # Errors
/// An identity does not hold, or the database failed or is damaged.
pub fn by_number(office: &Office<'_>, number: i64) -> Result<Option<Settlement>, Refusal> {
    let row = office
        .store()
        .find("SELECT * FROM settlements WHERE area = $1 AND number = $2", values![office.area(), number])?;
    row.map(|row| read(&row)).transpose()
}

/// The settlement under this number of the sender's.
///
/// # Errors
/// As [`by_number`].
pub fn by_message(
    office: &Office<'_>,
    institution: InstitutionCode,
    message: &str,
) -> Result<Option<Settlement>, Refusal> {
    let row = office.store().find(
        "SELECT * FROM settlements WHERE area = $1 AND institution = $2 AND message = $3",
        values![office.area(), institution, message],
    )?;
    row.map(|row| read(&row)).transpose()
}

/// Settlements of an institution booked on these days, by number from `after` on.
///
/// # Errors
/// As [`by_number`].
pub fn of_days(
    office: &Office<'_>,
    institution: InstitutionCode,
    (begin, end): (Date, Date),
    after: i64,
    limit: u16,
) -> Result<Vec<Settlement>, Refusal> {
    let rows = office.store().rows(
        "SELECT * FROM settlements
         WHERE area = $1 AND institution = $2 AND day >= $3 AND day <= $4 AND number > $5
         ORDER BY number LIMIT $6",
        values![office.area(), institution, begin, end, after, limit],
    )?;
    rows.iter().map(read).collect()
}

/// Whether this message was reversed before it came.
///
/// # Errors
/// The database failed.
pub fn is_reversed(office: &Office<'_>, institution: InstitutionCode, message: &str) -> Result<bool, CentreError> {
    let row = office.store().find(
        "SELECT time FROM reversed_messages WHERE area = $1 AND institution = $2 AND message = $3",
        values![office.area(), institution, message],
    )?;
    Ok(row.is_some())
}

/// Remembers that this message is not to be carried out; `false`: it was remembered before.
///
/// # Errors
/// The database failed.
pub fn remember_reversed(
    office: &Office<'_>,
    institution: InstitutionCode,
    message: &str,
) -> Result<bool, CentreError> {
    let added = office.store().execute(
        "INSERT INTO reversed_messages (area, institution, message, time) VALUES ($1, $2, $3, $4)
         ON CONFLICT DO NOTHING",
        values![office.area(), institution, message, office.now()],
    )?;
    Ok(added == 1)
}

/// Writes a settlement, and adds it to the person's year.
///
/// # Errors
/// An identity does not hold, or the database failed; nothing of the transaction may stay then.
pub fn write(office: &Office<'_>, settlement: &Settlement) -> Result<(), Refusal> {
    settlement.check()?;
    let json = |value: Result<String, serde_json::Error>| {
        value.map_err(|_| CentreError::Damaged(Damage::Column("settlements".into())))
    };
    let Settlement { number, institution, message, request, visit, person, insutype, kind, .. } = settlement;
    let Settlement { clr_type, time, year, before, mulaid_in_acct, setlinfo, lines, relatives, adds, .. } = settlement;
    office.store().execute(
        "INSERT INTO settlements (area, number, institution, message, request, visit, person, insutype, kind, clr_type,
             time, day, year, total, fund, account, mulaid, cash, before, mulaid_in_acct, setlinfo, lines, relatives,
             deductible, pooled, settled, borne, assisted, undoes)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22,
             $23, $24, $25, $26, $27, $28, $29)",
        values![
            office.area(),
            number,
            institution,
            message,
            request,
            visit,
            person,
            insutype,
            kind,
            clr_type,
            time,
            time.date(),
            i32::from(*year),
            setlinfo.medfee_sumamt,
            setlinfo.fund_pay_sumamt,
            setlinfo.acct_pay,
            setlinfo.acct_mulaid_pay,
            setlinfo.psn_cash_pay,
            before,
            mulaid_in_acct,
            json(serde_json::to_string(setlinfo))?,
            json(serde_json::to_string(lines))?,
            json(serde_json::to_string(relatives))?,
            adds.deductible,
            adds.pooled,
            adds.settled,
            adds.borne,
            adds.assisted,
            settlement.undoes,
        ],
    )?;
    office.store().execute(
        "INSERT INTO years (area, person, year, insutype, kind, deductible, pooled, settled, borne, assisted)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
         ON CONFLICT (area, person, year, insutype, kind) DO UPDATE
         SET deductible = years.deductible + excluded.deductible, pooled = years.pooled + excluded.pooled,
             settled = years.settled + excluded.settled, borne = years.borne + excluded.borne,
             assisted = years.assisted + excluded.assisted",
        values![
            office.area(),
            person,
            i32::from(*year),
            insutype,
            kind,
            adds.deductible,
            adds.pooled,
            adds.settled,
            adds.borne,
            adds.assisted
        ],
    )?;
    Ok(())
}

/// Says which settlement undoes this one; `None`: it stands again.
///
/// # Errors
/// The database failed.
pub fn mark_undone(office: &Office<'_>, number: i64, by: Option<i64>) -> Result<(), CentreError> {
    office.store().execute(
        "UPDATE settlements SET undone_by = $1 WHERE area = $2 AND number = $3",
        values![by, office.area(), number],
    )?;
    Ok(())
}

/// The first settlement that is missing, breaks an identity or cannot be read, as `settlement 5`, or else the first person
/// whose year is not the sum of their settlements.
///
/// # Errors
/// The database failed.
pub fn verify(store: &dyn Database, area: qiyong_protocol::card::codes::Region) -> Result<Option<String>, CentreError> {
    let (mut number, mut after) = (0_i64, i64::MIN);
    loop {
        let rows = store.rows(
            "SELECT * FROM settlements WHERE area = $1 AND number > $2 ORDER BY number LIMIT 1000",
            values![area, after],
        )?;
        if rows.is_empty() {
            break;
        }
        for row in rows {
            number += 1;
            after = row.get("number")?;
            if after != number || read(&row).is_err() {
                return Ok(Some(format!("settlement {number}")));
            }
        }
    }
    let counted = store.find("SELECT last FROM numbers WHERE area = $1 AND kind = 'settlement'", values![area])?;
    if counted.map_or(Ok(0), |row| row.get::<i64>("last"))? != number {
        return Ok(Some(format!("settlement {}", number.saturating_add(1))));
    }
    let off = ["deductible", "pooled", "settled", "borne", "assisted"].map(is_off).join(" OR ");
    let row = store.find(
        // Both in one sum: SQLite compares a FULL JOIN row by row.
        &format!("SELECT person FROM (SELECT person, year, insutype, kind, 1 AS kept, deductible, pooled, settled, borne, assisted
                              FROM years WHERE area = $1
                              UNION ALL
                              SELECT person, year, insutype, kind, 0, -deductible, -pooled, -settled, -borne, -assisted
                              FROM settlements WHERE area = $1) AS sums
         GROUP BY person, year, insutype, kind
         HAVING max(kept) = 0 OR {off} ORDER BY person LIMIT 1"),
        values![area],
    )?;
    row.map(|row| row.get("person")).transpose()
}

fn read(row: &Row) -> Result<Settlement, Refusal> {
    let damaged = |column: &str| CentreError::Damaged(Damage::Column(format!("settlements.{column}")));
    let year: i32 = row.get("year")?;
    let settlement = Settlement {
        number: row.get("number")?,
        institution: row.get("institution")?,
        message: row.get("message")?,
        request: row.get("request")?,
        visit: row.get("visit")?,
        person: row.get("person")?,
        insutype: row.get("insutype")?,
        kind: row.get("kind")?,
        clr_type: row.get("clr_type")?,
        time: row.get("time")?,
        year: i16::try_from(year).map_err(|_| damaged("year"))?,
        before: row.get("before")?,
        mulaid_in_acct: row.get("mulaid_in_acct")?,
        setlinfo: serde_json::from_str(&row.get::<String>("setlinfo")?).map_err(|_| damaged("setlinfo"))?,
        lines: serde_json::from_str(&row.get::<String>("lines")?).map_err(|_| damaged("lines"))?,
        relatives: serde_json::from_str(&row.get::<String>("relatives")?).map_err(|_| damaged("relatives"))?,
        adds: read_year(row)?,
        undoes: row.get("undoes")?,
        undone_by: row.get("undone_by")?,
    };
    settlement.check()?;
    Ok(settlement)
}
