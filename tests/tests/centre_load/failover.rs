//! A PostgreSQL server with a standby is lost while terminals sell through two centres. With a synchronous standby whatever was
//! answered is there afterwards, once, and while no standby is there nothing is answered. With one that lags behind, sales are lost,
//! and the judge says which. The steps are those of docs/operating.md §8, as they are written there.

mod told;

use std::collections::BTreeSet;
use std::time::Instant;

use qiyong_centre::doctor::{Around, Check, Finding, Verdict, examine};
use qiyong_protocol::centre::Answer;
use qiyong_protocol::rules::reason::Reason;
use qiyong_tests::load::deals;
use qiyong_tests::load::diary::{Asked, Diary, Note};
use qiyong_tests::load::finding::Class;
use qiyong_tests::load::judge::Closed;
use qiyong_tests::load::setting::Setting;
use qiyong_tests::load::site::{Base, Db, Site};
use qiyong_tests::load::tcp::Addresses;
use qiyong_tests::load::watch::Watch;
use qiyong_tests::manual::Page;
use qiyong_tests::postgres::{Care, Postgres};
use qiyong_tests::programs::eventually;

use super::{addresses, serve, under_load};

const HEADING: &str = "8. A server is lost";
const TERMINALS: usize = 4;
/// Sales before something happens, and afterwards.
const SALES: u64 = 30;

/// The steps of the page, in its order.
struct Steps {
    follow: String,
    promote: String,
    alone: String,
    together: String,
}

impl Steps {
    fn of_the_page() -> Self {
        let blocks = Page::named("operating.md").blocks(HEADING).into_iter();
        let steps: Vec<String> = blocks.filter(|block| block.info == "sh postgres").map(|block| block.text).collect();
        let [follow, promote, alone, together] = steps.try_into().expect("four steps");
        Self { follow, promote, alone, together }
    }
}

/// A step, with the names that it uses.
fn step(commands: &str, primary: &Postgres, standby: &Postgres) {
    let mut shell = primary.shell();
    shell.args(["-eu", "-o", "pipefail", "-c", commands]).env_remove("PGHOST");
    shell.envs([("PRIMARY", primary.host()), ("STANDBY", standby.host()), ("NAME", "follower".into())]);
    let output = shell.env("DATA", standby.data()).output().expect("bash");
    assert!(output.status.success(), "{commands}\n{}", String::from_utf8_lossy(&output.stderr));
}

/// Three servers, of which the first is the primary and the second follows it; the third has no files yet. Centres know them all.
struct Drill {
    setting: Setting,
    site: Site,
    steps: Steps,
    first: Postgres,
    second: Postgres,
    third: Postgres,
}

impl Drill {
    /// `waits`: nothing is confirmed before a standby has it.
    fn new(waits: bool) -> Self {
        let (setting, steps) = (Setting::new(TERMINALS, 24), Steps::of_the_page());
        let mut site = Site::furnished(Base::Postgres(Care::Durable), &setting);
        let mut first = site.server.take().expect("a server");
        first.stop();
        let settings = Page::named("operating.md").text(HEADING, "conf");
        first.configure(&settings);
        first.configure("archive_mode = on\narchive_command = 'true'\n");
        if !waits {
            first.configure("synchronous_standby_names = ''\n");
        }
        first.again();
        let [mut second, third] = [(); 2].map(|()| Postgres::nowhere(Care::Durable));
        site.db.address = Postgres::address_of_the_first(&[&first, &second, &third], "centre");
        follow(&steps, &first, &mut second);
        Self { setting, site, steps, first, second, third }
    }
}

/// Lets a server that has no files yet follow another one; returns when it does.
fn follow(steps: &Steps, primary: &Postgres, standby: &mut Postgres) {
    step(&steps.follow, primary, standby);
    standby.configure(&format!("unix_socket_directories = '{}'\n", standby.host()));
    standby.again();
    follows(primary);
}

/// Something of the transactions that wait for a standby.
fn of_waiting(primary: &Postgres, what: &str) -> String {
    primary.sql("postgres", &format!("SELECT {what} FROM pg_stat_activity WHERE wait_event = 'SyncRep'"))
}

fn follows(primary: &Postgres) {
    let streams = "SELECT count(*) FROM pg_stat_replication WHERE state = 'streaming' AND application_name = 'follower'
        AND (sync_state = 'sync' OR current_setting('synchronous_standby_names') = '')";
    eventually("a standby follows", || primary.sql("postgres", streams) == "1");
}

/// What the doctor does not find well, but for the clock and the keys, which are those of a test.
fn unwell(db: &Db) -> Vec<Finding> {
    let all = examine(&db.place(), &Around { standbys: 1, ..Around::default() }).expect("the database");
    all.into_iter()
        .filter(|finding| finding.verdict != Verdict::Well && ![Check::Clock, Check::Keys].contains(&finding.check))
        .collect()
}

/// The answers to what was sent after a moment and heard by another; one that says that nothing was done is none.
fn answered(diaries: &[Diary], sent: u64, heard: u64) -> usize {
    let says = |note: &&Note| {
        let busy = matches!(note.answer, Some(Ok(Answer::Refused(Reason::CentreBusy))));
        note.answer.is_some() && !busy && note.sent > sent && note.heard_at <= heard
    };
    diaries.iter().flat_map(|diary| &diary.notes).filter(says).count()
}

/// The primary is lost in this way, and the standby takes its place; then another one follows that.
fn the_standby_takes_its_place(loses: fn(&mut Postgres)) {
    let mut drill = Drill::new(true);
    assert!(!unwell(&drill.site.db).iter().any(|finding| finding.check != Check::Archive));
    let Drill { setting, site, steps, first, second, third } = &mut drill;
    let running = [serve(site), serve(site)];
    let at = Addresses::new(addresses(&running));
    let (diaries, (lost, promoted)) = under_load(setting, 31, &at, |watch: &Watch| {
        watch.more(0, SALES);
        let begun = Instant::now();
        loses(first);
        let lost = watch.now();
        // Terminals notice before anybody helps.
        watch.more(TERMINALS as u64, 0);
        let promoted = watch.now();
        step(&steps.promote, first, second);
        follow(steps, second, third);
        let another = begun.elapsed();
        watch.more(0, 1);
        println!(
            "another standby follows {another:?} after the loss, the first sale is settled after {:?}",
            begun.elapsed()
        );
        watch.more(0, SALES);
        (lost, promoted)
    });
    first.kill();
    let logs: Vec<String> = running.into_iter().map(|served| served.end()).collect();
    assert_eq!(answered(&diaries, lost.moment, promoted.moment), 0, "nobody was there to ask");
    site.db.verify();
    eventually("all is well", || unwell(&site.db).is_empty());
    let verdict = site.db.judged(setting, &diaries, Closed::Afterwards);
    let unheard = diaries.iter().flat_map(|diary| &diary.notes).filter(|note| note.answer.is_none()).count();
    println!("{unheard} messages had no answer; {verdict}");
    assert!(verdict.holds(), "{verdict}\n{}", logs.join("\n"));
    assert!(verdict.matched >= 2 * SALES as usize && unheard > 0, "{verdict}");
}

#[test]
fn the_primary_is_killed_under_load_and_nothing_that_was_answered_is_lost() {
    the_standby_takes_its_place(Postgres::kill);
}

/// Its sockets are there, take connections and say nothing: nobody is told that it is lost.
#[test]
fn the_primary_falls_silent_under_load_and_nothing_that_was_answered_is_lost() {
    the_standby_takes_its_place(|server| server.hold());
}

#[test]
fn while_no_standby_is_there_nothing_is_answered_until_somebody_says_so() {
    let mut drill = Drill::new(true);
    assert!(!unwell(&drill.site.db).iter().any(|finding| finding.check != Check::Archive));
    let Drill { setting, site, steps, first, second, third } = &mut drill;
    let running = [serve(site), serve(site)];
    let at = Addresses::new(addresses(&running));
    let (diaries, (waits, alone)) = under_load(setting, 37, &at, |watch: &Watch| {
        watch.more(0, SALES);
        second.kill();
        let mut one = String::new();
        eventually("a transaction waits for the standby", || {
            one = of_waiting(first, "xact_start");
            !one.is_empty()
        });
        let since = watch.now();
        // Whoever does not know better ends its wait: it is done at the primary, and nowhere else.
        of_waiting(first, "pg_cancel_backend(pid)");
        eventually("the next one waits", || ![String::new(), one.clone()].contains(&of_waiting(first, "xact_start")));
        // Started anew it shows what no standby has as if it were done, and whoever asks again must not be told so.
        first.kill();
        first.again();
        eventually("the first one waits again", || !of_waiting(first, "xact_start").is_empty());
        let found = unwell(&site.db);
        assert!(found.iter().any(|finding| finding.en.contains("every act waits")), "{found:?}");
        let alone = watch.now();
        // As it is now: what is on no other disk than the primary's is not in it.
        let copy = format!("cp --archive '{}' \"$DATA\"; rm \"$DATA/postmaster.pid\"", second.data().display());
        step(&copy, first, third);
        step(&steps.alone, first, second);
        watch.more(0, SALES);
        second.again();
        eventually("it has caught up", || {
            first.sql("postgres", "SELECT count(*) FROM pg_stat_replication WHERE state = 'streaming'") == "1"
        });
        step(&steps.together, first, second);
        follows(first);
        watch.more(0, SALES);
        (since, alone)
    });
    let logs: Vec<String> = running.into_iter().map(|served| served.end()).collect();
    assert_eq!(answered(&diaries, waits.moment, alone.moment), 0, "a standby had none of it");
    assert!(logs.concat().contains("did not wait for its standby"), "{}", logs.join("\n"));
    site.db.verify();
    eventually("all is well", || unwell(&site.db).is_empty());
    let verdict = site.db.judged(setting, &diaries, Closed::Afterwards);
    println!("at the end: {verdict}");
    assert!(verdict.holds() && verdict.matched >= 3 * SALES as usize, "{verdict}\n{}", logs.join("\n"));

    // Everything that was answered until somebody decided is on the standby's disk.
    third.configure(&format!("unix_socket_directories = '{}'\nprimary_conninfo = ''\n", third.host()));
    third.configure("synchronous_standby_names = ''\n");
    third.again();
    step(&steps.promote, first, third);
    let db = Db { address: third.address("centre"), keys: site.db.keys.clone() };
    db.verify();
    let verdict = db.judged(setting, &diaries, Closed::After(alone.moment));
    println!("on the standby's disk: {verdict}");
    assert!(verdict.holds(), "{verdict}");
}

#[test]
fn a_standby_that_lags_behind_loses_sales_and_the_judge_names_each() {
    let mut drill = Drill::new(false);
    let Drill { setting, site, steps, first, second, .. } = &mut drill;
    let running = [serve(site), serve(site)];
    let at = Addresses::new(addresses(&running));
    let (diaries, (held, lost)) = under_load(setting, 41, &at, |watch: &Watch| {
        watch.more(0, SALES);
        // What the primary sends from now on lies in a socket that nobody reads.
        second.hold();
        let held = watch.now();
        watch.more(0, SALES);
        let lost = watch.now();
        first.kill();
        second.kill();
        second.again();
        step(&steps.promote, first, second);
        watch.more(0, SALES);
        (held, lost)
    });
    running.into_iter().for_each(|served| drop(served.end()));
    // Neither the chains nor the doctor's other checks show that their end is missing.
    site.db.verify();
    let verdict = site.db.judged(setting, &diaries, Closed::Afterwards);
    println!("{verdict}");
    let named: BTreeSet<&str> = verdict
        .findings
        .iter()
        .filter(|finding| finding.class == Class::Missing)
        .filter_map(|finding| finding.what.split_once(": a terminal was told of it").map(|(key, _)| key))
        .collect();
    let (known, _) = deals::of(&diaries);
    let first_sent = |key: &deals::Key| {
        let of =
            |diary: &&Diary| diary.terminal.as_str() == key.terminal && diary.institution.as_str() == key.institution;
        let notes = diaries.iter().filter(of).flat_map(|diary| &diary.notes);
        notes
            .filter(|note| matches!(note.asked, Asked::Sale(sale) if sale.stan.0 == key.stan))
            .map(|note| note.sent)
            .min()
    };
    let must: Vec<String> = known
        .values()
        .filter(|deal| deal.receipt(lost.moment).is_some() && first_sent(&deal.key) > Some(held.moment))
        .map(|deal| deal.key.to_string())
        .collect();
    println!("{} sales that were approved after it was held are lost; {} in all are named", must.len(), named.len());
    assert!(must.len() >= SALES as usize / 2, "{must:?}");
    assert!(must.iter().all(|key| named.contains(key.as_str())), "{must:?} {named:?}");
}
