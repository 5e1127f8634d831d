//! Double entry: nothing else moves money. A posting has lines that add up to zero; a plus is what an account is given, a
//! minus what it gives. All amounts are in fen. Postings are a chain, so that none is changed, removed or put in unseen;
//! `check` follows it.
//!
//! | Account | Holds |
//! |---|---|
//! | person | a personal account: what its holder may spend; never below zero |
//! | pool | the pooled fund of one kind of insurance |
//! | premium | what was collected and is not yet credited |
//! | institution | what a hospital or pharmacy is owed |
//! | fee | card fees that were taken and are not yet passed on |
//! | finance | the finance authority of the area's level: fees go there, running costs and subsidies come from there |
//! | outside | what came in from or went out to the world: banks, employers, cash |

pub mod acts;
pub mod check;

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use jiff::civil::Date;

use qiyong_protocol::card::codes::Region;
use qiyong_protocol::rules::institution::InstitutionCode;

use crate::acts::office::Office;
use crate::error::CentreError;
use crate::store::chain;
use crate::store::database::Database;
use crate::store::value::values;
use crate::store::value::{FromValue, ToValue, Value};

/// Whose money it is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Account {
    /// A personal account, by the person's number.
    Person(String),
    /// The pooled fund of a kind of insurance, in `insurance`'s word.
    Pool(String),
    /// Collected premiums of a kind of insurance.
    Premium(String),
    /// What a hospital or pharmacy is owed.
    Institution(InstitutionCode),
    /// Card fees.
    Fee,
    /// The finance authority.
    Finance,
    /// A bank, an employer, cash: who, in one word.
    Outside(String),
}

impl fmt::Display for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Person(number) => write!(f, "person:{number}"),
            Self::Pool(kind) => write!(f, "pool:{kind}"),
            Self::Premium(kind) => write!(f, "premium:{kind}"),
            Self::Institution(code) => write!(f, "institution:{}", code.as_str()),
            Self::Fee => f.write_str("fee"),
            Self::Finance => f.write_str("finance"),
            Self::Outside(who) => write!(f, "outside:{who}"),
        }
    }
}

impl FromStr for Account {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Ok(match text.split_once(':') {
            Some(("person", number)) => Self::Person(number.into()),
            Some(("pool", kind)) => Self::Pool(kind.into()),
            Some(("premium", kind)) => Self::Premium(kind.into()),
            Some(("institution", code)) => Self::Institution(InstitutionCode::new(code).map_err(|_| ())?),
            Some(("outside", who)) => Self::Outside(who.into()),
            None if text == "fee" => Self::Fee,
            None if text == "finance" => Self::Finance,
            _ => return Err(()),
        })
    }
}

impl ToValue for Account {
    fn to_value(&self) -> Value {
        Value::Text(self.to_string())
    }
}

impl FromValue for Account {
    fn from_value(value: Value) -> Option<Self> {
        String::from_value(value)?.parse().ok()
    }
}

/// How many lines of a posting one statement takes.
const AT_ONCE: usize = 100;

/// Money that moves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Posting {
    /// The day on which it counts.
    pub day: Date,
    /// Why, in one word: `purchase`, `premium-credit`, `card-fee`.
    pub reason: String,
    /// The number of what it belongs to.
    pub reference: String,
    /// The lines; several of one account are added up, and zeros are left out.
    pub lines: Vec<(Account, i64)>,
}

/// Why money does not move.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unposted {
    /// The lines do not add up to zero, or overflow.
    Unbalanced,
    /// This account would fall below zero, and must not.
    Short(Account),
}

/// A line of an account's statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The posting's number.
    pub posting: i64,
    /// The day on which it counts.
    pub day: Date,
    /// Why.
    pub reason: String,
    /// The number of what it belongs to.
    pub reference: String,
    /// What the account was given.
    pub amount: i64,
}

/// Moves money; returns the posting's number. `operator` is who did it, `-` for the centre itself.
///
/// # Errors
/// Outside: the database failed. Inside: the lines do not add up, or an account would fall below zero; nothing moved.
pub fn post(office: &Office<'_>, operator: &str, posting: &Posting) -> Result<Result<i64, Unposted>, CentreError> {
    let mut lines: Vec<(Account, i64)> = Vec::new();
    let mut sum = 0_i64;
    for (account, amount) in &posting.lines {
        let Some(added) = sum.checked_add(*amount) else { return Ok(Err(Unposted::Unbalanced)) };
        sum = added;
        match lines.iter_mut().find(|(known, _)| known == account) {
            Some((_, known)) => match known.checked_add(*amount) {
                Some(added) => *known = added,
                None => return Ok(Err(Unposted::Unbalanced)),
            },
            None => lines.push((account.clone(), *amount)),
        }
    }
    if sum != 0 {
        return Ok(Err(Unposted::Unbalanced));
    }
    lines.retain(|(_, amount)| *amount != 0);
    let mut balances = balances(office, &lines)?;
    for (account, amount) in &lines {
        let balance = balances.entry(account.to_string()).or_default();
        let Some(after) = balance.checked_add(*amount) else { return Ok(Err(Unposted::Unbalanced)) };
        if after < 0 && matches!(account, Account::Person(_)) && *amount < 0 {
            return Ok(Err(Unposted::Short(account.clone())));
        }
        *balance = after;
    }
    let number = office.next_number("posting")?;
    let (store, area) = (office.store(), office.area());
    let chain = chain::Link {
        area: area.as_str(),
        number,
        day: &posting.day.to_string(),
        reason: &posting.reason,
        reference: &posting.reference,
        operator,
        lines: &lines.iter().map(|(account, amount)| (account.to_string(), *amount)).collect::<Vec<_>>(),
    };
    let chain = chain.seal(office.vault(), &chain::before(store, area, number)?);
    store.execute(
        "INSERT INTO postings (area, number, day, reason, reference, operator, chain) VALUES ($1, $2, $3, $4, $5, $6, $7)",
        values![office.area(), number, posting.day, posting.reason, posting.reference, operator, chain],
    )?;
    // Several rows a statement: most postings have two lines, and on a server each statement is a journey.
    for lines in lines.chunks(AT_ONCE) {
        let mut entries = vec![office.area().to_value(), number.to_value()];
        entries.extend(lines.iter().flat_map(|(account, amount)| [account.to_value(), amount.to_value()]));
        let rows = rows(2, 2, lines.len());
        store.execute(&format!("INSERT INTO entries (area, posting, account, amount) VALUES {rows}"), &entries)?;
    }
    for balances in balances.into_iter().collect::<Vec<_>>().chunks(AT_ONCE) {
        let mut values = vec![office.area().to_value()];
        values.extend(balances.iter().flat_map(|(account, balance)| [account.to_value(), balance.to_value()]));
        let rows = rows(1, 2, balances.len());
        store.execute(
            &format!(
                "INSERT INTO balances (area, account, balance) VALUES {rows}
                 ON CONFLICT (area, account) DO UPDATE SET balance = excluded.balance"
            ),
            &values,
        )?;
    }
    Ok(Ok(number))
}

/// What the accounts of these lines have; those that are missing have nothing.
fn balances(office: &Office<'_>, lines: &[(Account, i64)]) -> Result<BTreeMap<String, i64>, CentreError> {
    let mut found = BTreeMap::new();
    for lines in lines.chunks(AT_ONCE) {
        let mut values = vec![office.area().to_value()];
        values.extend(lines.iter().map(|(account, _)| account.to_value()));
        let accounts = (2..=values.len()).map(|at| format!("${at}")).collect::<Vec<_>>().join(", ");
        let sql = format!("SELECT account, balance FROM balances WHERE area = $1 AND account IN ({accounts})");
        for row in office.store().rows(&sql, &values)? {
            found.insert(row.get("account")?, row.get("balance")?);
        }
    }
    Ok(found)
}

/// The parameters of so many rows, of which each begins with the same `shared` ones and has `own` after those:
/// `($1, $2, $3), ($1, $4, $5)`.
fn rows(shared: usize, own: usize, count: usize) -> String {
    let row = |at: usize| {
        let first = shared + at * own + 1;
        let places = (1..=shared).chain(first..first + own).map(|at| format!("${at}"));
        format!("({})", places.collect::<Vec<_>>().join(", "))
    };
    (0..count).map(row).collect::<Vec<_>>().join(", ")
}

/// What the entries of an account add up to; zero for one that has none.
///
/// # Errors
/// The database failed.
pub fn balance(store: &dyn Database, area: Region, account: &Account) -> Result<i64, CentreError> {
    let row = store.find("SELECT balance FROM balances WHERE area = $1 AND account = $2", values![area, account])?;
    row.map_or(Ok(0), |row| row.get("balance"))
}

/// An account's entries, latest first; at most `limit`, below posting `before` if that is given.
///
/// # Errors
/// The database failed.
pub fn entries(
    office: &Office<'_>,
    account: &Account,
    before: Option<i64>,
    limit: u16,
) -> Result<Vec<Entry>, CentreError> {
    let rows = office.store().rows(
        "SELECT posting, day, reason, reference, amount
         FROM entries JOIN postings ON postings.area = entries.area AND postings.number = entries.posting
         WHERE entries.area = $1 AND account = $2 AND posting < $3 ORDER BY posting DESC LIMIT $4",
        values![office.area(), account, before.unwrap_or(i64::MAX), limit],
    )?;
    let read = |row: &crate::store::value::Row| {
        Ok(Entry {
            posting: row.get("posting")?,
            day: row.get("day")?,
            reason: row.get("reason")?,
            reference: row.get("reference")?,
            amount: row.get("amount")?,
        })
    };
    rows.iter().map(read).collect()
}
