//! A centre through PgBouncer, with the file of docs/operating.md §5.

use std::fs;
use std::os::unix::net::UnixStream;
use std::process::{Child, Stdio};

use serde_json::json;
use tempfile::TempDir;

use qiyong_centre::{Centre, Chain, Place};
use qiyong_tests::centre::OfficeFile;
use qiyong_tests::manual::Page;
use qiyong_tests::postgres::{Care, Postgres};
use qiyong_tests::programs::eventually;

/// Ends with the test.
struct Pooler(Child);

impl Drop for Pooler {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn the_centre_works_through_a_pooler_of_sessions() {
    let server = Postgres::start(Care::Hasty);
    let (folder, sockets) = (TempDir::new().expect("a folder"), server.folder());
    let address = server.database("centre");
    let host = address.split("host=").nth(1).and_then(|rest| rest.split('&').next()).expect("a host").to_owned();
    let own = sockets.path().display().to_string();
    let text = Page::named("operating.md").text("5. PgBouncer and Patroni", "ini pgbouncer");
    let text = text.replace("host=/run/postgresql", &format!("host={host}")).replace("user=qiyong", "user=postgres");
    let text = text.replace("/run/pgbouncer", &own);
    let file = sockets.path().join("pgbouncer.ini");
    fs::write(&file, text).expect("a file");
    let mut shell = server.shell();
    shell.args(["-c", "exec /usr/sbin/pgbouncer --quiet \"$1\"", "bash"]).arg(&file);
    let pooler = Pooler(shell.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("pgbouncer"));
    // Its port is part of the socket's name, in a folder of this test's own. The name is there before it listens.
    eventually("the pooler listens", || UnixStream::connect(sockets.path().join(".s.PGSQL.6432")).is_ok());
    let through = format!("postgres:///centre?host={own}&port=6432&user=postgres");
    let place = Place::new(&through, Some(&folder.path().join("centre.key"))).expect("an address");
    let mut office = OfficeFile::at(folder, &place);
    office.populate(1_000);
    office.costs();
    // A second process beside it; statements that are prepared are each session's own.
    let mut second = Centre::open_at(&place).expect("the same database");
    for at in 0..50 {
        office.act("cost.book", json!({"amount": 1, "reference": format!("{at}"), "purpose": "水电"}));
        let area = second.areas().expect("areas")[0];
        assert!(second.operator(area, "clerk").expect("the database").is_some());
    }
    let found = second.verify().expect("sound");
    assert!(found.iter().all(|(_, chain, ledger)| matches!(chain, Chain::Whole(_)) && ledger.is_none()), "{found:?}");
    second.set_clock(Box::new(qiyong_centre::clock::SystemClock));
    drop(pooler);
}
