//! The auditor: everything that must hold of the money and the entitlements after any history, computed from what the
//! history did and not by the room's own rules.

use std::collections::HashMap;

use jiff::ToSpan;
use jiff::civil::Date;
use serde_json::json;

use super::bench::{BANK, Insurance};
use super::histories::{Bank, History};
use crate::insurance::booking;
use crate::insurance::kinds::{Capacity, Kind};
use crate::insurance::month::Month;
use crate::insurance::slips::{self, Line, LineState};
use crate::ledger::Account;
use crate::store::value::Row;
use crate::store::value::values;
use strum::VariantArray;

/// A share in millionths, half up to fen.
fn share(fen: i64, millionths: i64) -> i64 {
    (fen * millionths + 500_000) / 1_000_000
}

/// What a line of Nanjing must be (docs/centre.md §6.7.2): base, employer's part, own part, fixed sum.
fn premium(kind: Kind, capacity: Capacity, declared: i64) -> (i64, i64, i64, i64) {
    let base = declared.clamp(487_900, 2_439_600);
    match (capacity, kind) {
        (Capacity::Employee, Kind::Pension) => (base, share(base, 160_000), share(base, 80_000), 0),
        (Capacity::Employee, Kind::Medical) => (base, share(base, 90_000), share(base, 20_000), 1000),
        (Capacity::Employee, Kind::Maternity) => (base, share(base, 8000), 0, 0),
        (Capacity::Employee, Kind::Unemployment) => (base, share(base, 5000), share(base, 5000), 0),
        (Capacity::Employee, Kind::Injury) => (base, share(base, 7000), 0, 0),
        (_, Kind::Pension) => {
            let base = declared.clamp(262_800, 1_680_000);
            (base, 0, share(base, 200_000), 0)
        }
        (_, Kind::Medical) => (base, 0, 21_000, 0),
        (_, _) => (base, 0, 5200, 0),
    }
}

fn days(from: Date, to: Date) -> i64 {
    i64::from(from.until(to).unwrap().get_days()).max(0)
}

fn all_lines(it: &Insurance) -> Vec<Line> {
    let office = it.office();
    let slips = slips::list(&office, None, "", 10_000).unwrap();
    slips.iter().flat_map(|slip| slips::lines(&office, &slip.number).unwrap()).collect()
}

/// What is wrong after this history; nothing, if all is well.
pub(super) fn audit(it: &mut Insurance, history: &History) -> Result<(), String> {
    let lines = all_lines(it);
    let office = it.office();
    let live: Vec<&Line> = lines.iter().filter(|line| line.state != LineState::Void).collect();
    for line in &live {
        check_line(line, history)?;
    }
    let collected: Vec<&Line> = live.iter().copied().filter(|line| line.state == LineState::Collected).collect();
    for line in &collected {
        check_collection(line, history)?;
    }
    let mut once = HashMap::new();
    for line in &live {
        if once.insert((line.relation, line.first), ()).is_some() {
            return Err(format!("{} of {} is assessed twice", line.kind, line.first));
        }
    }
    let sum = |lines: &[&Line], of: fn(&Line) -> i64| lines.iter().map(|line| of(line)).sum::<i64>();
    let credits = granted(it, &history.people)?;
    for person in &history.people {
        let own: Vec<&Line> = collected.iter().copied().filter(|line| line.person == *person).collect();
        let expected = sum(&own, |line| line.credit) + credits[person] - history.paid_from(person);
        equal("account", it.account(person), expected)?;
    }
    for kind in Kind::VARIANTS {
        let of: Vec<&Line> = collected.iter().copied().filter(|line| line.kind == *kind).collect();
        let mut expected = sum(&of, |line| line.parts.total() - line.credit + line.subsidy + line.late_fee);
        if *kind == Kind::Medical {
            expected -= credits.values().sum::<i64>();
        }
        equal("pool", it.balance(&booking::pool(*kind)), expected)?;
        let rows = office
            .store()
            .rows("SELECT amount FROM unmatched WHERE kind = $1 AND state = 'open' LIMIT 10000", values![kind])
            .unwrap();
        let open: i64 = rows.iter().map(|row| row.get::<i64>("amount").unwrap()).sum();
        equal("uncredited", it.balance(&booking::uncredited(*kind)), open)?;
    }
    equal("bank", it.balance(&booking::bank(BANK)), -history.bank_total())?;
    equal("finance", it.balance(&Account::Finance), -sum(&collected, |line| line.subsidy))?;
    let total = office
        .store()
        .find("SELECT CAST(coalesce(sum(balance), 0) AS BIGINT) AS total FROM balances", &[])
        .unwrap()
        .unwrap();
    equal("all accounts", total.get::<i64>("total").unwrap(), 0)?;
    if let Some(broken) = it.bench.centre.verify().unwrap()[0].2.clone() {
        return Err(format!("{broken} does not add up"));
    }
    for person in history.people.clone() {
        check_entitlement(it, history, &person, &live)?;
    }
    Ok(())
}

fn equal(what: &str, is: i64, expected: i64) -> Result<(), String> {
    if is == expected { Ok(()) } else { Err(format!("{what}: {is} fen instead of {expected}")) }
}

fn check_line(line: &Line, history: &History) -> Result<(), String> {
    if line.capacity == Capacity::Resident {
        return Ok(());
    }
    let month = Month::of(line.first);
    if !history.insured(line.relation, month) {
        return Err(format!("{} of {} is assessed, and was not insured", line.kind, line.first));
    }
    let declared = history.declared(&line.person, month);
    let is = (line.base, line.parts.employer, line.parts.own, line.parts.fixed);
    let (base, employer, own, fixed) = premium(line.kind, line.capacity, declared);
    // What is fixed for a flexible worker is no part that an employer's table would show.
    if is != (base, employer, own, fixed) {
        return Err(format!("{} as {} of {declared}: {is:?}", line.kind, line.capacity));
    }
    let credit = if line.kind == Kind::Medical { share(base, 20_000) } else { 0 };
    equal("credit of a line", line.credit, credit)
}

/// A collected line was paid by a row of the bank, or by an account, with the late fee of that day.
fn check_collection(line: &Line, history: &History) -> Result<(), String> {
    let day = line.collected.ok_or("a collected line without a day")?;
    if line.capacity == Capacity::Resident {
        return Ok(());
    }
    let late = share(line.parts.total() * days(line.due, day), 500);
    equal("late fee", line.late_fee, late)?;
    let paid = |row: &&Bank| {
        row.accepted
            && row.line == (line.slip.clone(), line.line)
            && row.amount == line.parts.total()
            && row.late == late
    };
    if history.bank.iter().any(|row| paid(&row)) { Ok(()) } else { Err("a line is collected that no bank paid".into()) }
}

/// What each person was given beside premiums: retired persons' sums as kept, and interest, computed day by day.
fn granted(it: &Insurance, people: &[String]) -> Result<HashMap<String, i64>, String> {
    let office = it.office();
    let mut credits: HashMap<String, i64> = people.iter().map(|person| (person.clone(), 0)).collect();
    let rows = office.store().rows("SELECT * FROM account_credits LIMIT 10000", &[]).unwrap();
    for row in rows {
        let person: String = row.get("person").unwrap();
        let amount: i64 = row.get("amount").unwrap();
        if row.get::<String>("what").unwrap() == "interest" {
            let period: Date = row.get("period").unwrap();
            equal("interest", amount, interest(it, &person, period.year()))?;
        } else {
            equal("retired sum", amount, 10_000)?;
        }
        *credits.get_mut(&person).unwrap() += amount;
    }
    Ok(credits)
}

/// A year's interest at 1.5 %, of what was there on each of its days.
fn interest(it: &Insurance, person: &str, year: i16) -> i64 {
    let rows = it
        .office()
        .store()
        .rows(
            "SELECT day, amount FROM entries JOIN postings ON postings.number = posting WHERE account = $1 LIMIT 10000",
            values![Account::Person(person.into())],
        )
        .unwrap();
    let entries: Vec<(Date, i64)> =
        rows.iter().map(|row: &Row| (row.get("day").unwrap(), row.get("amount").unwrap())).collect();
    let (mut day, end) = (Date::new(year, 1, 1).unwrap(), Date::new(year + 1, 1, 1).unwrap());
    let (mut fen_days, length) = (0, days(day, end));
    while day < end {
        fen_days += entries.iter().filter(|(since, _)| *since <= day).map(|(_, fen)| fen).sum::<i64>();
        day += 1.day();
    }
    (fen_days * 15 * 2 + 1000 * length) / (2 * 1000 * length)
}

fn check_entitlement(it: &mut Insurance, history: &History, person: &str, live: &[&Line]) -> Result<(), String> {
    let today = it.office().today();
    let late = live.iter().any(|line| {
        line.person == person && line.kind == Kind::Medical && line.state == LineState::Due && line.due < today
    });
    let expected = history.pool(person, Month::of(today), late);
    let shown = it.done("insurance.show", json!({"person": person}));
    let pool = shown["pool"].as_str().or(shown["no_pool"].as_str()).unwrap();
    if pool == expected { Ok(()) } else { Err(format!("entitlement: {pool} instead of {expected}")) }
}
