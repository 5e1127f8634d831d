//! A copy of a centre's database that is made while terminals sell, and set up elsewhere: it is whole, and has everything that
//! had been answered before the copy was begun. And what a day's totals say of each area.

use std::process::Command;

use qiyong_tests::load::books::Books;
use qiyong_tests::load::deals;
use qiyong_tests::load::diary::Diary;
use qiyong_tests::load::judge::{Closed, judge};
use qiyong_tests::load::setting::{AREAS, Setting};
use qiyong_tests::load::site::{Base, Db, Site};
use qiyong_tests::load::tcp::Addresses;
use qiyong_tests::load::watch::Watch;
use qiyong_tests::postgres::{Care, Postgres};
use qiyong_tests::programs::Watched;
use qiyong_tests::qiyong;

use super::{addresses, serve, under_load};

const TERMINALS: usize = 4;
/// Sales before a copy is begun, and after it.
const SALES: u64 = 40;

/// Runs a load with one server; the copies are made one after the other within it, each from the moment that is returned.
fn copied(setting: &Setting, site: &Site, copies: impl FnOnce(&Watch)) -> Vec<Diary> {
    let served = serve(site);
    let at = Addresses::new(addresses([&served]));
    let (diaries, ()) = under_load(setting, 29, &at, |watch| copies(watch));
    drop(served.end());
    diaries
}

/// Lets terminals sell for a while; then what was answered before the moment that it returns is in a copy that is begun now.
fn a_while(watch: &Watch) -> Closed {
    watch.more(0, SALES);
    Closed::After(watch.now().moment)
}

/// A copy is whole, and has what it must.
fn check(what: &str, db: &Db, setting: &Setting, diaries: &[Diary], closed: Closed) {
    db.verify();
    let verdict = db.judged(setting, diaries, closed);
    println!("{what}, {closed:?}: {verdict}");
    assert!(verdict.holds(), "{what}: {verdict}");
    let Closed::After(moment) = closed else { panic!("a copy is made at a moment") };
    let (known, _) = deals::of(diaries);
    let must = known.values().filter(|deal| deal.receipt(moment).is_some() && deal.undo_sent.is_none()).count();
    let has = verdict.standing;
    let all = known.values().filter(|deal| deal.receipt(u64::MAX).is_some() && deal.undo_sent.is_none()).count();
    assert!(
        must > 0 && has >= must && has < all,
        "{what}: {must} must be in it, {has} are, and there were {all} in the end"
    );
}

#[test]
fn a_copy_of_a_file_under_load_has_everything_that_was_answered() {
    let setting = Setting::new(TERMINALS, 24);
    let site = Site::furnished(Base::Sqlite, &setting);
    let to = site.folder.path().join("copy.db");
    let mut closed = Closed::Afterwards;
    let diaries = copied(&setting, &site, |watch| {
        closed = a_while(watch);
        let mut backup = Command::new(qiyong());
        backup.args(["centre", "backup", "--db", &site.db.address, "--to"]).arg(&to);
        let output = Watched::start(&mut backup).output();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        a_while(watch);
    });
    let copy = Db { address: to.display().to_string(), keys: format!("{}.key", to.display()).into() };
    check("centre backup", &copy, &setting, &diaries, closed);
    totals(&setting, &site, &diaries);
}

#[test]
fn copies_of_a_server_under_load_have_everything_that_was_answered() {
    let setting = Setting::new(TERMINALS, 24);
    let site = Site::furnished(Base::Postgres(Care::Hasty), &setting);
    let server = site.server.as_ref().expect("a server");
    let dump = site.folder.path().join("dump");
    let (mut closed, mut copies) = ([Closed::Afterwards; 2], Vec::new());
    let diaries = copied(&setting, &site, |watch| {
        closed[0] = a_while(watch);
        let output = server.client("pg_dump").args(["--format=custom", "centre"]).output().expect("pg_dump");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        std::fs::write(&dump, output.stdout).expect("a file");
        closed[1] = a_while(watch);
        copies.push(server.copied());
        a_while(watch);
    });
    let keys = site.db.keys.clone();
    let address = server.database("restored");
    let mut restore = server.client("pg_restore");
    restore.args(["--exit-on-error", "--dbname", "restored"]).stdin(std::fs::File::open(&dump).expect("the dump"));
    let output = restore.output().expect("pg_restore");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    check("pg_dump", &Db { address, keys: keys.clone() }, &setting, &diaries, closed[0]);
    let mut elsewhere: Postgres = copies.remove(0);
    elsewhere.again();
    check("pg_basebackup", &Db { address: elsewhere.address("centre"), keys }, &setting, &diaries, closed[1]);
    totals(&setting, &site, &diaries);
}

#[test]
fn a_copy_overwrites_nothing_and_a_server_s_database_is_not_copied_so() {
    let setting = Setting::new(1, 1);
    let [file, server] = [Base::Sqlite, Base::Postgres(Care::Hasty)].map(|base| Site::furnished(base, &setting));
    let copy = |site: &Site, to: &str| {
        let mut backup = Command::new(qiyong());
        backup.current_dir(site.folder.path()).args(["centre", "backup", "--to", to]).args(site.db.options());
        let output = Watched::start(&mut backup).output();
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    assert_eq!(copy(&file, "copy.db"), (Some(0), String::new()));
    let cases = [(&file, "copy.db", ["is there already", "已存在"]), (&server, "dump.db", ["pg_dump", "请用 pg_dump"])];
    for (site, to, words) in cases {
        let (status, said) = copy(site, to);
        assert_eq!(status, Some(2), "{said}");
        assert!(words.iter().all(|word| said.contains(word)), "{said}");
    }
    assert!(!server.folder.path().join("dump.db").exists());
}

/// The day's totals of each area, as the ledger has them, are what the terminals of that area's cards were told.
fn totals(setting: &Setting, site: &Site, diaries: &[Diary]) {
    site.db.verify();
    let books = Books::read(&mut site.db.centre(), setting);
    let verdict = judge(setting, diaries, &books, Closed::Afterwards);
    assert!(verdict.holds(), "{verdict}");
    let (deals, _) = deals::of(diaries);
    for (area, _) in AREAS {
        for operation in ["purchase", "settle"] {
            let of_area = |deal: &&deals::Deal| {
                let card = setting.cards().find(|card| card.number == deal.sale.card).expect("a card of the setting");
                card.area.as_str() == area && deal.sale.operation == operation
            };
            let stands = |deal: &&deals::Deal| deal.receipt(u64::MAX).is_some() && deal.undo_sent.is_none();
            let told: u64 = deals.values().filter(of_area).filter(stands).map(|deal| deal.sale.share.0).sum();
            let of = |reason: &str| books.moved.get(&(area.to_owned(), reason.to_owned())).copied().unwrap_or_default();
            let (moved, back) = (of(operation), of(&format!("{operation}-undone")));
            println!("{area} {operation}: terminals {told} fen; ledger {} less {} fen", moved.amount, back.amount);
            assert_eq!(i64::try_from(told), Ok(moved.amount - back.amount), "{area} {operation}");
            assert!(told > 0, "{area} {operation}: something was sold");
        }
    }
}
