//! The doctor at a PostgreSQL server with a standby: nothing is found where there is nothing, and each deliberate fault is. Faults of a
//! file are in the centre's own tests. (docs/operating.md §3, docs/centre.md §20)

use std::fs::{self, Permissions};
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use tempfile::TempDir;

use qiyong_centre::doctor::{Around, Check, Finding, Verdict, examine};
use qiyong_centre::hsm::Hsm;
use qiyong_centre::{Centre, Founding, Place};
use qiyong_protocol::card::codes::Region;
use qiyong_tests::closing::closing_line;
use qiyong_tests::postgres::{Care, Postgres};
use qiyong_tests::programs::eventually;
use qiyong_tests::qiyong;

/// A centre at a server that archives its log, and a standby that follows at once.
struct Ward {
    server: Postgres,
    standby: Postgres,
    folder: TempDir,
}

impl Ward {
    fn new() -> Self {
        let mut server = Postgres::start(Care::Durable);
        server.stop();
        server.configure("archive_mode = on\narchive_command = 'true'\n");
        server.again();
        server.database("centre");
        let folder = TempDir::new().unwrap();
        let standby = server.standby("second");
        let ward = Self { server, standby, folder };
        let mut centre = Centre::create_at(&ward.place(), &Hsm::random().unwrap()).unwrap();
        centre.found(&Founding { area: Region::new("320100").unwrap(), agency: "南京".into() }).unwrap();
        let operator = centre.operator(Region::new("320100").unwrap(), qiyong_centre::ADMINISTRATOR).unwrap().unwrap();
        let request = qiyong_centre::ActRequest {
            area: Region::new("320100").unwrap(),
            operator: &operator,
            act: "cost.book",
            body: serde_json::json!({"amount": 100, "reference": "1", "purpose": "水电"}),
            key: None,
        };
        centre.carry_out(request).unwrap();
        ward.set("synchronous_standby_names", "second");
        eventually("the standby is synchronous", || {
            ward.sql("SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'sync'") == "1"
        });
        ward
    }

    fn place(&self) -> Place {
        self.place_at(&self.server.address("centre"))
    }

    fn place_at(&self, address: &str) -> Place {
        Place::new(address, Some(&self.folder.path().join("centre.key"))).unwrap()
    }

    fn sql(&self, statements: &str) -> String {
        self.server.sql("centre", statements)
    }

    /// Sets what needs no restart, and waits until it holds.
    fn set(&self, name: &str, value: &str) {
        // Without waiting for a standby that is not there.
        self.sql(&format!("ALTER SYSTEM SET {name} = '{value}'"));
        self.sql("SELECT pg_reload_conf()");
        eventually(name, || self.sql(&format!("SHOW {name}")) == value);
    }

    /// A session that carries this out and stays; it ends with its process.
    fn session(&self, statements: &str) -> Session {
        let mut psql = self.server.client("psql");
        let mut child = psql.args(["-X", "-q", "centre"]).stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
        child.stdin.as_mut().unwrap().write_all(format!("{statements}\n").as_bytes()).unwrap();
        Session(child)
    }
}

struct Session(Child);

impl Drop for Session {
    fn drop(&mut self) {
        drop(self.0.stdin.take());
        let _ = self.0.wait();
    }
}

fn around() -> Around {
    Around { quick: true, standbys: 1, ..Around::default() }
}

/// A fault: what is done, what undoes it, what must be found.
struct Fault {
    name: &'static str,
    make: fn(&mut Ward, &mut Around) -> Option<Session>,
    mend: fn(&mut Ward),
    check: Check,
    verdict: Verdict,
}

const fn fault(
    name: &'static str,
    make: fn(&mut Ward, &mut Around) -> Option<Session>,
    mend: fn(&mut Ward),
    check: Check,
    verdict: Verdict,
) -> Fault {
    Fault { name, make, mend, check, verdict }
}

/// Undone with the session, or with what is around.
const fn nothing(_: &mut Ward) {}

fn key_mode(ward: &Ward, mode: u32) {
    fs::set_permissions(ward.folder.path().join("centre.key"), Permissions::from_mode(mode)).unwrap();
}

const BALLAST: &str = "CREATE TABLE ballast AS SELECT repeat('x', 1000) AS x FROM generate_series(1, 40000)";

const FAULTS: &[Fault] = &[
    fault(
        "this machine's clock is 90 s ahead",
        |_, around| {
            around.now = || Timestamp::now() + SignedDuration::from_secs(90);
            None
        },
        nothing,
        Check::Clock,
        Verdict::Wrong,
    ),
    fault(
        "this machine's clock is 5 s behind",
        |_, around| {
            around.now = || Timestamp::now() - SignedDuration::from_secs(5);
            None
        },
        nothing,
        Check::Clock,
        Verdict::Look,
    ),
    fault(
        "others may read the key file (0644)",
        |ward, _| {
            key_mode(ward, 0o644);
            None
        },
        |ward| key_mode(ward, 0o600),
        Check::Keys,
        Verdict::Wrong,
    ),
    fault(
        "the version was changed",
        |ward, _| {
            ward.sql("UPDATE meta SET value = value || '9' WHERE name = 'schema_version'");
            None
        },
        |ward| {
            ward.sql("UPDATE meta SET value = left(value, -1) WHERE name = 'schema_version'");
        },
        Check::Version,
        Verdict::Wrong,
    ),
    fault(
        "a table was added",
        |ward, _| {
            ward.sql("CREATE TABLE another (x int)");
            None
        },
        |ward| {
            ward.sql("DROP TABLE another");
        },
        Check::Tables,
        Verdict::Wrong,
    ),
    fault(
        "an audit record was changed by an UPDATE",
        |ward, around| {
            around.quick = false;
            ward.sql("UPDATE audit SET act = act || 'x' WHERE number = 1");
            None
        },
        |ward| {
            ward.sql("UPDATE audit SET act = left(act, -1) WHERE number = 1");
        },
        Check::Chain,
        Verdict::Wrong,
    ),
    fault(
        "fsync is off",
        |ward, _| {
            ward.set("fsync", "off");
            None
        },
        |ward| ward.set("fsync", "on"),
        Check::Durability,
        Verdict::Wrong,
    ),
    fault(
        "full_page_writes is off",
        |ward, _| {
            ward.set("full_page_writes", "off");
            None
        },
        |ward| ward.set("full_page_writes", "on"),
        Check::Durability,
        Verdict::Wrong,
    ),
    fault(
        "synchronous_commit is off",
        |ward, _| {
            ward.set("synchronous_commit", "off");
            None
        },
        |ward| ward.set("synchronous_commit", "on"),
        Check::Durability,
        Verdict::Look,
    ),
    fault(
        "synchronous_commit does not wait for the standby's disk",
        |ward, _| {
            ward.set("synchronous_commit", "remote_write");
            None
        },
        |ward| ward.set("synchronous_commit", "on"),
        Check::Durability,
        Verdict::Look,
    ),
    fault(
        "the synchronous standby is called otherwise",
        |ward, _| {
            ward.set("synchronous_standby_names", "nobody");
            None
        },
        |ward| ward.set("synchronous_standby_names", "second"),
        Check::Copies,
        Verdict::Wrong,
    ),
    fault(
        "the standby stands still, 40 MB behind",
        |ward, _| {
            ward.standby.sql("centre", "SELECT pg_wal_replay_pause()");
            ward.sql(BALLAST);
            None
        },
        |ward| {
            ward.standby.sql("centre", "SELECT pg_wal_replay_resume()");
            ward.sql("DROP TABLE ballast");
        },
        Check::Copies,
        Verdict::Look,
    ),
    fault(
        "two standbys must be there, and one is",
        |_, around| {
            around.standbys = 2;
            None
        },
        nothing,
        Check::Copies,
        Verdict::Wrong,
    ),
    fault(
        "nobody reads a replication slot",
        |ward, _| {
            ward.sql("SELECT pg_create_physical_replication_slot('gone', true)");
            None
        },
        |ward| {
            ward.sql("SELECT pg_drop_replication_slot('gone')");
        },
        Check::Space,
        Verdict::Look,
    ),
    fault(
        "the log cannot be archived",
        |ward, _| {
            ward.set("archive_command", "false");
            ward.sql("CREATE TABLE x (x int); DROP TABLE x");
            ward.sql("SELECT pg_switch_wal()");
            None
        },
        |ward| ward.set("archive_command", "true"),
        Check::Archive,
        Verdict::Wrong,
    ),
    fault(
        "a session has the writers' turn and does nothing",
        |ward, around| {
            around.patience = Duration::ZERO;
            Some(ward.session("BEGIN; SELECT pg_advisory_xact_lock(1364804419);"))
        },
        nothing,
        Check::Turns,
        Verdict::Wrong,
    ),
    fault(
        "a transaction stays open",
        |ward, around| {
            around.patience = Duration::ZERO;
            Some(ward.session("BEGIN; SELECT count(*) FROM cards;"))
        },
        nothing,
        Check::Turns,
        Verdict::Look,
    ),
    fault(
        "a column is in a language's order",
        |ward, _| {
            ward.sql("ALTER TABLE persons ALTER COLUMN since TYPE text COLLATE \"default\"");
            None
        },
        |ward| {
            ward.sql("ALTER TABLE persons ALTER COLUMN since TYPE text COLLATE \"C\"");
        },
        Check::Text,
        Verdict::Wrong,
    ),
];

fn found(all: &[Finding], check: Check, verdict: Verdict) -> Option<&Finding> {
    all.iter().find(|finding| finding.check == check && finding.verdict == verdict)
}

/// What the program says of a place: its exit status, and the findings.
fn program(ward: &Ward, address: &str, more: &[&str]) -> (Option<i32>, Vec<Value>) {
    let keys = ward.folder.path().join("centre.key");
    let mut command = Command::new(qiyong());
    command.args(["centre", "doctor", "--json", "--db", address, "--keys"]).arg(keys).args(more);
    let output = command.output().unwrap();
    (output.status.code(), serde_json::from_slice(&output.stdout).unwrap_or_default())
}

#[test]
fn each_fault_of_a_server_is_found_and_a_sound_one_with_its_standby_is_well() {
    let mut ward = Ward::new();
    let address = ward.server.address("centre");
    let mut said = (None, Vec::new());
    // The archive's first segment is on its way.
    eventually("all is well", || {
        said = program(&ward, &address, &["--standbys", "1"]);
        said.0 == Some(0)
    });
    for finding in &said.1 {
        println!("{:<11} {}", finding["check"].as_str().unwrap(), finding["en"].as_str().unwrap());
    }
    let copies = said.1.iter().find(|finding| finding["check"] == "copies").unwrap();
    let lag = copies["en"].as_str().unwrap();
    assert!(lag.starts_with("standby second (sync, streaming) is ") && lag.ends_with(" ms behind"), "{lag}");
    assert_eq!(said.1.iter().filter(|finding| finding["check"] == "chain").count(), 1, "{:?}", said.1);

    println!("\n{:<56} {:<11} {:<6} said", "fault", "check", "found");
    for fault in FAULTS {
        let mut around = around();
        let session = (fault.make)(&mut ward, &mut around);
        let mut all = Vec::new();
        // Some reach the server a moment later.
        eventually(fault.name, || {
            all = examine(&ward.place(), &around).unwrap();
            found(&all, fault.check, fault.verdict).is_some()
        });
        let finding = found(&all, fault.check, fault.verdict).unwrap();
        println!("{:<56} {:<11} {:<6} {}", fault.name, fault.check, fault.verdict, finding.en);
        assert!(!finding.next_en.is_empty() && !finding.next_zh.is_empty(), "{} has no way out", fault.name);
        drop(session);
        (fault.mend)(&mut ward);
        eventually("it is well again", || {
            let all = examine(&ward.place(), &self::around()).unwrap();
            all.iter().all(|finding| finding.verdict == Verdict::Well || finding.check == Check::Archive)
        });
    }
    closing_line(&format!("faults of a PostgreSQL server found by the doctor: {0} of {0}", FAULTS.len()));
    others(&mut ward);
}

/// A standby, a database of another encoding, a user who may see little, and what cannot be examined.
fn others(ward: &mut Ward) {
    let at_standby = examine(&ward.place_at(&ward.standby.address("centre")), &around()).unwrap();
    let copies = found(&at_standby, Check::Copies, Verdict::Look).unwrap();
    assert!(copies.en.starts_with("this server is a standby"), "{copies:?}");

    ward.server.sql("postgres", "CREATE ROLE plain LOGIN");
    ward.sql("GRANT SELECT ON ALL TABLES IN SCHEMA public TO plain");
    let plain = ward.server.address("centre").replace("user=postgres", "user=plain");
    let all = examine(&ward.place_at(&plain), &around()).unwrap();
    let copies = found(&all, Check::Copies, Verdict::Look).unwrap();
    assert!(copies.next_en.contains("pg_monitor"), "{copies:?}");

    let template = "CREATE DATABASE ascii ENCODING 'SQL_ASCII' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0";
    ward.server.sql("postgres", template);
    let ascii = Place::new(&ward.server.address("ascii"), Some(&ward.folder.path().join("ascii.key"))).unwrap();
    Centre::create_at(&ascii, &Hsm::random().unwrap()).unwrap();
    let all = examine(&ascii, &around()).unwrap();
    assert!(found(&all, Check::Text, Verdict::Wrong).is_some(), "{all:?}");

    ward.server.database("empty");
    assert_eq!(program(ward, &ward.server.address("empty"), &[]).0, Some(2), "no centre");
    let (status, _) = program(ward, &ward.server.address("centre"), &["--standbys", "2", "--quick"]);
    assert_eq!(status, Some(1), "one standby is missing");
    ward.standby.stop();
    ward.server.stop();
    ward.server.configure("archive_mode = off\n");
    ward.server.again();
    let all = examine(&ward.place(), &around()).unwrap();
    assert!(found(&all, Check::Archive, Verdict::Look).is_some(), "{all:?}");
    assert!(found(&all, Check::Copies, Verdict::Wrong).is_some(), "nobody follows: {all:?}");
    ward.server.stop();
    assert_eq!(program(ward, &ward.server.address("centre"), &[]).0, Some(2), "nobody answers");
}
