//! The commands of docs/operating.md §4, as they are written: a base backup is taken while acts are carried out, something happens that
//! nobody wants, and a moment before it is restored. The chains are whole, and what happened before is there.

use std::process::{Command, Output};

use serde_json::json;
use tempfile::TempDir;

use qiyong_centre::Place;
use qiyong_tests::centre::OfficeFile;
use qiyong_tests::manual::{self, Block, Page};
use qiyong_tests::postgres::{Care, Postgres};
use qiyong_tests::programs::{Watched, eventually};

const HEADING: &str = "4. Backups, and back to a moment";

/// The names that the page's commands use.
type Names = Vec<(&'static str, String)>;

/// Stops the restored server, wherever the test ends.
struct Restored<'a>(&'a Postgres, Names);

impl Drop for Restored<'_> {
    fn drop(&mut self) {
        let _ = as_server(self.0, "pg_ctl stop --mode immediate --pgdata \"$RESTORED\"", &self.1);
    }
}

/// Runs commands as the user of the server.
fn as_server(server: &Postgres, commands: &str, names: &Names) -> Output {
    let mut shell = server.shell();
    shell.args(["-eu", "-o", "pipefail", "-c", commands]).envs(names.iter().cloned());
    // What it leaves behind holds no pipe of ours: `--log` takes its output.
    shell.output().expect("bash")
}

fn done(output: &Output, commands: &str) -> String {
    let (said, errors) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{commands}\n{said}{errors}");
    said.into_owned()
}

fn of<'a>(blocks: &'a [Block], info: &str) -> Vec<&'a str> {
    blocks.iter().filter(|block| block.info == info).map(|block| block.text.as_str()).collect()
}

fn book(file: &mut OfficeFile, reference: &str) {
    file.act("cost.book", json!({"amount": 100, "reference": reference, "purpose": "水电"}));
}

#[test]
fn a_moment_is_restored_by_the_commands_of_the_page() {
    let page = Page::named("operating.md");
    let blocks = page.blocks(HEADING);
    let mut server = Postgres::start(Care::Durable);
    let (archive, copies, restored, keys) =
        (server.folder(), server.folder(), server.folder(), TempDir::new().expect("a folder"));
    let settings = page.text(HEADING, "conf").replace("/srv/archive", &archive.path().display().to_string());
    server.stop();
    server.configure(&settings);
    server.again();
    let key_file = keys.path().join("centre.key");
    let place = Place::new(&server.database("centre"), Some(&key_file)).expect("an address");
    let mut names: Names = vec![
        ("BACKUP", copies.path().join("base").display().to_string()),
        ("ARCHIVE", archive.path().display().to_string()),
        ("RESTORED", restored.path().join("data").display().to_string()),
        ("SOCKETS", restored.path().display().to_string()),
        ("KEYS", key_file.display().to_string()),
    ];
    let commands = of(&blocks, "sh postgres");
    let [backup, restore] = commands[..] else { panic!("two steps under postgres, not {}", commands.len()) };

    let mut file = OfficeFile::at(keys, &place);
    file.populate(50);
    book(&mut file, "before the backup");
    // Acts go on while the backup is taken.
    let taken = std::thread::scope(|scope| {
        let copy = scope.spawn(|| as_server(&server, backup, &names));
        let mut during = 0;
        while !copy.is_finished() && during < 500 {
            during += 1;
            book(&mut file, &format!("during {during}"));
        }
        done(&copy.join().expect("a backup"), backup);
        during
    });
    book(&mut file, "after the backup");
    let until = server.sql("postgres", "SELECT now()");
    names.push(("UNTIL", until.clone()));
    // A transaction after the moment, or the server would wait for one.
    book(&mut file, "not wanted");
    server.sql("centre", "DROP TABLE card_acts CASCADE");

    let guard = Restored(&server, names.clone());
    eventually("the last minute is archived", || {
        server.sql("postgres", "SELECT pg_switch_wal()");
        server.sql("postgres", "SELECT last_archived_wal IS NOT NULL FROM pg_stat_archiver") == "t"
    });
    let last = server.sql("postgres", "SELECT pg_walfile_name(pg_current_wal_lsn())");
    // The page's own command switches once more.
    eventually("what was not wanted is archived", || {
        server.sql("postgres", "SELECT pg_switch_wal()");
        server.sql("postgres", &format!("SELECT last_archived_wal >= '{last}' FROM pg_stat_archiver")) == "t"
    });
    done(&as_server(&server, restore, &names), restore);

    let [verify] = of(&blocks, "sh")[..] else { panic!("one step under the centre's user") };
    let mut bash = Command::new("bash");
    bash.args(["-eu", "-o", "pipefail", "-c", verify]).envs(names.iter().cloned()).env("PATH", manual::path());
    let said = done(&Watched::start(&mut bash).output(), verify);
    for words in [
        "the chain is whole",
        "320100: the ledger adds up",
        "keys         look at it",
        "version      well",
        "durability   well",
    ] {
        assert!(said.contains(words), "{words}: {said}");
    }
    let count = "psql --host \"$SOCKETS\" --port 5433 --no-align --tuples-only --dbname centre \\
        --command \"SELECT count(*) FROM postings WHERE reason = 'running-cost'\"";
    let there: i64 = done(&as_server(&server, count, &names), count).trim().parse().expect("a number");
    assert_eq!(there, 2 + i64::from(taken), "before, during and after the backup, and not what was not wanted");
    println!("{taken} acts while the backup was taken; {there} are there at {until}");
    drop(guard);
}
