//! A centre's process is killed a hundred times while terminals sell. Whatever was answered is there afterwards, once.

use qiyong_tests::load::dice::Dice;
use qiyong_tests::load::judge::Closed;
use qiyong_tests::load::setting::Setting;
use qiyong_tests::load::site::{Base, Site};
use qiyong_tests::load::tcp::Addresses;
use qiyong_tests::postgres::Care;

use super::{addresses, serve, under_load};

/// How often a process is killed.
const ROUNDS: usize = 100;
/// Messages that are sent in a round before that: at least so many, and up to as many more.
const MESSAGES: u64 = 12;
const TERMINALS: usize = 4;

/// `servers` processes work on one database; the next one is killed in each round, and another begins.
fn killed_under_load(base: Base, servers: usize) {
    let setting = Setting::new(TERMINALS, 48);
    let site = Site::furnished(base, &setting);
    let mut running: Vec<_> = (0..servers).map(|_| Some(serve(&site))).collect();
    let at = Addresses::new(addresses(running.iter().flatten()));
    let mut dice = Dice::new(13, 1_000);
    let (diaries, ()) = under_load(&setting, 13, &at, |watch| {
        for round in 0..ROUNDS {
            watch.more(MESSAGES + dice.below(MESSAGES), 0);
            let victim = running[round % servers].take();
            // Its port may become another's.
            at.set(addresses(running.iter().flatten()));
            // SIGKILL, and its end is waited for.
            drop(victim);
            running[round % servers] = Some(serve(&site));
            at.set(addresses(running.iter().flatten()));
        }
    });
    running.into_iter().flatten().for_each(|served| drop(served.end()));
    site.db.verify();
    let verdict = site.db.judged(&setting, &diaries, Closed::Afterwards);
    println!("{base:?}, {servers} processes, {ROUNDS} kills: {verdict}");
    assert!(verdict.holds(), "{verdict}");
    assert!(verdict.matched > 2 * ROUNDS && verdict.activations > TERMINALS && verdict.undone > 0, "{verdict}");
    let broken = diaries.iter().flat_map(|diary| &diary.notes).filter(|note| note.answer.is_none()).count();
    println!("{broken} messages had no answer");
    assert!(broken >= ROUNDS / 4, "the kills hit nobody: {broken} messages had no answer");
}

#[test]
fn a_killed_centre_loses_nothing_that_it_said_on_sqlite() {
    killed_under_load(Base::Sqlite, 1);
}

#[test]
fn a_killed_centre_loses_nothing_that_it_said_on_postgresql_beside_another() {
    killed_under_load(Base::Postgres(Care::Hasty), 2);
}
