//! What anybody may read of the ledger: an account with its entries, and the totals of a day.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Account, balance, entries};
use crate::acts::Act;
use crate::acts::desk::Desk;
use crate::acts::entry::{Entry, entry};
use crate::acts::fields::{Amount, Day, Total};
use crate::acts::general::General;
use crate::acts::refusal::Refusal;
use crate::acts::role::Role;
use crate::store::value::values;

/// The acts of this room.
pub const ACTS: &[Entry] = &[entry::<ShowAccount>(), entry::<ShowDay>()];

/// Who may read the ledger: those who move money, and whoever checks them.
const READERS: &[Role] =
    &[Role::Cashier, Role::PremiumOfficer, Role::SettlementOfficer, Role::Administrator, Role::Auditor];

/// A line of a statement.
#[derive(Debug, Serialize, ToSchema)]
pub struct StatementLine {
    /// The posting's number
    pub posting: i64,
    /// The day on which it counts
    pub day: Day,
    /// Why, in one word
    pub reason: String,
    /// The number of what it belongs to
    pub reference: String,
    /// What the account was given, in fen; negative: what it gave
    pub amount: Amount,
}

/// An account with its entries.
#[derive(Debug, Serialize, ToSchema)]
pub struct Statement {
    /// The account
    pub account: String,
    /// What its entries add up to, in fen
    pub balance: Total,
    /// The entries, latest first
    pub entries: Vec<StatementLine>,
}

/// Shows an account of the ledger with its entries, latest first.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ShowAccount {
    /// The account: person:NUMBER, pool:KIND, premium:KIND, institution:CODE, outside:WHO, fee or finance
    #[schema(pattern = "^(person|pool|premium|institution|outside):[^\\x00-\\x1F\\x7F-\\x9F]{1,64}$|^fee$|^finance$")]
    pub account: String,
    /// Only entries of postings before this number
    #[schema(minimum = 1)]
    pub before: Option<i64>,
    /// How many entries, 1 to 1,000; 100 if not said
    #[schema(minimum = 1, maximum = 1000)]
    pub limit: Option<u16>,
}

impl Act for ShowAccount {
    const NAME: &'static str = "ledger.account";
    const ROLES: &'static [Role] = READERS;
    const READS: bool = true;
    type Answer = Statement;

    fn carry_out(&self, desk: &mut Desk<'_>) -> Result<Statement, Refusal> {
        let limit = self.limit.unwrap_or(100);
        if !(1..=1000).contains(&limit) {
            return Err(General::not_allowed("limit", "1 to 1,000", "1 至 1000").into());
        }
        let account: Account = self.account.parse().map_err(|()| {
            let kinds = "person:NUMBER, pool:KIND, premium:KIND, institution:CODE, outside:WHO, fee, finance";
            General::not_allowed("account", kinds, kinds)
        })?;
        // Persons can be counted up: whoever looks at what one has is on record.
        if matches!(account, Account::Person(_)) {
            desk.subject(format!("account {account}"));
            desk.on_record();
        }
        let line = |entry: super::Entry| StatementLine {
            posting: entry.posting,
            day: Day(entry.day),
            reason: entry.reason,
            reference: entry.reference,
            amount: Amount(entry.amount),
        };
        Ok(Statement {
            account: account.to_string(),
            balance: Total(balance(desk.store(), desk.area(), &account)?),
            entries: entries(desk, &account, self.before, limit)?.into_iter().map(line).collect(),
        })
    }
}

/// What the accounts of one kind were given and gave on a day.
#[derive(Debug, Serialize, ToSchema)]
pub struct KindTotal {
    /// The accounts: person, institution and outside are all of their kind together
    pub accounts: String,
    /// What they were given, in fen
    pub given: Total,
    /// What they gave, in fen
    pub taken: Total,
}

/// What was moved for one reason on a day.
#[derive(Debug, Serialize, ToSchema)]
pub struct ReasonTotal {
    /// Why, in one word
    pub reason: String,
    /// How many postings
    pub postings: i64,
    /// What was moved, in fen
    pub amount: Total,
}

/// The totals of a day.
#[derive(Debug, Serialize, ToSchema)]
pub struct DayTotals {
    /// The day
    pub day: Day,
    /// By accounts
    pub accounts: Vec<KindTotal>,
    /// By reason
    pub reasons: Vec<ReasonTotal>,
}

/// Adds up what moved on a day, by accounts and by reason.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ShowDay {
    /// The day; today if not said
    pub day: Option<Day>,
}

impl Act for ShowDay {
    const NAME: &'static str = "ledger.day";
    const ROLES: &'static [Role] = READERS;
    const READS: bool = true;
    type Answer = DayTotals;

    fn carry_out(&self, desk: &mut Desk<'_>) -> Result<DayTotals, Refusal> {
        let day = self.day.unwrap_or(Day(desk.today()));
        let accounts = desk.store().rows(
            "SELECT CASE WHEN account LIKE 'person:%' THEN 'person' WHEN account LIKE 'institution:%' THEN 'institution'
                         WHEN account LIKE 'outside:%' THEN 'outside' ELSE account END AS kind,
                    CAST(sum(CASE WHEN amount > 0 THEN amount ELSE 0 END) AS BIGINT) AS given,
                    CAST(sum(CASE WHEN amount < 0 THEN -amount ELSE 0 END) AS BIGINT) AS taken
             FROM postings JOIN entries ON entries.area = postings.area AND entries.posting = postings.number
             WHERE postings.area = $1 AND day = $2 GROUP BY kind ORDER BY kind",
            values![desk.area(), day],
        )?;
        let reasons = desk.store().rows(
            "SELECT reason, count(DISTINCT number) AS postings,
                    CAST(sum(CASE WHEN amount > 0 THEN amount ELSE 0 END) AS BIGINT) AS amount
             FROM postings JOIN entries ON entries.area = postings.area AND entries.posting = postings.number
             WHERE postings.area = $1 AND day = $2 GROUP BY reason ORDER BY reason",
            values![desk.area(), day],
        )?;
        let mut totals = DayTotals { day, accounts: Vec::new(), reasons: Vec::new() };
        for row in accounts {
            let (given, taken) = (Total(row.get("given")?), Total(row.get("taken")?));
            totals.accounts.push(KindTotal { accounts: row.get("kind")?, given, taken });
        }
        for row in reasons {
            let (reason, postings) = (row.get("reason")?, row.get("postings")?);
            totals.reasons.push(ReasonTotal { reason, postings, amount: Total(row.get("amount")?) });
        }
        Ok(totals)
    }
}
