//! What moves on personal accounts beside premiums: the sums of the retired, yearly interest, the pay-out
//! (docs/centre.md §6.7.4).

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::common::limit;
use crate::acts::Act;
use crate::acts::desk::Desk;
use crate::acts::entry::{Entry, entry};
use crate::acts::fields::{Amount, Month as MonthField, Private, Text};
use crate::acts::general::General;
use crate::acts::office::Office;
use crate::acts::refusal::Refusal;
use crate::acts::role::Role;
use crate::insurance::booking;
use crate::insurance::credit::Credit;
use crate::insurance::faults::{Fault, bent};
use crate::insurance::interest::{self, Interest};
use crate::insurance::kinds::{Capacity, Kind};
use crate::insurance::month::Month;
use crate::insurance::refusal::Refused;
use crate::insurance::rounding::Rounding;
use crate::ledger::{self, Account};
use crate::persons;
use crate::store::value::Row;
use crate::store::value::values;

use super::accounts::accounts;

/// The acts of this file.
pub const ACTS: &[Entry] = &[entry::<GrantRetired>(), entry::<RunInterest>(), entry::<PayAccountOut>()];

/// What a run credited.
#[derive(Debug, Serialize, ToSchema)]
pub struct CreditedAccounts {
    /// To so many accounts
    pub accounts: u32,
    /// In all, in fen
    pub total: Amount,
    /// What to give as `after` to go on; missing: all are done
    pub next: Option<String>,
}

/// Keeps that somebody got a credit of a period; `false`: it was kept before.
fn first_time(office: &Office<'_>, person: &str, (what, period): (&str, Date), amount: i64) -> Result<bool, Refusal> {
    let kept = office.store().execute(
        "INSERT INTO account_credits (area, person, what, period, amount) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT DO NOTHING",
        values![office.area(), person, what, period, amount],
    )?;
    Ok(kept == 1)
}

/// Credits a month's sum to retired persons, out of the fund. Done again it adds what is missing.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct GrantRetired {
    /// The month: one that has begun
    pub month: MonthField,
    /// Only relations above this number: `next` of the answer before
    #[serde(default)]
    pub after: Option<Text>,
    /// At most so many; 100 if missing
    #[serde(default)]
    #[schema(minimum = 1, maximum = 1000)]
    pub limit: Option<u16>,
}

impl Act for GrantRetired {
    const NAME: &'static str = "account.grant-retired";
    const ROLES: &'static [Role] = &[Role::PremiumOfficer];
    type Answer = CreditedAccounts;

    fn carry_out(&self, desk: &mut Desk<'_>) -> Result<CreditedAccounts, Refusal> {
        let month = Month::from(self.month);
        desk.subject(format!("month {month}"));
        if month.first() > desk.today() {
            return Err(Refused::MonthAhead.into());
        }
        let credit: Credit = desk.parameter_on(month.first())?;
        let sum = credit.retired.ok_or(Refused::NoRetiredSum)?;
        let limit = limit(self.limit);
        let after: i64 = match &self.after {
            None => 0,
            Some(after) => {
                after.0.parse().map_err(|_| General::not_allowed("after", "a relation's number", "参保关系编号"))?
            }
        };
        let rows = desk.store().rows(
            "SELECT number, person FROM relations
             WHERE area = $1 AND number > $2 AND capacity = $3 AND EXISTS (SELECT 1 FROM spans
                 WHERE spans.area = relations.area AND relation = number AND first <= $4
                 AND (last IS NULL OR last > $4))
             ORDER BY number LIMIT $5",
            values![desk.area(), after, Capacity::Retired, month.first(), limit],
        )?;
        let full = rows.len() == usize::from(limit);
        let last = rows.last().map(|row| row.get::<i64>("number")).transpose()?;
        let mut credited = CreditedAccounts { accounts: 0, total: Amount(0), next: None };
        for row in &rows {
            let person: String = row.get("person")?;
            if first_time(desk, &person, ("retired", month.first()), sum)? {
                let reference = format!("{}-{month}", row.get::<i64>("number")?);
                give(desk, ("retired-credit", reference), &person, (desk.today(), sum))?;
                credited.accounts += 1;
                credited.total.0 += sum;
            }
        }
        credited.next = last.filter(|_| full).map(|last| last.to_string());
        Ok(credited)
    }
}

/// Gives money of the fund of employees' medical insurance to an account.
fn give(
    desk: &Desk<'_>,
    (reason, reference): (&str, String),
    person: &str,
    (day, fen): (Date, i64),
) -> Result<(), Refusal> {
    let accounts = (booking::pool(Kind::Medical), Account::Person(person.to_owned()));
    booking::transfer(desk, (reason, reference), accounts, (day, fen))
}

/// Credits a year's interest to personal accounts, out of the fund. Done again it adds what is missing.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RunInterest {
    /// The year: one that is over
    #[schema(minimum = 2000, maximum = 2199)]
    pub year: i16,
    /// Only persons after this one: `next` of the answer before
    #[serde(default)]
    pub after: Option<Text>,
    /// At most so many accounts; 100 if missing
    #[serde(default)]
    #[schema(minimum = 1, maximum = 1000)]
    pub limit: Option<u16>,
}

/// What an account had before `begin`, and its entries from then to the day before `end`, by day.
fn history(office: &Office<'_>, person: &str, begin: Date, end: Date) -> Result<Vec<(Date, i64)>, Refusal> {
    let account = Account::Person(person.to_owned());
    let rows = office.store().rows(
        "SELECT CASE WHEN day < $1 THEN $1 ELSE day END AS since, CAST(sum(amount) AS BIGINT) AS total
         FROM entries CROSS JOIN postings
         WHERE entries.area = $2 AND account = $3 AND day < $4
           AND postings.area = entries.area AND postings.number = entries.posting
         GROUP BY CASE WHEN day < $1 THEN $1 ELSE day END LIMIT 400",
        values![begin, office.area(), account, end],
    )?;
    rows.iter().map(|row: &Row| Ok((row.get("since")?, row.get("total")?))).collect()
}

impl Act for RunInterest {
    const NAME: &'static str = "interest.run";
    const ROLES: &'static [Role] = &[Role::PremiumOfficer];
    type Answer = CreditedAccounts;

    fn carry_out(&self, desk: &mut Desk<'_>) -> Result<CreditedAccounts, Refusal> {
        desk.subject(format!("year {}", self.year));
        let wrong = || General::not_allowed("year", "a year from 2000 to 2199", "年度为 2000 至 2199");
        if !(2000..=2199).contains(&self.year) {
            return Err(wrong().into());
        }
        let begin = Date::new(self.year, 1, 1).map_err(|_| wrong())?;
        let end = Date::new(self.year + 1, 1, 1).map_err(|_| wrong())?;
        if desk.today() < end {
            return Err(Refused::YearNotOver.into());
        }
        let interest: Interest = desk.parameter_on(begin)?;
        let rounding: Rounding = desk.parameter_on(begin)?;
        let limit = limit(self.limit);
        let found = accounts(desk, self.after.as_ref().map(|after| after.0.as_str()), limit)?;
        let full = found.len() == usize::from(limit);
        let mut credited = CreditedAccounts { accounts: 0, total: Amount(0), next: None };
        for (person, _) in &found {
            let fen = interest::of_year(&history(desk, person, begin, end)?, self.year, interest, rounding.interest);
            if first_time(desk, person, ("interest", begin), fen)? || bent(Fault::InterestTwice) {
                let reference = format!("{person}-{}", self.year);
                // It bears interest itself from the first day after its year.
                give(desk, ("interest", reference), person, (end, fen))?;
                credited.accounts += 1;
                credited.total.0 += fen;
            }
        }
        credited.next = found.last().filter(|_| full).map(|(person, _)| person.clone());
        Ok(credited)
    }
}

/// Pays a personal account out when its holder has died or left the area: to the heir or the holder.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PayAccountOut {
    /// The person's number
    pub person: Text,
    /// The identity document of who is paid
    pub payee_document: Private,
    /// The bank account of who is paid: up to 34 letters and digits
    pub payee_account: Private,
}

/// What was paid out.
#[derive(Debug, Serialize, ToSchema)]
pub struct PaidOutAccount {
    /// In fen
    pub amount: Amount,
}

impl Act for PayAccountOut {
    const NAME: &'static str = "account.pay-out";
    const ROLES: &'static [Role] = &[Role::PremiumOfficer];
    type Answer = PaidOutAccount;

    fn carry_out(&self, desk: &mut Desk<'_>) -> Result<PaidOutAccount, Refusal> {
        desk.subject(format!("person {}", self.person.0));
        let person = persons::get(desk, &self.person.0)?.ok_or(General::NotFound("person"))?;
        if person.until.is_none_or(|until| until > desk.today()) {
            return Err(Refused::PersonStays.into());
        }
        let payee = self.payee_account.expose();
        if !(1..=34).contains(&payee.len()) || !payee.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            let zh = "银行账号为 1 至 34 位字母或数字";
            return Err(General::not_allowed("payee_account", "an account has 1 to 34 letters and digits", zh).into());
        }
        let account = Account::Person(self.person.0.clone());
        let balance = ledger::balance(desk.store(), desk.area(), &account)?;
        if balance <= 0 {
            return Err(Refused::AccountShort.into());
        }
        let accounts = (account, Account::Outside("pay-out".into()));
        booking::transfer(desk, ("pay-out", self.person.0.clone()), accounts, (desk.today(), balance))?;
        Ok(PaidOutAccount { amount: Amount(balance) })
    }
}
