//! What 64 terminals get through, over ISO 8583/TCP and durable: first activations and purchases, on a file of SQLite compared
//! with bare batched inserts of the same rows, on PostgreSQL with two centre processes compared with pgbench and a script of the
//! same statements (`load/script.rs` says what differs); how long a terminal waits; and what 5,000 terminals cost that are
//! connected and say nothing. Everything that was answered is compared with the centre's books afterwards.
//!
//! Turns with the idle terminals and without alternate in one run, each as often the first of two as the second: books that
//! grow slow down both alike. The file's yardstick comes after them, since it inserts
//! the rows that came, in transactions of as many sales as there are terminals; pgbench comes before and after.

use std::fs;
use std::net::TcpStream;
use std::ops::Range;
use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use qiyong_protocol::card::status::CardStatus;
use qiyong_tests::bench::{Row, Yardstick, report};
use qiyong_tests::centre::served::Served;
use qiyong_tests::load::captured::{Scripts, scripts};
use qiyong_tests::load::crew::Load;
use qiyong_tests::load::diary::{Diary, times};
use qiyong_tests::load::judge::Closed;
use qiyong_tests::load::setting::Setting;
use qiyong_tests::load::site::{Base, Site};
use qiyong_tests::load::tcp::{Addresses, Tcp};
use qiyong_tests::load::terminal::Habits;
use qiyong_tests::load::watch::Watch;
use qiyong_tests::postgres::{Care, Postgres};
use qiyong_tests::programs::eventually;

const TERMINALS: usize = 64;
/// Cards of each.
const CARDS: usize = 64;
/// Terminals that are connected and say nothing.
const IDLE: usize = 5_000;
/// Turns without them, an even number; there are as many with them.
const TURNS: usize = 4;
/// Sales of a turn, and before the first one.
const SALES: u64 = 1_920;
/// Sales that pgbench makes in each of its two turns, by each of its clients.
const SCRIPTED: u64 = 40;
/// How many terminals' scripts it has, each in two kinds: it takes 128 at most.
const SCRIPTS: usize = 48;

fn main() -> ExitCode {
    let room = Rlimit { current: getrlimit(Resource::Nofile).maximum, ..getrlimit(Resource::Nofile) };
    setrlimit(Resource::Nofile, room).expect("the system lets a process have as many files as it may");
    let setting = setting();
    // One of them alone, where its name is given.
    let asked: Vec<String> = std::env::args().collect();
    let wanted = |base: &str, other: &str| asked.iter().any(|one| one == base) || asked.iter().all(|one| one != other);
    let mut rows = Vec::new();
    if wanted("sqlite", "postgres") {
        rows.extend(on_sqlite(&setting));
    }
    if wanted("postgres", "sqlite") {
        rows.extend(on_postgres(&setting));
    }
    report::print(&rows)
}

/// Everybody has money, and a PIN of the holder's own: nothing but sales.
fn setting() -> Setting {
    let mut setting = Setting::new(TERMINALS, CARDS);
    let cards = setting.stands.iter_mut().flat_map(|stand| &mut stand.cards);
    cards.for_each(|card| {
        card.pin_is_initial = false;
        card.account.0 = 10_000_000;
    });
    setting
}

/// A turn.
struct Turn {
    idle: bool,
    sales: u64,
    took: Duration,
    moments: Range<u64>,
}

/// What came of a load.
struct Ran {
    turns: Vec<Turn>,
    diaries: Vec<Diary>,
    /// Sales in all.
    sales: u64,
    /// Of a hundred sales, those that put a card into use.
    first: usize,
}

fn on_sqlite(setting: &Setting) -> Vec<Row> {
    let site = Site::furnished(Base::Sqlite, setting);
    let twin = site.copy("twin");
    let mut yardstick = Yardstick::new(Path::new(&site.db.address), Path::new(&twin.address));
    // As the centre has it.
    yardstick.set("secure_delete", 1);
    yardstick.set("cache_size", -65_536);
    let ran = load(setting, &site, 1);
    yardstick.insert(usize::try_from(ran.sales).expect("a number").div_ceil(TERMINALS));
    let bare = "SQLite: the rows of a sale, bare inserts, a transaction for 64 sales";
    let each = yardstick.taken.as_secs_f64() * 1e9 / ran.sales as f64;
    let names = [
        "SQLite: a sale",
        "SQLite: a sale beside 5,000 idle terminals",
        "SQLite: half of the answers within",
        "SQLite: 99 of 100 answers within",
    ];
    let mut rows = vec![Row::ns(bare, each)];
    rows.extend(ran.rows(names, bare));
    rows.push(count("SQLite: rows of a sale", yardstick.rows as f64 / ran.sales as f64));
    rows
}

fn on_postgres(setting: &Setting) -> Vec<Row> {
    // Furnished in haste; what is measured is durable.
    let mut site = Site::furnished(Base::Postgres(Care::Hasty), setting);
    let few = Setting { stands: setting.stands[..SCRIPTS].to_vec() };
    let written = scripts(&site, &few, "captured");
    drop(site.copy("scripted"));
    let server = site.server.as_mut().expect("a server");
    // A script puts its card into use each time.
    server.sql("scripted", "DROP INDEX activations_in_force; CREATE INDEX activations_in_force ON activations (area, card, what) WHERE reversed = 0");
    server.sql("scripted", "VACUUM ANALYZE");
    server.sql("centre", "VACUUM ANALYZE");
    server.begin_again(Care::Durable);
    let server = site.server.as_ref().expect("a server");
    let files = Files::new(site.folder.path(), &written);
    let share = first_share(setting);
    let before = files.run(server, share);
    let ran = load(setting, &site, 2);
    let after = files.run(server, ran.first);
    let scripted = "PostgreSQL: a sale by pgbench, same statements";
    let names = [
        "PostgreSQL: a sale, two centres",
        "PostgreSQL: a sale beside 5,000 idle terminals",
        "PostgreSQL: half of the answers within",
        "PostgreSQL: 99 of 100 answers within",
    ];
    let mut rows = vec![Row::ns(scripted, (before + after) / 2.0)];
    rows.extend(ran.rows(names, scripted));
    let lines = |text: &str| text.lines().filter(|line| !line.starts_with('\\')).count() as f64;
    rows.push(count("PostgreSQL: statements of a later sale", lines(&written[0].later)));
    rows.push(count("PostgreSQL: statements of a first one", lines(&written[0].first)));
    rows
}

/// How many of a hundred sales are expected to put a card into use: one in four is with a new card, of which seven in eight are
/// not in use.
fn first_share(setting: &Setting) -> usize {
    let inactive = setting.cards().filter(|card| card.status == CardStatus::Inactive).count();
    25 * inactive / setting.cards().count().max(1)
}

/// Lets the terminals work, first without being measured, then in turns.
fn load(setting: &Setting, site: &Site, servers: usize) -> Ran {
    let places = (IDLE + 2 * TERMINALS).to_string();
    let options = ["--iso", "127.0.0.1:0", "--terminals", &places, "--terminals-per-address", &places];
    let served: Vec<Served> =
        (0..servers).map(|_| Served::over(site.folder.path(), &site.db.options(), &options, 1)).collect();
    let all: Vec<_> =
        served.iter().map(|one| one.addresses[0].trim_start_matches("tcp://").parse().expect("an address")).collect();
    let at = Addresses::new(all.clone());
    let watch = Watch::default();
    let never = Habits { twice: u64::MAX, cancelled: u64::MAX };
    let load = Load { seed: 41, visits: None, habits: never };
    let (diaries, turns) = load.run(
        setting,
        &watch,
        |first| Tcp::new(at.clone(), first),
        || {
            turn(&watch, false);
            let mut turns = Vec::new();
            for pair in 0..TURNS {
                if pair % 2 == 0 {
                    turns.push(turn(&watch, false));
                }
                let open = |one: &Served| {
                    fs::read_dir(format!("/proc/{}/fd", one.process.child.id())).expect("it runs").count()
                };
                let idle: Vec<TcpStream> =
                    (0..IDLE).map(|at| TcpStream::connect(all[at % all.len()]).expect("a place")).collect();
                eventually("all idle terminals are connected", || served.iter().map(open).sum::<usize>() >= IDLE);
                turns.push(turn(&watch, true));
                drop(idle);
                eventually("all idle terminals are gone", || served.iter().map(open).sum::<usize>() < IDLE / 2);
                if pair % 2 == 1 {
                    turns.push(turn(&watch, false));
                }
            }
            watch.end();
            turns
        },
    );
    served.into_iter().for_each(|one| drop(one.end()));
    let verdict = site.db.judged(setting, &diaries, Closed::Afterwards);
    eprintln!("{verdict}");
    assert!(verdict.holds(), "{verdict}");
    Ran { turns, diaries, sales: verdict.matched as u64, first: 100 * verdict.activations / verdict.matched.max(1) }
}

fn turn(watch: &Watch, idle: bool) -> Turn {
    let (begin, begun) = (watch.now(), Instant::now());
    watch.more(0, SALES);
    let (end, took) = (watch.now(), begun.elapsed());
    Turn { idle, sales: end.settled - begin.settled, took, moments: begin.moment..end.moment }
}

impl Ran {
    /// A sale, one beside idle terminals, and how long half and nearly all of the terminals wait.
    fn rows(&self, [sale, beside, half, most]: [&'static str; 4], bare: &'static str) -> Vec<Row> {
        let each = |idle: bool| {
            let turns = || self.turns.iter().filter(|turn| turn.idle == idle);
            let took: f64 = turns().map(|turn| turn.took.as_secs_f64()).sum();
            took * 1e9 / turns().map(|turn| turn.sales).sum::<u64>() as f64
        };
        let quiet = || self.turns.iter().filter(|turn| !turn.idle).map(|turn| &turn.moments);
        let times = times(&self.diaries, |moment| quiet().any(|moments| moments.contains(&moment)));
        let within = |share: usize| times[(times.len() - 1) * share / 100].as_secs_f64() * 1e3;
        let ms = |name, value| Row { unit: "ms", ..Row::ns(name, value) };
        vec![
            Row::ns(sale, each(false)).compared_with(bare).ratio_at_most(2.0),
            Row::ns(beside, each(true)).compared_with(sale).ratio_at_most(1.1),
            ms(half, within(50)),
            ms(most, within(99)),
        ]
    }
}

/// The scripts in files.
struct Files {
    first: Vec<String>,
    later: Vec<String>,
}

impl Files {
    fn new(folder: &Path, scripts: &[Scripts]) -> Self {
        let write = |kind: &str, at: usize, text: &str| {
            // The server's programs run as another user, who may not look into the folder.
            let path =
                std::env::temp_dir().join(format!("{}-{kind}{at}.sql", folder.file_name().expect("a name").display()));
            fs::write(&path, text).expect("a file");
            path.display().to_string()
        };
        let first = scripts.iter().enumerate().map(|(at, of)| write("first", at, &of.first)).collect();
        let later = scripts.iter().enumerate().map(|(at, of)| write("later", at, &of.later)).collect();
        Self { first, later }
    }

    /// Nanoseconds of a sale, when so many of a hundred are first ones.
    fn run(&self, server: &Postgres, first: usize) -> f64 {
        let (clients, each) = (TERMINALS.to_string(), SCRIPTED.to_string());
        let mut pgbench = server.client("pgbench");
        pgbench.args(["-n", "-M", "prepared", "-j", "2", "-c", &clients, "-t", &each]);
        let weighed = [(&self.first, first.max(1)), (&self.later, 100 - first)];
        for (file, weight) in
            weighed.into_iter().flat_map(|(files, weight)| files.iter().map(move |file| (file, weight)))
        {
            pgbench.args(["-f", &format!("{file}@{weight}")]);
        }
        let output = pgbench.arg("scripted").output().expect("pgbench");
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
        let tps = said.lines().find_map(|line| line.strip_prefix("tps = ")?.split(' ').next()?.parse::<f64>().ok());
        1e9 / tps.unwrap_or_else(|| panic!("no rate in {said}"))
    }
}

impl Drop for Files {
    fn drop(&mut self) {
        self.first.iter().chain(&self.later).for_each(|path| drop(fs::remove_file(path)));
    }
}

const fn count(name: &'static str, value: f64) -> Row {
    Row { unit: "", ..Row::ns(name, value) }
}
