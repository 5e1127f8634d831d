//! What must hold after any history, computed from the rows themselves and from the model, not by the rooms' rules.

use std::collections::BTreeMap;

use serde_json::Value;

use super::world::World;
use crate::Chain;
use crate::store::database::Database;
use crate::store::value::{Row, values};

/// The first thing that is wrong.
pub(super) fn check(world: &World) -> Result<(), String> {
    world.wrong.first().map_or(Ok(()), |wrong| Err(wrong.clone()))?;
    double_entry(world)?;
    model(world)?;
    settlements(world)?;
    verified(world)
}

fn rows(world: &World, sql: &str) -> Vec<Row> {
    world.centre().store.rows(sql, values![]).unwrap()
}

fn text(row: &Row, column: &str) -> String {
    row.get(column).unwrap()
}

fn fen(row: &Row, column: &str) -> i64 {
    row.get(column).unwrap()
}

/// Debits equal credits, every account is the sum of its entries, no person's is below zero.
fn double_entry(world: &World) -> Result<(), String> {
    let (mut postings, mut accounts) = (BTreeMap::new(), BTreeMap::new());
    for row in rows(world, "SELECT area, posting, account, amount FROM entries") {
        *postings.entry((text(&row, "area"), fen(&row, "posting"))).or_insert(0) += fen(&row, "amount");
        *accounts.entry((text(&row, "area"), text(&row, "account"))).or_insert(0) += fen(&row, "amount");
    }
    if let Some((posting, sum)) = postings.iter().find(|(_, sum)| **sum != 0) {
        return Err(format!("double entry: the lines of {posting:?} add up to {sum}"));
    }
    let kept: BTreeMap<(String, String), i64> = rows(world, "SELECT area, account, balance FROM balances")
        .iter()
        .map(|row| ((text(row, "area"), text(row, "account")), fen(row, "balance")))
        .collect();
    if let Some((account, sum)) = accounts.iter().find(|(account, sum)| kept.get(*account) != Some(*sum)) {
        return Err(format!("double entry: the entries of {account:?} add up to {sum}"));
    }
    let below = kept.iter().find(|((_, account), fen)| account.starts_with("person:") && **fen < 0);
    match below {
        Some((account, fen)) => Err(format!("double entry: {account:?} has {fen}")),
        None if kept.len() != accounts.len() => Err("double entry: a balance without entries".into()),
        None => Ok(()),
    }
}

/// Every account has what the model says.
fn model(world: &World) -> Result<(), String> {
    let mut expected: BTreeMap<(String, String), i64> = BTreeMap::new();
    for (area, account, _, fen) in &world.books {
        *expected.entry((area.clone(), account.clone())).or_insert(0) += fen;
    }
    for row in rows(world, "SELECT area, account, balance FROM balances") {
        let account = (text(&row, "area"), text(&row, "account"));
        let must = expected.remove(&account).unwrap_or(0);
        let is = fen(&row, "balance");
        if is != must {
            return Err(format!("model: {account:?} has {is} instead of {must}"));
        }
    }
    match expected.into_iter().find(|(_, fen)| *fen != 0) {
        Some((account, must)) => Err(format!("model: {account:?} has nothing instead of {must}")),
        None => Ok(()),
    }
}

/// docs/centre.md §6.8.2, from the bytes that were answered.
fn settlements(world: &World) -> Result<(), String> {
    let mut years: BTreeMap<String, [i64; 3]> = BTreeMap::new();
    let mut known: BTreeMap<i64, Value> = BTreeMap::new();
    for row in rows(world, "SELECT * FROM settlements ORDER BY number") {
        let number = fen(&row, "number");
        let info: Value = serde_json::from_str(&text(&row, "setlinfo")).unwrap();
        let lines: Value = serde_json::from_str(&text(&row, "lines")).unwrap();
        let is = |name: &str| info[name].as_i64().unwrap_or(0);
        let sum = |list: &Value, name: &str| {
            list.as_array().unwrap().iter().map(|one| one[name].as_i64().unwrap_or(0)).sum::<i64>()
        };
        let parts = ["fulamt_ownpay_amt", "overlmt_selfpay", "preselfpay_amt", "inscp_scp_amt"];
        let funds = ["hifp_pay", "cvlserv_pay", "hifes_pay", "hifmi_pay", "hifob_pay", "maf_pay", "oth_pay"];
        let total = is("medfee_sumamt");
        let holds = [
            total == parts.iter().map(|part| is(part)).sum::<i64>(),
            total == is("fund_pay_sumamt") + is("psn_part_amt") + is("hosp_part_amt"),
            is("fund_pay_sumamt") == funds.iter().map(|fund| is(fund)).sum::<i64>(),
            is("fund_pay_sumamt") == sum(&info["setldetail"], "fund_payamt"),
            is("psn_part_amt") == is("acct_pay") + is("acct_mulaid_pay") + is("psn_cash_pay"),
            is("balc") == fen(&row, "before") - is("acct_pay"),
            total == sum(&lines, "amount") && total == fen(&row, "total"),
        ];
        if let Some(broken) = holds.iter().position(|holds| !holds) {
            return Err(format!("settlement {number}: identity {broken} is broken"));
        }
        if let Some(original) = row.get::<Option<i64>>("undoes").unwrap().and_then(|of| known.get(&of)) {
            let amounts = parts.iter().chain(&funds).chain(&["acct_pay", "psn_cash_pay", "acct_mulaid_pay"]);
            let negative = |name: &&&str| is(name) == -original[**name].as_i64().unwrap_or(0);
            if let Some(name) = amounts.into_iter().find(|name| !negative(name)) {
                return Err(format!("settlement {number}: {name} is not the negative"));
            }
        }
        known.insert(number, info.clone());
        let year = years.entry(text(&row, "person")).or_default();
        for (sum, column) in year.iter_mut().zip(["deductible", "pooled", "borne"]) {
            *sum += fen(&row, column);
        }
    }
    let mut kept: BTreeMap<String, [i64; 3]> = BTreeMap::new();
    for row in rows(world, "SELECT * FROM years") {
        let year = kept.entry(text(&row, "person")).or_default();
        for (sum, column) in year.iter_mut().zip(["deductible", "pooled", "borne"]) {
            *sum += fen(&row, column);
        }
    }
    if years == kept { Ok(()) } else { Err("settlements: the years are not their sums".into()) }
}

/// The centre itself finds nothing, and every act is on record.
pub(super) fn verified(world: &World) -> Result<(), String> {
    for (area, chain, wrong) in world.centre().verify().map_err(|error| format!("verify: {error}"))? {
        if let Some(wrong) = wrong {
            return Err(format!("verify: {area}: {wrong}"));
        }
        let must = Chain::Whole(world.records.get(area.as_str()).copied().unwrap_or(0));
        if chain != must {
            return Err(format!("verify: {area}: {chain:?} instead of {must:?}"));
        }
    }
    Ok(())
}
