//! What the people of one transaction share: the day, the rules of the area, numbers that are counted, and the sums of the
//! accounts that all of them move money on.

use std::collections::BTreeMap;

use jiff::ToSpan;
use jiff::civil::{Date, DateTime};

use crate::acts::office::Office;
use crate::application::rules::{ApplicationRules, Banks};
use crate::configuration::{self, Parameter};
use crate::error::CentreError;
use crate::ledger::Account;
use crate::life::term::{Calendar, TemporaryTerm};
use crate::production::settings::Production;
use crate::slip::fee::Fee;
use crate::store::bulk::{Bulk, Cell, Table, cells};
use crate::store::chain::{self, Link};
use crate::store::value::values;

use super::tables;

/// What an area decides, as far as people depend on it.
pub(super) struct Rules {
    pub(super) application: ApplicationRules,
    pub(super) banks: Banks,
    pub(super) fee: Fee,
    pub(super) production: Production,
    pub(super) term: TemporaryTerm,
    pub(super) calendar: Calendar,
}

impl Rules {
    /// Those in force today; inside, the name of the first parameter that is not.
    pub(super) fn of(office: &Office<'_>) -> Result<Result<Self, &'static str>, CentreError> {
        fn on<P: Parameter>(office: &Office<'_>) -> Result<Option<P>, CentreError> {
            configuration::on(office.store(), office.area(), office.today())
        }
        let Some(application) = on(office)? else { return Ok(Err(ApplicationRules::NAME)) };
        let Some(banks) = on(office)? else { return Ok(Err(Banks::NAME)) };
        let Some(fee) = on(office)? else { return Ok(Err(Fee::NAME)) };
        let Some(production) = on(office)? else { return Ok(Err(Production::NAME)) };
        let Some(term) = on(office)? else { return Ok(Err(TemporaryTerm::NAME)) };
        let calendar = on(office)?.unwrap_or_default();
        Ok(Ok(Self { application, banks, fee, production, term, calendar }))
    }
}

/// The people of one transaction.
pub(super) struct Unit<'a> {
    pub(super) office: Office<'a>,
    pub(super) rules: &'a Rules,
    pub(super) seed: u8,
    /// Which thousand it is.
    pub(super) thousand: u32,
    /// The outlet where they applied.
    pub(super) outlet: &'a str,
    bulk: Bulk<'a>,
    numbers: BTreeMap<String, i64>,
    sums: BTreeMap<String, i64>,
    /// The check value of the last posting.
    chain: Option<[u8; 32]>,
    rows: u64,
}

impl<'a> Unit<'a> {
    pub(super) fn new(
        office: Office<'a>,
        rules: &'a Rules,
        (seed, thousand): (u8, u32),
        outlet: &'a str,
        bulk: Bulk<'a>,
    ) -> Self {
        let (numbers, sums) = (BTreeMap::new(), BTreeMap::new());
        Self { office, rules, seed, thousand, outlet, bulk, numbers, sums, chain: None, rows: 0 }
    }

    pub(super) fn add(&mut self, table: &'static Table, cells: &[Cell<'_>]) -> Result<(), CentreError> {
        self.rows += 1;
        self.bulk.add(table, cells)
    }

    /// The next number of a kind, as [`Office::next_number`] gives it; written down at the end.
    pub(super) fn next(&mut self, kind: &str) -> Result<i64, CentreError> {
        if let Some(last) = self.numbers.get_mut(kind) {
            *last += 1;
            return Ok(*last);
        }
        let row = self
            .office
            .store()
            .find("SELECT last FROM numbers WHERE area = $1 AND kind = $2", values![self.office.area(), kind])?;
        let next = row.map_or(Ok(0), |row| row.get::<i64>("last"))? + 1;
        self.numbers.insert(kind.to_owned(), next);
        Ok(next)
    }

    /// The bank that all of them chose: a batch is of one bank.
    pub(super) fn bank(&self) -> &'a str {
        let banks = &self.rules.banks.banks;
        let at = (self.thousand as usize).checked_rem(banks.len()).unwrap_or(0);
        banks.get(at).map_or("", |bank| bank.code.as_str())
    }

    /// The day so many days ago.
    pub(super) fn day(&self, ago: i32) -> Date {
        self.office.today().saturating_sub(i64::from(ago).days())
    }

    /// At ten o'clock on the day so many days ago, and never after now.
    pub(super) fn time(&self, ago: i32) -> DateTime {
        self.day(ago).at(10, 0, 0, 0).min(self.office.now())
    }

    /// Moves `amount` fen from one account to another. Personal accounts have a row of their own (`insured`); the sums of
    /// all others are written at the end.
    pub(super) fn post(
        &mut self,
        (day, reason, reference): (Date, &str, &str),
        (from, to): (&Account, &Account),
        amount: i64,
    ) -> Result<(), CentreError> {
        let number = self.next("posting")?;
        let (day, area) = (day.to_string(), self.office.area());
        let lines = [(from.to_string(), -amount), (to.to_string(), amount)];
        let link = Link { area: area.as_str(), number, day: &day, reason, reference, operator: "-", lines: &lines };
        let before = match self.chain {
            Some(before) => before,
            None => chain::before(self.office.store(), area, number)?,
        };
        let chain = link.seal(self.office.vault(), &before);
        self.chain = Some(chain);
        self.add(&tables::POSTINGS, cells![number, &day, reason, reference, "-", &chain])?;
        for ((word, amount), account) in lines.into_iter().zip([from, to]) {
            self.add(&tables::ENTRIES, cells![number, &word, amount])?;
            if !matches!(account, Account::Person(_)) {
                *self.sums.entry(word).or_insert(0) += amount;
            }
        }
        Ok(())
    }

    /// Writes what was counted and added up; returns how many rows came.
    pub(super) fn finish(mut self) -> Result<u64, CentreError> {
        let (store, area) = (self.office.store(), self.office.area());
        for (kind, last) in std::mem::take(&mut self.numbers) {
            store.execute(
                "INSERT INTO numbers (area, kind, last) VALUES ($1, $2, $3)
                 ON CONFLICT (area, kind) DO UPDATE SET last = excluded.last",
                values![area, kind, last],
            )?;
        }
        for (account, sum) in std::mem::take(&mut self.sums) {
            store.execute(
                "INSERT INTO balances (area, account, balance) VALUES ($1, $2, $3)
                 ON CONFLICT (area, account) DO UPDATE SET balance = balances.balance + excluded.balance",
                values![area, account, sum],
            )?;
        }
        Ok(self.rows)
    }
}
