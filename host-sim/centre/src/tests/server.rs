//! What is a server's alone: opening, the turns of several centres, and the failures that a connection brings. Everything else
//! of a centre is the same on both, and the other tests of this crate run on both.

use std::sync::Barrier;
use std::thread;

use qiyong_protocol::centre::iso8583::Message;

use super::*;
use crate::store::database::{Database, Engine};
use crate::store::failure::DatabaseError;
use crate::store::postgres::Postgres;
use crate::store::server::scratch::Scratch;
use crate::store::value::values;

/// An empty database with a folder for its keys.
pub(super) struct Bed {
    scratch: Scratch,
    folder: TempDir,
}

impl Bed {
    fn new() -> Self {
        let folder = TempDir::new().unwrap();
        Self { scratch: Scratch::new("template0", &folder.path().join("centre.key")), folder }
    }

    pub(super) fn place(&self) -> Place {
        Place::Server(self.scratch.server.clone())
    }

    fn create(&self) -> Centre {
        at_noon(Centre::create_at(&self.place(), &Hsm::test_keys()).unwrap())
    }

    fn open(&self) -> Centre {
        at_noon(Centre::open_at(&self.place()).unwrap())
    }

    /// A session beside the centre's.
    pub(super) fn beside(&self) -> Postgres {
        Postgres::new(self.scratch.server.clone())
    }

    fn sql(&self, script: &str) {
        self.beside().script(script).unwrap();
    }

    fn number(&self, sql: &str) -> i64 {
        self.beside().find(sql, values![]).unwrap().unwrap().get("n").unwrap()
    }
}

/// Purchases of one yuan in bytes, under the terminal's working key.
pub(super) fn purchases(keys: &Keys, card: &CardRecord, numbers: std::ops::RangeInclusive<u32>) -> Vec<Vec<u8>> {
    let institution = InstitutionCode::new(PHARMACY).unwrap();
    let (card, operation) = (presented(card), purchase(100));
    let message = |stan| {
        let body = Body::Transact { stan: Stan(stan), card: &card, operation: &operation };
        let request = Request { institution, terminal: TILL, batch: Batch(1), time: noon(), body };
        let mut buffer = [0; MESSAGE_MAX];
        keys.write(&request, Stan(9), &mut buffer).unwrap().1.to_vec()
    };
    numbers.map(message).collect()
}

/// F39 of an answer.
pub(super) fn code(answer: &Answered) -> String {
    let answer = answer.as_ref().unwrap().as_ref().unwrap();
    Message::read(answer).unwrap().field(39).unwrap().bytes.escape_ascii().to_string()
}

/// A database with a centre that knows places and a card, and the keys of the pharmacy's terminal, which has signed in.
pub(super) fn furnished(card: &CardRecord) -> (Bed, Centre, Keys) {
    let bed = Bed::new();
    let mut centre = bed.create();
    known_places(&mut centre);
    centre.add_card(card).unwrap();
    let keys = keys_of(&mut centre, PHARMACY, TILL, test_mac_key());
    (bed, centre, keys)
}

#[test]
fn a_database_is_made_opened_and_told_from_others() {
    let error = |result: Result<Centre, CentreError>| result.map(drop).unwrap_err();
    let bed = Bed::new();
    assert!(matches!(error(Centre::open_at(&bed.place())), CentreError::Missing { .. }), "no keys yet");
    let card = inactive(b"X00000019");
    let mut centre = bed.create();
    known_places(&mut centre);
    centre.add_card(&card).unwrap();
    assert_eq!(transact(&mut centre, PHARMACY, 1, &card, &purchase(100)), approved(true, false, 100, 49_900));
    drop(centre);
    let mut again = bed.open();
    assert_eq!(transact(&mut again, PHARMACY, 1, &card, &purchase(100)), approved(true, false, 100, 49_900));
    assert_eq!(again.verify().unwrap(), [(card.area, Chain::Whole(0), None)]);
    assert!(matches!(error(Centre::create_at(&bed.place(), &Hsm::test_keys())), CentreError::AlreadyACentre { .. }));

    let other = Bed::new();
    other.sql("CREATE TABLE meta (name TEXT)");
    assert!(matches!(error(Centre::create_at(&other.place(), &Hsm::test_keys())), CentreError::NotACentre { .. }));
    let keys = |bed: &Bed| bed.folder.path().join("centre.key");
    fs::copy(keys(&bed), keys(&other)).unwrap();
    assert!(matches!(error(Centre::open_at(&other.place())), CentreError::NotACentre { .. }));

    // A table that was changed, a later version, and the keys of another database.
    bed.sql("DROP INDEX cards_person");
    let text = again.look_through().unwrap_err().to_string();
    assert!(text.contains("`cards_person` is not as this program makes it"), "{text}");
    let version = bed.number("SELECT CAST(value AS BIGINT) AS n FROM meta WHERE name = 'schema_version'");
    bed.sql("UPDATE meta SET value = '99' WHERE name = 'schema_version'");
    let text = error(Centre::open_at(&bed.place())).to_string();
    assert!(text.contains("of version 99"), "{text}");
    bed.sql(&format!("UPDATE meta SET value = '{version}' WHERE name = 'schema_version'"));
    fs::write(keys(&bed), "00".repeat(32)).unwrap();
    let text = error(Centre::open_at(&bed.place())).to_string();
    assert!(text.contains("something sealed in it cannot be opened"), "{text}");
}

#[test]
fn what_a_migration_finds_stays_and_of_several_that_open_one_migrates() {
    let card = inactive(b"X00000019");
    let (bed, mut centre, _) = furnished(&card);
    transact(&mut centre, PHARMACY, 1, &card, &purchase(100));
    drop(centre);
    // As version 12 left it, the first that stood on a server.
    let back =
        "DROP TABLE terminal_keys; DROP TABLE rejections; DROP TABLE forwarded; DROP TABLE region_table; DROP INDEX activations_journal; DROP TABLE phases;
                DROP TABLE batch_findings; DROP TABLE batch_entries; DROP TABLE batch_totals; DROP TABLE batch_settlements;
                ALTER TABLE leases DROP COLUMN working; ALTER TABLE leases DROP COLUMN asked;
                ALTER TABLE leases DROP COLUMN working_ended; ALTER TABLE leases DROP COLUMN settled;
                UPDATE meta SET value = '12' WHERE name = 'schema_version'";
    bed.sql(back);
    let together = Barrier::new(4);
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                together.wait();
                let centre = bed.open();
                assert_eq!(now(&centre, &card).account, Fen(49_900));
            });
        }
    });
    let mut centre = bed.open();
    centre.look_through().unwrap();
    assert_eq!(transact(&mut centre, PHARMACY, 1, &card, &purchase(100)), approved(true, false, 100, 49_900));
    assert_eq!(transact(&mut centre, PHARMACY, 2, &card, &purchase(100)), approved(false, false, 100, 49_800));

    // A step that fails leaves everything as it was.
    bed.sql(back);
    bed.sql("CREATE VIEW terminal_keys AS SELECT 1 AS one");
    let error = Centre::open_at(&bed.place()).map(drop).unwrap_err();
    assert!(matches!(error, CentreError::Migration { version: 13, .. }), "{error}");
    assert_eq!(bed.number("SELECT CAST(value AS BIGINT) AS n FROM meta WHERE name = 'schema_version'"), 12);
}

#[test]
fn several_centres_on_one_database_charge_once() {
    let card = inactive(b"X00000019");
    let (bed, _, keys) = furnished(&card);
    let messages = purchases(&keys, &card, 1..=60);
    let together = Barrier::new(3);
    thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                let mut own = bed.open();
                together.wait();
                for batch in messages.chunks(7) {
                    for answer in own.handle_batch(batch).unwrap() {
                        assert_eq!(code(&answer), "00");
                    }
                }
            });
        }
    });
    let centre = bed.open();
    assert_eq!(now(&centre, &card).account, Fen(50_000 - 6_000));
    assert_eq!(centre.journal().unwrap().len(), 60);
    assert_eq!(centre.verify().unwrap(), [(card.area, Chain::Whole(0), None)]);
}

/// A trigger that fails so often, and then lets everything pass: sequences are not taken back.
fn failing(bed: &Bed, times: u32, how: &str) {
    bed.sql(&format!(
        "CREATE SEQUENCE IF NOT EXISTS faults; SELECT setval('faults', 1, false);
         CREATE OR REPLACE FUNCTION fail() RETURNS trigger AS $$ BEGIN
             IF nextval('faults') <= {times} THEN {how}; END IF; RETURN NULL; END $$ LANGUAGE plpgsql;
         DROP TRIGGER IF EXISTS fail ON journal;
         CREATE CONSTRAINT TRIGGER fail AFTER INSERT ON journal DEFERRABLE INITIALLY DEFERRED
             FOR EACH ROW EXECUTE FUNCTION fail()"
    ));
}

#[test]
fn what_failed_for_others_is_made_again_so_often_and_no_oftener() {
    let card = inactive(b"X00000019");
    let (bed, mut centre, keys) = furnished(&card);
    for (number, state) in [(1, "40001"), (2, "40P01")] {
        failing(&bed, 3, &format!("RAISE EXCEPTION 'others' USING ERRCODE = '{state}'"));
        let answers = centre.handle_batch(&purchases(&keys, &card, number..=number)).unwrap();
        assert_eq!(code(&answers[0]), "00", "{state}");
        // Three that failed, and the one that did not.
        assert_eq!(bed.number("SELECT last_value AS n FROM faults"), 4, "{state}");
    }
    assert_eq!(now(&centre, &card).account, Fen(49_800));

    failing(&bed, 1_000, "RAISE EXCEPTION 'others' USING ERRCODE = '40001'");
    let answers = centre.handle_batch(&purchases(&keys, &card, 3..=3)).unwrap();
    assert!(matches!(&answers[0], Err(CentreError::Store(DatabaseError::Postgres(_)))), "{answers:?}");
    // Together, then alone, each with five repetitions.
    assert_eq!(bed.number("SELECT last_value AS n FROM faults"), 12);
    failing(&bed, 1, "RAISE EXCEPTION 'a fault' USING ERRCODE = '22000'");
    // What is a fault of one message is not made again but alone.
    let answers = centre.handle_batch(&purchases(&keys, &card, 3..=4)).unwrap();
    assert_eq!(answers.iter().map(code).collect::<Vec<_>>(), ["00", "00"]);
    assert_eq!(now(&centre, &card).account, Fen(49_600));
}

#[test]
fn a_session_that_is_gone_is_made_anew_and_nothing_is_done_twice() {
    let card = inactive(b"X00000019");
    let (bed, mut centre, keys) = furnished(&card);
    let others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                  WHERE datname = current_database() AND pid <> pg_backend_pid()";
    // Between two transactions: nobody notices.
    bed.sql(others);
    let answers = centre.handle_batch(&purchases(&keys, &card, 1..=2)).unwrap();
    assert_eq!(answers.iter().map(code).collect::<Vec<_>>(), ["00", "00"]);
    bed.sql(others);
    assert_eq!(now(&centre, &card).account, Fen(49_800));

    // At the end of one: whether it was done is not known, and is found out by saying it again.
    failing(&bed, 1, "PERFORM pg_terminate_backend(pg_backend_pid())");
    let messages = purchases(&keys, &card, 3..=5);
    let lost = centre.handle_batch(&messages);
    assert!(matches!(lost, Err(CentreError::Uncertain(_))), "{lost:?}");
    for _ in 0..2 {
        let answers = centre.handle_batch(&messages).unwrap();
        assert_eq!(answers.iter().map(code).collect::<Vec<_>>(), ["00", "00", "00"]);
        assert_eq!(now(&centre, &card).account, Fen(49_500));
    }
    assert_eq!(centre.journal().unwrap().len(), 5);
    assert_eq!(centre.verify().unwrap(), [(card.area, Chain::Whole(0), None)]);
}

#[test]
fn whose_turn_does_not_come_has_done_nothing_and_goes_on_when_it_does() {
    let card = inactive(b"X00000019");
    let (bed, mut centre, keys) = furnished(&card);
    let holder = bed.beside();
    holder.begin().unwrap();
    let messages = purchases(&keys, &card, 1..=3);
    thread::scope(|scope| {
        let waiting = scope.spawn(|| centre.handle_batch(&messages));
        // What ends a wait is the server's lock_timeout; here somebody does not wait for that.
        let end_it = "SELECT count(pg_cancel_backend(pid)) AS n FROM pg_stat_activity
                      WHERE datname = current_database() AND wait_event = 'advisory'";
        while bed.number(end_it) == 0 {
            thread::yield_now();
        }
        let ended = waiting.join().unwrap();
        assert!(matches!(ended, Err(CentreError::NoTurn(_))), "{ended:?}");
    });
    holder.roll_back();
    let answers = centre.handle_batch(&messages).unwrap();
    assert_eq!(answers.iter().map(code).collect::<Vec<_>>(), ["00", "00", "00"]);
    assert_eq!(now(&centre, &card).account, Fen(49_700));
}

#[test]
fn a_server_that_is_not_there_is_named_without_a_password() {
    let folder = TempDir::new().unwrap();
    let keys = folder.path().join("centre.key");
    let address = format!("postgres://anna:secret@localhost/x?host={}", folder.path().display());
    let place = Place::new(&address, Some(&keys)).unwrap();
    let error = Centre::create_at(&place, &Hsm::test_keys()).map(drop).unwrap_err();
    assert!(matches!(error, CentreError::Unreachable { .. }), "{error:?}");
    let text = format!("{error} {error:?}");
    assert!(text.contains("cannot be reached") && !text.contains("secret"), "{text}");
}

#[test]
fn the_order_of_texts_and_the_rest_of_the_rows_are_those_of_a_file() {
    let bed = Bed::new();
    let engine = bed.beside();
    engine.script("CREATE TABLE t (word TEXT NOT NULL, number INTEGER, bytes BLOB) STRICT;").unwrap();
    for word in ["b", "B", "a", "ä", "张", "A1", "A"] {
        let row = values![word, i64::MAX, [0_u8, 255]];
        assert_eq!(engine.execute("INSERT INTO t (word, number, bytes) VALUES ($1, $2, $3)", row).unwrap(), 1);
    }
    let rows = engine.rows("SELECT word, number, bytes, number > 0 AS yes FROM t ORDER BY word", values![]).unwrap();
    let words: Vec<String> = rows.iter().map(|row| row.get("word").unwrap()).collect();
    assert_eq!(words, ["A", "A1", "B", "a", "b", "ä", "张"]);
    assert_eq!(rows[0].get::<i64>("number").unwrap(), i64::MAX);
    assert_eq!(rows[0].get::<[u8; 2]>("bytes").unwrap(), [0, 255]);
    assert!(rows[0].get::<bool>("yes").unwrap());
    // A value of another type is an error and not another value.
    assert!(engine.execute("INSERT INTO t (word) VALUES ($1)", values![7_i64]).is_err());
    assert!(engine.execute("INSERT INTO t (word, number) VALUES ('x', $1)", values!["7"]).is_err());
}
