//! A damaged file is noticed when it is opened, or at the first act, or by `verify`: pages, bytes and the end of a real file
//! with data, one damage after the other; and its key file.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use serde_json::json;

use super::rooms::steps::{Step, happen};
use super::rooms::world::World;
use super::*;
use crate::store::database::Database;
use crate::store::value::{Row, values};

/// What SQLite and the chains cannot tell from what was written: plain columns of these tables (docs/limits.md).
const PLAIN: [&str; 30] = [
    "meta",
    "leases",
    "journal",
    "reversals",
    "activations",
    "regions",
    "outlets",
    "operators",
    "tokens",
    "parameters",
    "numbers",
    "persons",
    "orders",
    "slips",
    "slip_payments",
    "relations",
    "spans",
    "bases",
    "premium_slips",
    "premium_lines",
    "resident_years",
    "collections",
    "account_credits",
    "poolings",
    "institutions",
    "agreements",
    "catalogue",
    "visits",
    "visit_lines",
    "cards",
];

/// Also plain, but looked at by identities and sums.
const CHECKED: [&str; 3] = ["settlements", "years", "transfers"];

/// Tables of which every byte is protected: by a chain, a sum, or a seal.
const PROTECTED: [&str; 5] = ["audit", "postings", "entries", "balances", "hsm_keys"];

/// A file with data in every room.
fn real_file() -> (TempDir, PathBuf) {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("centre.db");
    let mut world = World::over(Centre::create(&path, &Hsm::test_keys()).unwrap());
    for step in [
        Step::Assess,
        Step::Collect,
        Step::Buy { person: 0, count: 2 },
        Step::Stay { person: 1 },
        Step::Undo(0),
        Step::Terminal { person: 1, fen: 900 },
        Step::Terminal { person: 1, fen: 100 },
        Step::TerminalReverses(0),
        Step::PayFee,
        Step::Cost(700),
        Step::Send,
    ] {
        happen(&mut world, &step);
    }
    drop(world);
    (folder, path)
}

/// All that the tables say, by table.
fn contents(centre: &Centre) -> Result<BTreeMap<String, Vec<Row>>, CentreError> {
    let tables = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name";
    let mut all = BTreeMap::new();
    for table in centre.store.rows(tables, values![])? {
        let table: String = table.get("name")?;
        let rows = centre.store.rows(&format!("SELECT * FROM {table}"), values![])?;
        all.insert(table, rows);
    }
    Ok(all)
}

/// In which tables something is other than it was.
fn differences(is: &BTreeMap<String, Vec<Row>>, was: &BTreeMap<String, Vec<Row>>) -> BTreeSet<String> {
    let differs = |table: &&String| format!("{:?}", is.get(*table)) != format!("{:?}", was.get(*table));
    was.keys().chain(is.keys()).filter(differs).cloned().collect()
}

/// By what a damage was noticed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Noticed {
    /// When the file was opened.
    Opening,
    /// By the first act that read it, or by the seal of what is sealed.
    Act,
    /// By `verify`.
    Verify,
    /// Nothing that is read has changed.
    Harmless,
    /// By nothing: these tables say something else.
    Not(BTreeSet<String>),
}

fn said(error: &CentreError) -> Noticed {
    let text = error.to_string();
    let names = text.contains("centre.db") && text.contains("restore it from a copy");
    let is_known = error.damage().is_some() || matches!(error, CentreError::Version { .. });
    assert!(is_known && (names || matches!(error, CentreError::Version { .. })), "{text}");
    let zh = error.damage().map_or_else(|| "版".into(), Damage::zh);
    assert!(!zh.is_ascii(), "{zh}");
    Noticed::Opening
}

/// Opens the damaged file as a program does.
fn noticed(path: &Path, was: &BTreeMap<String, Vec<Row>>) -> Noticed {
    let mut centre = match Centre::open(path) {
        Ok(centre) => centre,
        Err(error) => return said(&error),
    };
    let is = match contents(&centre) {
        Ok(is) => is,
        Err(error) => {
            assert!(error.damage().is_some(), "{error}");
            return Noticed::Act;
        }
    };
    let differ = differences(&is, was);
    let found = centre.verify();
    let whole = |found: &[(Region, Chain, Option<String>)]| {
        found.iter().all(|(_, chain, wrong)| matches!(chain, Chain::Whole(_)) && wrong.is_none())
    };
    if !found.as_deref().is_ok_and(whole) {
        if let Err(error) = found {
            assert!(error.damage().is_some(), "{error}");
        }
        return Noticed::Verify;
    }
    if differ.is_empty() {
        // It works on.
        let area = Region::new("320100").unwrap();
        let operator = centre.operator(area, ADMINISTRATOR).unwrap().unwrap();
        let body = json!({"reference": "after", "purpose": "rent", "amount": 1});
        centre.carry_out(ActRequest { area, operator: &operator, act: "cost.book", body, key: None }).unwrap();
        return Noticed::Harmless;
    }
    // What is sealed shows it to whoever reads it.
    let sealed = |(is, was): (&Row, &Row)| {
        ["sealed", "shown", "answer"].iter().any(|column| {
            let (is, was) = (is.get::<Vec<u8>>(column), was.get::<Vec<u8>>(column));
            matches!((is, was), (Ok(is), Ok(was)) if is != was && centre.store.vault.unseal(&is).is_err())
        })
    };
    if differ.iter().all(|table| is[table].iter().zip(&was[table]).any(sealed)) {
        return Noticed::Act;
    }
    Noticed::Not(differ)
}

/// Damages the file in every way that `damages` gives, and counts by what each was noticed.
fn try_all(
    (path, sound, was): (&Path, &[u8], &BTreeMap<String, Vec<Row>>),
    damages: impl Iterator<Item = (String, Vec<u8>)>,
) -> BTreeMap<Noticed, u32> {
    let mut counts = BTreeMap::new();
    for (what, damaged) in damages {
        fs::write(path, &damaged).unwrap();
        let noticed = std::panic::catch_unwind(|| noticed(path, was)).unwrap_or_else(|_| panic!("{what}"));
        if let Noticed::Not(tables) = &noticed {
            let plain = |table: &String| PLAIN.contains(&table.as_str()) || CHECKED.contains(&table.as_str());
            assert!(tables.iter().all(plain), "{what}: {tables:?} say something else, and nobody notices");
        }
        *counts.entry(noticed).or_default() += 1;
    }
    fs::write(path, sound).unwrap();
    counts
}

fn print(what: &str, counts: &BTreeMap<Noticed, u32>) {
    let by = |noticed: &Noticed| counts.get(noticed).copied().unwrap_or(0);
    let not: u32 =
        counts.iter().filter(|(noticed, _)| matches!(noticed, Noticed::Not(_))).map(|(_, count)| count).sum();
    println!(
        "{what:<28} {:>5} at open, {:>3} at the act, {:>3} by verify, {:>3} harmless, {not:>3} in plain columns",
        by(&Noticed::Opening),
        by(&Noticed::Act),
        by(&Noticed::Verify),
        by(&Noticed::Harmless)
    );
}

#[test]
fn a_damaged_file_is_noticed() {
    let (_folder, path) = real_file();
    let sound = fs::read(&path).unwrap();
    let was = contents(&Centre::open(&path).unwrap()).unwrap();
    assert!(PROTECTED.iter().all(|table| !was[*table].is_empty()));
    let file = (path.as_path(), sound.as_slice(), &was);
    let pages = sound.len() / 4096;
    let page = |at: usize, with: &dyn Fn(usize) -> u8| {
        let mut damaged = sound.clone();
        (0..4096).for_each(|byte| damaged[at * 4096 + byte] = with(byte));
        damaged
    };
    println!("a file of {pages} pages:");
    let zeroed = (0..pages).map(|at| (format!("page {at} zeroed"), page(at, &|_| 0)));
    let zeroed = try_all(file, zeroed);
    print("a page of zeros", &zeroed);
    let other = |at: usize| sound[(at + 7) % pages * 4096..][..4096].to_vec();
    let swapped =
        (0..pages).step_by(3).map(|at| (format!("page {at} of elsewhere"), page(at, &|byte| other(at)[byte])));
    let swapped = try_all(file, swapped);
    print("a page of elsewhere", &swapped);
    for counts in [&zeroed, &swapped] {
        assert!(!counts.keys().any(|noticed| matches!(noticed, Noticed::Not(_))), "{counts:?}");
    }

    let lengths = [0, 1, 15, 16, 99, 100, 512, 4095, 4096, 8192, sound.len() / 2, sound.len() - 4096, sound.len() - 1];
    let cut = try_all(file, lengths.map(|length| (format!("cut to {length}"), sound[..length].to_vec())).into_iter());
    print("the end cut off", &cut);
    assert_eq!(cut, [(Noticed::Opening, 13)].into());

    let header = (0..100).map(|at| {
        let mut damaged = sound.clone();
        damaged[at] ^= 0xFF;
        (format!("byte {at} of the header"), damaged)
    });
    let header = try_all(file, header);
    print("a byte of the header", &header);
    assert!(!header.keys().any(|noticed| matches!(noticed, Noticed::Not(_))), "{header:?}");

    let places = prop::collection::vec((0..sound.len(), 0..8_u8), 400);
    let places = places.new_tree(&mut TestRunner::deterministic()).unwrap().current();
    let bits = places.into_iter().map(|(at, bit)| {
        let mut damaged = sound.clone();
        damaged[at] ^= 1 << bit;
        (format!("bit {bit} of byte {at}"), damaged)
    });
    let bits = try_all(file, bits);
    print("one bit anywhere", &bits);
    let tables: BTreeMap<_, _> = bits.iter().filter(|(noticed, _)| matches!(noticed, Noticed::Not(_))).collect();
    println!("{:28} {tables:?}", "");
}

/// The page that an operator's act reads is damaged while the program runs.
#[test]
fn an_act_over_a_damaged_file_says_so_in_both_languages() {
    let (_folder, path) = real_file();
    let mut centre = Centre::open(&path).unwrap();
    let area = Region::new("320100").unwrap();
    let operator = centre.operator(area, ADMINISTRATOR).unwrap().unwrap();
    let mut bytes = fs::read(&path).unwrap();
    // Behind the schema's pages; the counter of changes tells every program to read anew.
    bytes[40 * 4096..].fill(0xAB);
    bytes[27] = bytes[27].wrapping_add(1);
    fs::write(&path, &bytes).unwrap();
    let body = json!({"reference": "R", "purpose": "rent", "amount": 1});
    let request = ActRequest { area, operator: &operator, act: "cost.book", body, key: None };
    let refusal = centre.carry_out(request).unwrap_err();
    assert_eq!(refusal.code, "centre-damaged");
    assert!(refusal.en.contains("database is damaged") && refusal.next_en.contains("restore the database from a copy"));
    assert!(refusal.zh.contains("数据库已损坏") && refusal.next_zh.contains("备份恢复"), "{refusal:?}");
    assert!(fs::read(&path).unwrap() == bytes, "nothing is written into a damaged file");
    for error in [centre.verify().unwrap_err(), centre.look_through().unwrap_err()] {
        assert!(error.damage().is_some(), "{error}");
    }
}

/// A trigger or view that this program did not make would change or show data unseen; a missing index would be slow, a
/// changed check would let in what the program never writes.
#[test]
fn tables_indices_and_triggers_are_those_of_this_version() {
    let (_folder, path) = real_file();
    let sound = fs::read(&path).unwrap();
    for (change, name) in [
        ("CREATE TRIGGER t AFTER INSERT ON audit BEGIN DELETE FROM audit; END", "`t`"),
        ("CREATE VIEW v AS SELECT * FROM persons", "`v`"),
        ("CREATE TABLE extra (x)", "`extra`"),
        ("DROP INDEX cards_holder", "`cards_holder`"),
        ("DROP TABLE transfers", "`transfers`"),
        ("ALTER TABLE cards ADD COLUMN extra TEXT", "`cards`"),
    ] {
        rusqlite::Connection::open(&path).unwrap().execute_batch(change).unwrap();
        let text = Centre::open(&path).unwrap_err().to_string();
        assert!(text.contains("centre.db is a damaged") && text.contains(name) && text.contains("restore"), "{text}");
        fs::write(&path, &sound).unwrap();
    }
    // Statistics are SQLite's own.
    rusqlite::Connection::open(&path).unwrap().execute_batch("ANALYZE").unwrap();
    assert!(Centre::open(&path).is_ok());
    // A row whose parent is gone.
    let orphan = "PRAGMA foreign_keys = OFF; DELETE FROM visits";
    rusqlite::Connection::open(&path).unwrap().execute_batch(orphan).unwrap();
    let text = Centre::open(&path).unwrap_err().to_string();
    assert!(text.contains("a row of the table") && text.contains("belongs to another that is missing"), "{text}");
}

#[test]
fn a_key_file_that_is_not_the_right_one_is_refused_and_nothing_changes() {
    let (folder, path) = real_file();
    let (before, file) = (fs::read(&path).unwrap(), folder.path().join("centre.db.key"));
    let key = fs::read_to_string(&file).unwrap();
    let other = TempDir::new().unwrap();
    drop(new_file(&other.path().join("other.db")));
    let others = fs::read_to_string(other.path().join("other.db.key")).unwrap();
    let restore = "restore it from a copy";
    for (what, text, words) in [
        ("missing", None, "centre.db.key, which has the keys of the database beside it, cannot be read or made"),
        ("empty", Some(String::new()), "is not the file of keys"),
        ("cut off", Some(key[..63].to_owned()), "is not the file of keys"),
        ("too long", Some(format!("{key}00")), "is not the file of keys"),
        ("no hexadecimal", Some("x".repeat(64)), "is not the file of keys"),
        ("another's", Some(others), "the key file is another database's"),
        (
            "a digit",
            Some(format!("{}{}", if key.starts_with('0') { "1" } else { "0" }, &key[1..])),
            "another database's",
        ),
    ] {
        match text {
            Some(text) => fs::write(&file, text).unwrap(),
            None => fs::remove_file(&file).unwrap(),
        }
        let text = Centre::open(&path).unwrap_err().to_string();
        assert!(text.contains("centre.db") && text.contains(words) && text.contains(restore), "{what}: {text}");
        assert!(!text.contains(&key[..16]), "{what}");
        assert!(fs::read(&path).unwrap() == before, "{what}");
        fs::write(&file, &key).unwrap();
        #[cfg(unix)]
        private(&file);
    }
    #[cfg(unix)]
    for wide in [0o640, 0o604, 0o644] {
        fs::set_permissions(&file, std::os::unix::fs::PermissionsExt::from_mode(wide)).unwrap();
        let error = Centre::open(&path).unwrap_err();
        assert!(matches!(&error, CentreError::Exposed { path } if *path == file), "{error}");
        private(&file);
    }
    assert_eq!(Centre::open(&path).unwrap().verify().unwrap()[0].2, None, "put right, it opens");
}

/// A power cut between the key file's making and its writing.
#[test]
fn an_empty_key_file_of_a_database_that_is_being_made_is_filled() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("centre.db");
    let file = folder.path().join("centre.db.key");
    fs::write(&file, "").unwrap();
    drop(new_file(&path));
    assert_eq!(fs::read_to_string(&file).unwrap().len(), 64);
    assert!(Centre::open(&path).is_ok());
    // The other half: the database was not committed. It can be made with the keys that are there.
    fs::write(&path, "").unwrap();
    assert!(matches!(Centre::open(&path), Err(CentreError::DamagedFile { damage: Damage::Header, .. })));
    drop(new_file(&path));
    assert!(Centre::open(&path).is_ok());
}
