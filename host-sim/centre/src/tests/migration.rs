//! A file of version 2 becomes one of today's: everything is still there and usable, nothing personal in the clear, and a
//! failure anywhere on the way leaves the file as it was.

use std::collections::BTreeMap;

use serde_json::json;

use super::version_2::{ENDED, cards, secrets, write};
use super::*;
use crate::store::database::Database;
use crate::store::value::values;

/// Today's version.
const LAST: u32 = 17;

/// A folder with a file of version 2.
fn folder() -> (TempDir, std::path::PathBuf) {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("centre.db");
    write(&path);
    (folder, path)
}

fn contains(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

#[test]
fn everything_of_version_2_is_there_and_usable() {
    let (_folder, path) = folder();
    let before = fs::read(&path).unwrap();
    // All but some of the crowd, whose pages were let go and partly used again.
    let there = secrets().iter().filter(|secret| contains(&before, secret)).count();
    assert!(there > secrets().len() / 2, "the test looks for what was there: {there}");
    let mut centre = at_noon(Centre::open(&path).unwrap());

    let [passport, lost, second, used] = cards();
    // One person has one account, whatever its cards.
    let shared = Fen(used.account.0 + second.account.0);
    for card in
        [passport, lost, CardRecord { account: shared, ..second }, CardRecord { account: shared, ..used.clone() }]
    {
        assert_eq!(now(&centre, &card), card);
    }
    // Both are found by the ID number that nobody can read there.
    let found = card_file::with_id_number(&centre.office(used.area), used.id_number).unwrap();
    assert_eq!(found.len(), 2);
    assert_eq!((found[0].person.as_str(), &found[0].name), (found[1].person.as_str(), &used.name));
    let keys = |hsm: &Hsm| *hsm.card_keys(Algorithm::Sm4, &[1; 13], used.area).irk.expose();
    assert_eq!(keys(centre.hsm()), keys(&Hsm::test_keys()));
    let journal: Vec<_> =
        centre.journal().unwrap().iter().map(|line| (line.stan, line.total.0, line.reason, line.reversed)).collect();
    let expected = [
        (Some(Stan(1)), 3_580, None, false),
        (Some(Stan(2)), 900, None, true),
        (Some(Stan(3)), 999_999, Some(Reason::InsufficientFunds), false),
        (None, 999_999, Some(Reason::PinWrong), false),
    ];
    assert_eq!(journal, expected);
    assert_eq!(activations(&centre, &used), [(Function::Social, PHARMACY.into(), 1, false)]);

    // The terminal works on in its batch, and gets the answers that it had.
    let bought = transact(&mut centre, PHARMACY, 4, &used, &purchase(1_000));
    assert_eq!(bought, approved(false, false, 1_000, shared.0 - 1_000));
    assert_eq!(transact(&mut centre, PHARMACY, 1, &used, &purchase(3_580)), approved(true, false, 3_580, 46_420));
    let late = transact(&mut centre, PHARMACY, 3, &used, &purchase(999_999));
    assert_eq!(late, Answer::Refused(Reason::InsufficientFunds));
    assert_eq!(transact(&mut centre, PHARMACY, 2, &used, &purchase(900)), Answer::Refused(Reason::AlreadyReversed));
    assert_eq!(reverse(&mut centre, PHARMACY, 1), Answer::Done);
    assert_eq!(now(&centre, &used).account, Fen(shared.0 - 1_000 + 3_580));
    // The purchase of today keeps it in use.
    assert_eq!(now(&centre, &used).status, CardStatus::Active);
    assert_eq!(sign_in(&mut centre, PHARMACY, TILL, Token(*b"another!")), Answer::Refused(Reason::NameTaken));
    assert!(matches!(sign_in(&mut centre, ENDED, TILL, TOKEN), Answer::SignedIn { .. }));
    assert_eq!(transact(&mut centre, ENDED, 1, &used, &purchase(1)), Answer::Refused(Reason::InstitutionNotDesignated));

    // The ledger is a chain from its first posting on, though nobody founded the area; the audit begins with the first act.
    let area = used.area;
    assert_eq!(centre.verify().unwrap(), [(area, Chain::Whole(0), None)]);
    centre.found(&Founding { area, agency: "南京市社会保险管理中心".into() }).unwrap();
    let operator = centre.operator(area, ADMINISTRATOR).unwrap().unwrap();
    let body = json!({"reference": "R1", "purpose": "rent", "amount": 1});
    centre.carry_out(ActRequest { area, operator: &operator, act: "cost.book", body, key: None }).unwrap();
    assert_eq!(centre.verify().unwrap(), [(area, Chain::Whole(1), None)]);
    drop(centre);
    let again = at_noon(Centre::open(&path).unwrap());
    assert_eq!(again.verify().unwrap(), [(area, Chain::Whole(1), None)]);
}

/// What was written before today's version may have left remains on pages that nobody overwrote.
#[test]
fn nothing_personal_is_left_in_the_clear() {
    let (folder, path) = folder();
    let centre = Centre::open(&path).unwrap();
    assert_eq!(centre.store.find("SELECT value FROM meta WHERE name = 'rewrite'", values![]).unwrap().map(drop), None);
    for file in fs::read_dir(folder.path()).unwrap() {
        let file = file.unwrap().path();
        let bytes = fs::read(&file).unwrap();
        for secret in secrets() {
            assert!(!contains(&bytes, &secret), "{}: {}", file.display(), hex::encode(secret));
        }
        #[cfg(unix)]
        assert_eq!(mode(&file), 0o600, "{}", file.display());
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2, "the database and its keys");
}

/// Another program is in the file at the moment: it is opened all the same, and written anew the next time.
#[test]
fn whoever_reads_the_file_puts_its_rewriting_off() {
    let (_folder, path) = folder();
    let reader = rusqlite::Connection::open(&path).unwrap();
    // It begins to read when the migration is done, and before the file is written anew: as near as a test gets to that
    // is a file that is due once more.
    drop(Centre::open(&path).unwrap());
    reader.execute_batch("INSERT INTO meta (name, value) VALUES ('rewrite', 'due')").unwrap();
    let due = || reader.query_row("SELECT count(*) FROM meta WHERE name = 'rewrite'", [], |row| row.get::<_, i64>(0));
    assert_eq!(due(), Ok(1));
    drop(Centre::open(&path).unwrap());
    assert_eq!(due(), Ok(0));
}

/// The disk is full at each page that the file would grow by, and each step fails at its end. The file is byte for byte
/// what it was, and can be opened when there is room.
#[test]
fn a_failure_in_any_step_leaves_the_file_as_it_was() {
    let (_folder, path) = folder();
    let before = fs::read(&path).unwrap();
    let mut failed: BTreeMap<u32, u32> = BTreeMap::new();
    let mut as_before = |error: CentreError, step: Option<u32>| {
        let CentreError::Migration { version, .. } = &error else { panic!("{error}") };
        assert!(step.is_none_or(|step| step == *version), "{error}");
        let text = error.to_string();
        assert!(text.contains("centre.db cannot be brought to version") && text.contains("as it was before"), "{text}");
        *failed.entry(*version).or_default() += 1;
        assert!(fs::read(&path).unwrap() == before, "{error}");
        assert!(!path.with_file_name("centre.db-journal").exists());
    };
    let pages = i64::try_from(before.len() / 4096).unwrap();
    for most in (pages..pages + 1_000).step_by(3) {
        let full = |connection: &rusqlite::Connection| {
            connection.pragma_update_and_check(None, "max_page_count", most, |_| Ok(()))
        };
        match Store::open_prepared(&path, full) {
            Err(error) => as_before(error, None),
            Ok(_) => break,
        }
    }
    for step in 3..=LAST {
        fs::write(&path, &before).unwrap();
        let stop = format!(
            "CREATE TEMP TRIGGER stop BEFORE UPDATE ON main.meta WHEN NEW.value = '{step}'
             BEGIN SELECT RAISE(ABORT, 'stopped'); END"
        );
        as_before(Store::open_prepared(&path, |connection| connection.execute_batch(&stop)).err().unwrap(), Some(step));
    }
    println!("faults by step: {failed:?}");
    assert_eq!(failed.keys().copied().collect::<Vec<_>>(), (3..=LAST).collect::<Vec<_>>());
    let centre = Centre::open(&path).unwrap();
    assert_eq!(centre.verify().unwrap()[0].2, None);
}

#[test]
fn a_file_of_a_version_that_this_program_does_not_know_is_refused_and_left_alone() {
    let (_folder, path) = folder();
    let (next, of_next) = ((LAST + 1).to_string(), format!("of version {}, ", LAST + 1));
    let of_first = format!("of version 1, and this program reads version {LAST}");
    for (version, words) in [
        ("1", of_first.as_str()),
        ("0", "of version 0, "),
        (&next, &of_next),
        ("4294967295", "of version 4294967295, "),
        ("4294967296", "lacks schema_version; restore it"),
        ("zehn", "lacks schema_version; restore it"),
        ("", "lacks schema_version; restore it"),
    ] {
        let file = rusqlite::Connection::open(&path).unwrap();
        file.execute("UPDATE meta SET value = ? WHERE name = 'schema_version'", [version]).unwrap();
        drop(file);
        let before = fs::read(&path).unwrap();
        let text = Centre::open(&path).unwrap_err().to_string();
        assert!(text.contains("centre.db is a") && text.contains(words), "{text}");
        assert!(fs::read(&path).unwrap() == before);
    }
    assert!(!path.with_file_name("centre.db.key").exists(), "no keys are made for what is not opened");
}
