//! One flipped byte in any column of any row of the audit and the ledger: `verify` names the first link that is broken.

use std::collections::BTreeMap;

use proptest::prelude::*;
use proptest::test_runner::TestRunner;

use super::eventful;
use super::steps::happen;
use super::world::World;
use crate::store::database::Database;
use crate::store::value::{Value, values};
use crate::{CentreError, Chain, Damage};

/// The protected tables, and the column that says which link of the chain a row is.
const TABLES: [(&str, &str); 4] =
    [("audit", "number"), ("postings", "number"), ("entries", "posting"), ("balances", "account")];

/// A value with one bit of one byte flipped; nothing if it has no bytes.
fn flipped(value: &Value, at: usize, bit: u8) -> Option<Value> {
    let flip = |bytes: &[u8]| {
        let mut bytes = bytes.to_vec();
        let length = bytes.len();
        *bytes.get_mut(at.checked_rem(length)?)? ^= 1 << bit;
        Some(bytes)
    };
    Some(match value {
        Value::Null => return None,
        Value::Int(number) => Value::Int(i64::from_be_bytes(flip(&number.to_be_bytes())?.try_into().ok()?)),
        // Text that is none any more goes in as SQLite keeps it.
        Value::Text(text) => Value::Bytes(flip(text.as_bytes())?),
        Value::Bytes(bytes) => Value::Bytes(flip(bytes)?),
    })
}

/// The names of the first broken links, as `verify` gives them.
fn found(world: &World) -> Vec<String> {
    match world.centre().verify() {
        Ok(areas) => areas
            .into_iter()
            .flat_map(|(_, chain, wrong)| {
                let broken = match chain {
                    Chain::Broken(record) => Some(format!("record {record}")),
                    Chain::Whole(_) => None,
                };
                broken.into_iter().chain(wrong)
            })
            .collect(),
        // An area that is none.
        Err(CentreError::Damaged(Damage::Column(column))) => vec![format!("column {column}")],
        Err(error) => panic!("{error}"),
    }
}

/// The rows of a table, by their place in it.
fn places(world: &World, table: &str) -> Vec<i64> {
    let rows = world.centre().store.rows(&format!("SELECT rowid AS place FROM {table}"), values![]).unwrap();
    rows.iter().map(|row| row.get("place").unwrap()).collect()
}

fn columns(world: &World, table: &str) -> Vec<String> {
    let sql = format!("SELECT name FROM pragma_table_info('{table}')");
    world.centre().store.rows(&sql, values![]).unwrap().iter().map(|row| row.get("name").unwrap()).collect()
}

#[test]
fn one_flipped_byte_is_found_and_named() {
    let mut world = World::new();
    eventful().iter().for_each(|step| happen(&mut world, step));
    let store = &world.centre().store;
    // Whoever edits the file is not bound by what its tables refer to.
    store.rows("PRAGMA foreign_keys = OFF", &[]).unwrap();
    let tables: Vec<_> = TABLES
        .iter()
        .flat_map(|(table, link)| columns(&world, table).into_iter().map(move |column| (*table, *link, column)))
        .collect();
    let rows: BTreeMap<&str, Vec<i64>> = TABLES.map(|(table, _)| (table, places(&world, table))).into();
    let (mut named, mut refused) = (0, 0);
    let mut flip = |(table, link, column): &(&str, &str, String), row: usize, at: usize, bit: u8| {
        let of = &rows[table];
        let place = of[row % of.len()];
        let read = |column: &str| {
            let text = format!("SELECT {column} AS value, typeof({column}) AS kind FROM {table} WHERE rowid = $1");
            let row = store.find(&text, values![place]).unwrap().unwrap();
            (row.get::<Option<Raw>>("value").unwrap().unwrap().0, row.get::<String>("kind").unwrap())
        };
        let (before, kind) = read(column);
        let name = read(link).0;
        let Some(after) = flipped(&before, at, bit) else { return Ok(()) };
        let cast = if kind == "text" { "CAST($1 AS TEXT)" } else { "$1" };
        let change = format!("UPDATE {table} SET {column} = {cast} WHERE rowid = $2");
        if store.execute(&change, &[after.clone(), Value::Int(place)]).is_err() {
            // Another row has this key, or zero is no amount.
            refused += 1;
            return Ok(());
        }
        let found = found(&world);
        store.execute(&change, &[before.clone(), Value::Int(place)]).unwrap();
        let word = match *table {
            "audit" => "record ",
            "balances" => "",
            _ => "posting ",
        };
        let text = |value: &Value| match value {
            Value::Int(number) => format!("{word}{number}"),
            Value::Text(text) => text.clone(),
            Value::Bytes(bytes) => String::from_utf8(bytes.clone()).unwrap_or_else(|_| "an account".into()),
            Value::Null => String::new(),
        };
        // A row that became another's is missed where it was, or found where it is, whichever comes first; in an area of
        // its own it is a chain that does not begin at 1.
        let names = match column.as_str() {
            "area" => vec![text(&name), format!("{word}1"), "column area".into()],
            column if column == *link => vec![text(&name), text(&after)],
            _ => vec![text(&name)],
        };
        named += 1;
        let named = found.iter().any(|found| names.contains(found));
        if named { Ok(()) } else { Err(format!("{table}.{column}, row {place}: {found:?} instead of {names:?}")) }
    };
    // Every column of the first, a middle and the last row, and then any bit of any byte.
    for table in &tables {
        let last = rows[table.0].len() - 1;
        for row in [0, last / 2, last] {
            flip(table, row, 0, 0).unwrap_or_else(|wrong| panic!("{wrong}"));
        }
    }
    let any = (0..tables.len(), any::<usize>(), any::<usize>(), 0..8_u8);
    let config = ProptestConfig { failure_persistence: None, ..ProptestConfig::default() };
    let flip = std::cell::RefCell::new(&mut flip);
    TestRunner::new(config)
        .run(&any, |(table, row, at, bit)| {
            (flip.borrow_mut())(&tables[table], row, at, bit).map_err(TestCaseError::fail)
        })
        .unwrap();
    println!("flipped bytes: {named} found and named, {refused} refused by the database itself");
    assert_eq!(found(&world), Vec::<String>::new(), "all is as it was");
}

/// A value as it stands.
struct Raw(Value);

impl crate::store::value::FromValue for Raw {
    fn from_value(value: Value) -> Option<Self> {
        Some(Self(value))
    }
}
