//! The doctor finds each deliberate fault, and nothing where there is none. Of a file here; of a server in
//! `tests/tests/centre_doctor.rs`.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use rusqlite::Connection;
use tempfile::TempDir;

use super::*;
use crate::hsm::Hsm;
use crate::store::vault::Vault;
use crate::tests::closing::closing_line;
use crate::{Centre, Founding};
use qiyong_protocol::card::codes::Region;

fn around() -> Around {
    // Half a hundredth of a large disk, and room enough.
    let space = |_: &Path| Some(Space { free: 5 << 30, all: 1 << 40 });
    Around { space, patience: Duration::ZERO, ..Around::default() }
}

/// A centre with keys of its own, in a file.
fn centre() -> (TempDir, Place) {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("centre.db");
    let mut centre = Centre::create(&path, &Hsm::random().unwrap()).unwrap();
    centre.found(&Founding { area: Region::new("320100").unwrap(), agency: "南京".into() }).unwrap();
    let operator = centre.operator(Region::new("320100").unwrap(), crate::ADMINISTRATOR).unwrap().unwrap();
    let request = crate::ActRequest {
        area: Region::new("320100").unwrap(),
        operator: &operator,
        act: "cost.book",
        body: serde_json::json!({"amount": 100, "reference": "1", "purpose": "水电"}),
        key: None,
    };
    centre.carry_out(request).unwrap();
    (folder, Place::File(path))
}

fn sql(place: &Place, change: &str) {
    let Place::File(path) = place else { panic!("a file") };
    Connection::open(path).unwrap().execute_batch(change).unwrap();
}

fn mode(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

/// What is done to the file, or to what is around it; what must be found.
type Fault = (&'static str, fn(&Place, &mut Around), Check, Verdict);

const FAULTS: &[Fault] = &[
    (
        "this machine's clock was set back by a day",
        |_, around| around.now = || Timestamp::now() - SignedDuration::from_hours(24),
        Check::Clock,
        Verdict::Wrong,
    ),
    (
        "the clock is a test clock, and stands",
        |place, _| sql(place, "INSERT INTO meta (name, value) VALUES ('clock', '2999-01-01T00:00:00')"),
        Check::Clock,
        Verdict::Look,
    ),
    ("others may read the key file (0644)", |place, _| mode(&place.keys(), 0o644), Check::Keys, Verdict::Wrong),
    (
        "others may write the database (0620)",
        |place, _| {
            let Place::File(path) = place else { return };
            mode(path, 0o620);
        },
        Check::Keys,
        Verdict::Wrong,
    ),
    ("the key file is missing", |place, _| fs::remove_file(place.keys()).unwrap(), Check::Keys, Verdict::Wrong),
    (
        "the key file is another database's",
        |place, _| fs::write(place.keys(), "ab".repeat(32)).unwrap(),
        Check::Keys,
        Verdict::Wrong,
    ),
    (
        "the key file holds something else",
        |place, _| fs::write(place.keys(), "no key").unwrap(),
        Check::Keys,
        Verdict::Wrong,
    ),
    (
        "the database is of the version before",
        |place, _| {
            let before = crate::store::look::today() - 1;
            sql(place, &format!("UPDATE meta SET value = '{before}' WHERE name = 'schema_version'"));
        },
        Check::Version,
        Verdict::Look,
    ),
    (
        "the database is of a later version",
        |place, _| sql(place, "UPDATE meta SET value = '999' WHERE name = 'schema_version'"),
        Check::Version,
        Verdict::Wrong,
    ),
    ("an index was dropped", |place, _| sql(place, "DROP INDEX cards_person"), Check::Tables, Verdict::Wrong),
    (
        "a row belongs to nobody",
        |place, _| {
            sql(
                place,
                "PRAGMA foreign_keys = OFF; INSERT INTO entries (area, posting, account, amount) VALUES ('x', 9, 'y', 1)",
            );
        },
        Check::Tables,
        Verdict::Wrong,
    ),
    (
        "an audit record was changed by an UPDATE",
        |place, _| sql(place, "UPDATE audit SET operator = 'nobody' WHERE number = 1"),
        Check::Chain,
        Verdict::Wrong,
    ),
    (
        "a posting was changed by an UPDATE",
        |place, _| sql(place, "UPDATE entries SET amount = amount * 2"),
        Check::Chain,
        Verdict::Wrong,
    ),
    (
        "the disk is nearly full",
        |_, around| around.space = |_| Some(Space { free: 1 << 20, all: 100 << 30 }),
        Check::Space,
        Verdict::Wrong,
    ),
    (
        "a large disk has 3 GiB left",
        |_, around| around.space = |_| Some(Space { free: 3 << 30, all: 100 << 30 }),
        Check::Space,
        Verdict::Look,
    ),
    (
        "a small disk has 5 % left",
        |_, around| around.space = |_| Some(Space { free: 1 << 29, all: 10 << 30 }),
        Check::Space,
        Verdict::Look,
    ),
];

#[test]
fn each_fault_of_a_file_is_found_and_a_sound_one_is_well() {
    let (_folder, place) = centre();
    for finding in examine(&place, &around()).unwrap() {
        assert_eq!(finding.verdict, Verdict::Well, "{finding:?}");
        assert!(!finding.en.is_empty() && !finding.zh.is_empty());
    }
    println!("{:<46} {:<11} {:<6} said", "fault", "check", "found");
    for (name, break_it, check, verdict) in FAULTS {
        let (_folder, place) = centre();
        let mut around = around();
        break_it(&place, &mut around);
        let found = examine(&place, &around).unwrap();
        let convicts = found.iter().find(|finding| finding.check == *check && finding.verdict == *verdict);
        let said = convicts.map_or_else(|| format!("NOT FOUND: {found:#?}"), |finding| finding.en.clone());
        println!("{name:<46} {check:<11} {verdict:<6} {said}");
        let finding = convicts.unwrap_or_else(|| panic!("{name}: {found:#?}"));
        assert!(!finding.next_en.is_empty() && !finding.next_zh.is_empty(), "{name} has no way out");
    }
    closing_line(&format!("faults of a file found by the doctor: {0} of {0}", FAULTS.len()));
}

/// What cannot be left in a file: settings of a connection, and a lock of another program.
#[test]
fn what_a_connection_does_is_found() {
    let (_folder, place) = centre();
    let around = around();
    let durability = |change: &str| {
        let patient = Patient::admit(&place, &around).unwrap();
        patient.rows(change).unwrap();
        let all = patient.examine();
        all.iter().find(|finding| finding.check == Check::Durability).unwrap().verdict
    };
    assert_eq!(durability("PRAGMA synchronous = OFF"), Verdict::Wrong);
    assert_eq!(durability("PRAGMA synchronous = NORMAL"), Verdict::Look);
    assert_eq!(durability("PRAGMA journal_mode = MEMORY"), Verdict::Wrong);
    assert_eq!(durability("PRAGMA synchronous"), Verdict::Well);

    let Place::File(path) = &place else { panic!("a file") };
    let other = Connection::open(path).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let found = examine(&place, &around).unwrap();
    let turns = found.iter().find(|finding| finding.check == Check::Turns).unwrap();
    assert_eq!(turns.verdict, Verdict::Wrong, "{turns:?}");
}

/// `--quick` follows no chain; nothing that is examined is changed; and what is no centre is no patient.
#[test]
fn it_looks_and_changes_nothing() {
    let (folder, place) = centre();
    let Place::File(path) = &place else { panic!("a file") };
    let before = fs::read(path).unwrap();
    let quick = examine(&place, &Around { quick: true, ..around() }).unwrap();
    assert!(quick.iter().all(|finding| finding.check != Check::Chain), "{quick:?}");
    assert_eq!(fs::read(path).unwrap(), before, "the file was changed");
    let old = crate::store::look::today() - 1;
    sql(&place, &format!("UPDATE meta SET value = '{old}' WHERE name = 'schema_version'"));
    examine(&place, &around()).unwrap();
    let patient = Patient::admit(&place, &around()).map(|patient| patient.found.version);
    assert_eq!(patient.unwrap(), old.to_string(), "it was brought to another version");

    let missing = Place::File(folder.path().join("missing.db"));
    assert!(matches!(examine(&missing, &around()), Err(CentreError::Missing { .. })));
    let other = folder.path().join("other.db");
    Connection::open(&other).unwrap().execute_batch("CREATE TABLE t (x)").unwrap();
    assert!(matches!(examine(&Place::File(other), &around()), Err(CentreError::NotACentre { .. })));
    let text = folder.path().join("text.db");
    fs::write(&text, "nothing of a database".repeat(100)).unwrap();
    assert!(matches!(examine(&Place::File(text), &around()), Err(CentreError::NotACentre { .. })));
}

/// Nothing secret is in what it says.
#[test]
fn it_says_no_secret() {
    let (_folder, place) = centre();
    let Place::File(path) = &place else { panic!("a file") };
    let secret = fs::read_to_string(Vault::path(path)).unwrap();
    let said = format!("{:?}", examine(&place, &around()).unwrap());
    assert!(!said.contains(secret.trim()));
}
