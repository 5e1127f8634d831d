//! Personal accounts: what is on them, and what somebody may use (docs/centre.md §6.7.4, §6.7.5).

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::common::{READERS, limit};
use crate::acts::Act;
use crate::acts::desk::Desk;
use crate::acts::entry::{Entry, entry};
use crate::acts::fields::{Amount, Day, Text};
use crate::acts::general::General;
use crate::acts::office::Office;
use crate::acts::refusal::Refusal;
use crate::acts::role::Role;
use crate::insurance::entitlement::{NoPool, Pool};
use crate::insurance::kinds::Capacity;
use crate::insurance::standing;
use crate::ledger::{self, Account};
use crate::persons;
use crate::store::value::values;

/// The acts of this file.
pub const ACTS: &[Entry] = &[entry::<ShowAccount>(), entry::<ListAccounts>(), entry::<ShowInsurance>()];

/// An entry of an account.
#[derive(Debug, Serialize, ToSchema)]
pub struct EntryLine {
    /// The posting's number
    pub posting: i64,
    /// The day on which it counts
    pub day: Day,
    /// Why
    pub reason: String,
    /// The number of what it belongs to
    pub reference: String,
    /// What the account was given, in fen; negative: what it gave
    pub amount: Amount,
}

/// A personal account.
#[derive(Debug, Serialize, ToSchema)]
pub struct AccountAnswer {
    /// The person's number
    pub person: String,
    /// What is on it, in fen
    pub balance: Amount,
    /// The entries, latest first
    pub entries: Vec<EntryLine>,
}

/// Refuses a number that nobody has. Numbers can be counted up, so whoever looks at what one person has is on record.
fn named(desk: &mut Desk<'_>, person: &str) -> Result<(), Refusal> {
    persons::get(desk, person)?.ok_or(General::NotFound("person"))?;
    desk.subject(format!("person {person}"));
    desk.on_record();
    Ok(())
}

/// Shows a personal account with its entries. Whoever looks is on record.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ShowAccount {
    /// The person's number
    pub person: Text,
    /// Only entries of postings below this number
    #[serde(default)]
    pub before: Option<i64>,
    /// At most so many entries; 100 if missing
    #[serde(default)]
    #[schema(minimum = 1, maximum = 1000)]
    pub limit: Option<u16>,
}

impl Act for ShowAccount {
    const NAME: &'static str = "account.show";
    const ROLES: &'static [Role] = READERS;
    const READS: bool = true;
    type Answer = AccountAnswer;

    fn carry_out(&self, desk: &mut Desk<'_>) -> Result<AccountAnswer, Refusal> {
        named(desk, &self.person.0)?;
        let account = Account::Person(self.person.0.clone());
        let found = ledger::entries(desk, &account, self.before, limit(self.limit))?;
        let line = |entry: ledger::Entry| EntryLine {
            posting: entry.posting,
            day: Day(entry.day),
            reason: entry.reason,
            reference: entry.reference,
            amount: Amount(entry.amount),
        };
        Ok(AccountAnswer {
            person: self.person.0.clone(),
            balance: Amount(ledger::balance(desk.store(), desk.area(), &account)?),
            entries: found.into_iter().map(line).collect(),
        })
    }
}

/// A personal account, without its entries.
#[derive(Debug, Serialize, ToSchema)]
pub struct AccountLine {
    /// The person's number
    pub person: String,
    /// What is on it, in fen
    pub balance: Amount,
}

/// Personal accounts.
#[derive(Debug, Serialize, ToSchema)]
pub struct AccountList {
    /// The accounts, by person
    pub accounts: Vec<AccountLine>,
}

/// Lists personal accounts that have had an entry.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ListAccounts {
    /// Only persons after this one
    #[serde(default)]
    pub after: Option<Text>,
    /// At most so many; 100 if missing
    #[serde(default)]
    #[schema(minimum = 1, maximum = 1000)]
    pub limit: Option<u16>,
}

/// The persons who have an account, after the one named, with their balances.
pub(super) fn accounts(office: &Office<'_>, after: Option<&str>, limit: u16) -> Result<Vec<(String, i64)>, Refusal> {
    let rows = office.store().rows(
        "SELECT account, balance FROM balances WHERE area = $1 AND account > $2 AND account < $3
         ORDER BY account LIMIT $4",
        // The character after the colon ends the range.
        values![office.area(), format!("person:{}", after.unwrap_or_default()), "person;", limit],
    )?;
    let mut found = Vec::new();
    for row in &rows {
        if let Account::Person(person) = row.get("account")? {
            found.push((person, row.get("balance")?));
        }
    }
    Ok(found)
}

impl Act for ListAccounts {
    const NAME: &'static str = "account.list";
    const ROLES: &'static [Role] = &[Role::PremiumOfficer, Role::SettlementOfficer, Role::Auditor];
    const READS: bool = true;
    type Answer = AccountList;

    fn carry_out(&self, desk: &mut Desk<'_>) -> Result<AccountList, Refusal> {
        let after = self.after.as_ref().map(|after| after.0.as_str());
        let line = |(person, balance)| AccountLine { person, balance: Amount(balance) };
        let accounts = accounts(desk, after, limit(self.limit))?.into_iter().map(line).collect();
        Ok(AccountList { accounts })
    }
}

/// What somebody may use on a day.
#[derive(Debug, Serialize, ToSchema)]
pub struct InsuranceAnswer {
    /// The person's number
    pub person: String,
    /// The day
    pub day: Day,
    /// In which capacity the person is insured against illness; missing: not insured
    pub insured: Option<Capacity>,
    /// The pool that pays
    pub pool: Option<Pool>,
    /// Why no pool pays
    pub no_pool: Option<NoPool>,
    /// Whether money in the personal account may be used
    pub account_usable: bool,
    /// What is on the account today, in fen
    pub balance: Amount,
}

/// Shows what somebody may use on a day. Whoever looks is on record.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ShowInsurance {
    /// The person's number
    pub person: Text,
    /// The day; missing: today
    #[serde(default)]
    pub day: Option<Day>,
}

impl Act for ShowInsurance {
    const NAME: &'static str = "insurance.show";
    const ROLES: &'static [Role] = READERS;
    const READS: bool = true;
    type Answer = InsuranceAnswer;

    fn carry_out(&self, desk: &mut Desk<'_>) -> Result<InsuranceAnswer, Refusal> {
        named(desk, &self.person.0)?;
        let day = self.day.map_or(desk.today(), |day| day.0);
        let found = standing::entitlement(desk, &self.person.0, day)?;
        let account = Account::Person(self.person.0.clone());
        Ok(InsuranceAnswer {
            person: self.person.0.clone(),
            day: Day(day),
            insured: found.insured,
            pool: found.pool.ok(),
            no_pool: found.pool.err(),
            account_usable: found.account,
            balance: Amount(ledger::balance(desk.store(), desk.area(), &account)?),
        })
    }
}
