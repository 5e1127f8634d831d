//! Three regions behind one address, a PostgreSQL server each: one is stopped, or falls silent, while terminals of all of them sell.
//! What each terminal was told is compared with the journals afterwards, sale by sale.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;

use qiyong_centre::hsm::Hsm;
use qiyong_centre::{ADMINISTRATOR, ActRequest, Centre, Chain, Founding, JournalEntry, Place, test_mac_key};
use qiyong_iso::{Line, Waits};
use qiyong_protocol::card::codes::{CardNumber, IdNumber, IdentCode, Name, Region};
use qiyong_protocol::card::date::Date;
use qiyong_protocol::card::status::CardStatus;
use qiyong_protocol::centre::iso8583::mac::X919;
use qiyong_protocol::centre::message::{Keys, MESSAGE_MAX};
use qiyong_protocol::centre::{Answer, Batch, Body, Lease, Original, Receipt, Request, Stan, TerminalId, Token};
use qiyong_protocol::rules::decision::{CardRecord, Institution, Operation, PresentedCard};
use qiyong_protocol::rules::institution::InstitutionCode;
use qiyong_protocol::rules::money::{Bill, Fen};
use qiyong_protocol::rules::reason::{Outcome, Reason};
use qiyong_tests::centre::lines::now;
use qiyong_tests::centre::served::Served;
use qiyong_tests::postgres::{Care, Postgres};
use qiyong_tests::programs::{PATIENCE, Watched, eventually};
use qiyong_tests::qiyong;

/// The areas, one a region.
const AREAS: [&str; 3] = ["320100", "320500", "320200"];
/// In each region so many terminals, and as many cards.
const TERMINALS: usize = 3;
/// What each card has.
const OPENING: u64 = 10_000_000;
/// So much is done before the server is stopped, while it is, and afterwards, by each terminal.
const ENOUGH: usize = 8;
/// The region whose server is stopped.
const STOPPED: usize = 1;

/// What a terminal was told of a number, in the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Told {
    Sold(Receipt),
    Refused(Reason),
    /// It had no answer, and its reversal was acknowledged.
    Undone,
}

/// A sale, with its number and the card.
struct Sale {
    stan: u32,
    card: CardNumber,
    told: Told,
}

/// What a terminal has met so far.
#[derive(Default)]
struct Met {
    sold: AtomicUsize,
    down: AtomicUsize,
}

/// What happens to a region's server.
struct Trouble {
    begins: fn(&mut Postgres),
    ends: fn(&mut Postgres),
    /// What the log says of it.
    says: &'static str,
}

/// A terminal with a connection of its own.
struct Terminal {
    institution: InstitutionCode,
    name: TerminalId,
    line: Line,
    number: Stan,
    keys: Keys,
    batch: Batch,
    next: u32,
}

impl Terminal {
    fn new(region: usize, at: usize, address: &str, key: X919) -> Self {
        Self {
            institution: pharmacy(region),
            name: TerminalId(*format!("TILL000{at}").as_bytes().first_chunk().expect("eight")),
            line: Line::new(address, Waits { answer: PATIENCE, ..Waits::default() }),
            number: Stan::of_start(1),
            keys: Keys::new(key),
            batch: Batch::NONE,
            next: 1,
        }
    }

    /// Sends a message; `None`: it has no answer.
    fn ask(&mut self, request: &Request<'_>) -> Option<Answer> {
        self.number = self.number.next_message();
        let mut buffer = [0; MESSAGE_MAX];
        let (sent, bytes) = self.keys.write(request, self.number, &mut buffer).expect("it fits");
        let answer = self.line.ask(bytes).ok().flatten()?;
        Some(self.keys.read(&answer, &sent).expect("its answer"))
    }

    fn request<'a>(&self, batch: Batch, body: Body<'a>) -> Request<'a> {
        Request { institution: self.institution, terminal: self.name, batch, time: now(), body }
    }

    fn ask_for_a_lease(&mut self) -> Option<Answer> {
        self.ask(&self.request(Batch::NONE, Body::SignIn { token: Token(self.name.0) }))
    }

    /// Until its home is there.
    fn sign_in(&mut self, end: &Deadline) {
        loop {
            end.check("signs in");
            match self.ask_for_a_lease() {
                Some(Answer::SignedIn { lease: Lease { batch, next }, .. }) => {
                    (self.batch, self.next) = (batch, next.0);
                    return;
                }
                None => wait_a_moment(),
                Some(Answer::Refused(reason)) if is_for_now(reason) => wait_a_moment(),
                other => panic!("{other:?}"),
            }
        }
    }

    /// A sale, as a terminal makes it: without an answer it is reversed, until that is acknowledged. Whoever has a reversal
    /// refused meanwhile is told, too, that the region is down.
    fn sell(&mut self, card: &CardRecord, met: &Met, end: &Deadline) -> Sale {
        let stan = self.next;
        self.next += 1;
        let CardRecord { number, ident, id_number, name, .. } = card.clone();
        let presented = PresentedCard { number, ident, id_number, name };
        let operation = Operation::Purchase(Bill::new(Fen(100), Fen(0)).expect("a bill"));
        let body = Body::Transact { stan: Stan(stan), card: &presented, operation: &operation };
        let sale = self.request(self.batch, body);
        let told = match self.ask(&sale) {
            Some(Answer::Approved(receipt)) => Told::Sold(receipt),
            Some(Answer::Refused(reason)) => Told::Refused(reason),
            Some(other) => panic!("{other:?}"),
            None => {
                let original = Original { card: number, total: Fen(100), time: sale.time };
                let reversal = Body::Reverse { stan: Stan(stan), original };
                loop {
                    end.check("is heard");
                    match self.ask(&self.request(self.batch, reversal.clone())) {
                        Some(Answer::Done) => break Told::Undone,
                        None => wait_a_moment(),
                        Some(Answer::Refused(reason)) if is_for_now(reason) => {
                            met.down.fetch_add(usize::from(reason == Reason::RegionDown), Ordering::SeqCst);
                            wait_a_moment();
                        }
                        other => panic!("{other:?}"),
                    }
                }
            }
        };
        Sale { stan, card: number, told }
    }
}

/// Nothing was done, and it may be said again.
fn is_for_now(reason: Reason) -> bool {
    matches!(reason, Reason::CentreBusy | Reason::RegionDown)
}

/// Whoever was not heard waits before saying it again, as a terminal does, and leaves the machine to the others; nothing depends on
/// how long.
fn wait_a_moment() {
    thread::park_timeout(Duration::from_millis(20));
}

/// A last watchdog.
#[derive(Clone, Copy)]
struct Deadline(Instant);

impl Deadline {
    fn check(&self, what: &str) {
        assert!(Instant::now() < self.0, "not in time: {what}");
    }
}

/// A region: its server, and the file of its keys.
struct Held {
    server: Postgres,
    keys: PathBuf,
}

impl Held {
    fn place(&self) -> Place {
        Place::new(&self.server.address("region"), Some(&self.keys)).expect("an address")
    }

    fn new(folder: &Path, region: usize) -> Self {
        let server = Postgres::start(Care::Durable);
        server.database("region");
        let held = Self { server, keys: folder.join(format!("{region}.key")) };
        let mut centre = Centre::create_at(&held.place(), &Hsm::test_keys()).expect("an empty database");
        centre.found(&Founding { area: area(region), agency: "社会保险经办机构".into() }).expect("an area");
        centre.add_institution(&Institution::of_region(pharmacy(region))).expect("a new place");
        for at in 0..TERMINALS {
            centre.add_card(&card(region, at)).expect("a new card");
        }
        held
    }
}

fn area(region: usize) -> Region {
    Region::new(AREAS[region]).expect("six digits")
}

fn pharmacy(region: usize) -> InstitutionCode {
    InstitutionCode::new(&format!("P{}00017", AREAS[region])).expect("a code")
}

/// An active card.
fn card(region: usize, at: usize) -> CardRecord {
    let own = u8::try_from(region * 10 + at + 1).expect("few");
    let body = *format!("A00000{own:02}").as_bytes().first_chunk::<8>().expect("eight");
    let number = [&body[..], &[CardNumber::check_character(&body)]].concat();
    let digits = format!("11111119800101{own:03}");
    let id_number = [digits.as_bytes(), &[IdNumber::check_character(digits.as_bytes())]].concat();
    CardRecord {
        number: CardNumber::new(&number).expect("a number"),
        ident: IdentCode::from_parts(area(region), [1, 2, 3, own], [5, 6, 7, 8]),
        id_number: IdNumber::new(&id_number).expect("a number"),
        name: Name::new(b"\xD5\xC5\xC8\xFD").expect("a name"),
        document: None,
        area: area(region),
        expires: Date::new(2046, 1, 1).expect("a day"),
        status: CardStatus::Active,
        social: true,
        financial: false,
        pin_is_initial: false,
        account: Fen(OPENING),
        insured: true,
    }
}

/// A terminal at work, until it is told to end: with a card of its own region and one of the next in turn.
fn work(region: usize, at: usize, address: &str, met: &Met, stop: &AtomicBool, end: Deadline) -> Vec<Sale> {
    let mut terminal = Terminal::new(region, at, address, test_mac_key());
    terminal.sign_in(&end);
    let cards = [card(region, at), card((region + 1) % 3, at)];
    let mut sales = Vec::new();
    while !stop.load(Ordering::SeqCst) {
        end.check("ends");
        let sale = terminal.sell(&cards[sales.len() % 2], met, &end);
        match sale.told {
            Told::Sold(_) => met.sold.fetch_add(1, Ordering::SeqCst),
            Told::Refused(Reason::RegionDown) => met.down.fetch_add(1, Ordering::SeqCst),
            Told::Undone => 0,
            // It waited too long for its turn behind a region that says nothing.
            Told::Refused(reason) if is_for_now(reason) => 0,
            Told::Refused(reason) => panic!("{reason}"),
        };
        sales.push(sale);
    }
    sales
}

/// Whoever a terminal is: its region, its place there.
fn everybody() -> impl Iterator<Item = (usize, usize)> {
    (0..3).flat_map(|region| (0..TERMINALS).map(move |at| (region, at)))
}

/// What is served at this path of the process.
fn fetched(url: &str, path: &str) -> String {
    let output =
        Watched::start(Command::new("curl").args(["--silent", "--show-error", &format!("{url}{path}")])).output();
    assert!(output.status.success(), "{path}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("UTF-8")
}

#[test]
fn one_region_is_stopped_under_load_and_the_others_go_on() {
    under_load(&Trouble { begins: Postgres::stop, ends: Postgres::again, says: "a region is down" });
}

/// Its server takes connections and says nothing: no error tells the centre so.
#[test]
fn one_region_falls_silent_under_load_and_the_others_go_on() {
    let begins = |server: &mut Postgres| server.hold();
    under_load(&Trouble { begins, ends: |server| server.let_go(), says: "the server does not answer" });
}

fn under_load(trouble: &Trouble) {
    let folder = TempDir::new().expect("a folder");
    let path = folder.path();
    let mut regions: Vec<Held> = thread::scope(|scope| {
        let made: Vec<_> = (0..3).map(|region| scope.spawn(move || Held::new(path, region))).collect();
        made.into_iter().map(|made| made.join().expect("a region")).collect()
    });
    let table = |version: u32| {
        let region = |(region, held): (usize, &Held)| {
            format!(
                "[[region]]\nname = \"r{region}\"\nareas = [\"{}\"]\ndb = \"{}&connect_timeout=1\"\nkeys = \"{region}.key\"\n",
                AREAS[region],
                held.server.address("region")
            )
        };
        format!("version = {version}\n{}", regions.iter().enumerate().map(region).collect::<String>())
    };
    fs::write(path.join("regions.toml"), table(2)).expect("a file");
    fs::write(path.join("older.toml"), table(1)).expect("a file");

    // The last one is not there yet when the process starts.
    regions[2].server.stop();
    let served =
        Served::start_over(path, &["--regions", "regions.toml", "--http", "127.0.0.1:0", "--iso", "127.0.0.1:0"], 2);
    let address = served.addresses[1].trim_start_matches("tcp://").to_owned();
    let end = Deadline(Instant::now() + Duration::from_secs(240));
    let stop = Arc::new(AtomicBool::new(false));
    let met: Vec<Arc<Met>> = everybody().map(|_| Arc::default()).collect();
    let terminals: Vec<_> = everybody()
        .zip(&met)
        .map(|((region, at), met)| {
            let (address, met, stop) = (address.clone(), met.clone(), stop.clone());
            thread::spawn(move || work(region, at, &address, &met, &stop, end))
        })
        .collect();
    let until = |what: &str, holds: &dyn Fn(usize, usize) -> bool| {
        while !everybody().enumerate().all(|(one, (region, _))| holds(region, one)) {
            let ended = terminals.iter().any(thread::JoinHandle::is_finished);
            assert!(!ended, "a terminal has failed before {what}");
            end.check(what);
            wait_a_moment();
        }
    };
    let sold = |one: usize| met[one].sold.load(Ordering::SeqCst);
    let down = |one: usize| met[one].down.load(Ordering::SeqCst);
    let counts = |of: &dyn Fn(usize) -> usize| -> Vec<usize> { (0..met.len()).map(of).collect() };

    until("the first two regions sell", &|region, one| region == 2 || sold(one) >= ENOUGH);
    regions[2].server.again();
    until("all regions sell", &|_, one| sold(one) >= ENOUGH);

    let before = counts(&down);
    (trouble.begins)(&mut regions[STOPPED].server);
    let stopped = counts(&sold);
    until("the others sell, and who needs the stopped one is told", &|region, one| {
        let told = down(one) >= before[one] + 2;
        let needs = region == STOPPED || (region + 1) % 3 == STOPPED;
        // Whose sale was under way there reverses it first, before anything else, and that waits for the region.
        if needs { told } else { sold(one) >= stopped[one] + ENOUGH }
    });
    let meanwhile = counts(&sold);
    let url = &served.addresses[0];
    // On a busy machine a server that works may be given up for silent, and is reached again.
    let told = "qiyong_iso_region_answers_total{region=\"r1\",reason=\"region-down\"}";
    for row in ["qiyong_iso_region_up{region=\"r0\"} 1\n", "qiyong_iso_region_up{region=\"r1\"} 0\n", told] {
        eventually(row, || fetched(url, "/metrics").contains(row));
    }
    let health = r#""r0":"up","r1":"down","r2":"up""#;
    eventually(health, || fetched(url, "/healthz").contains(health));
    let page = fetched(url, "/page/figures");
    assert!(["r0", "r1", "r2"].iter().all(|name| page.contains(&format!("by reason: {name}</h2>"))), "{page}");
    assert!(fetched(url, "/v1/card/show").contains("at-the-region"));
    (trouble.ends)(&mut regions[STOPPED].server);
    until("all sell again", &|_, one| sold(one) >= meanwhile[one] + ENOUGH);
    stop.store(true, Ordering::SeqCst);
    let sales: Vec<Vec<Sale>> = terminals.into_iter().map(|one| one.join().expect("a terminal")).collect();

    // A process that goes by the table of before is not let in.
    let mut older = Command::new(qiyong());
    older.current_dir(path).args(["centre", "serve", "--regions", "older.toml", "--iso", "127.0.0.1:0", "--test-keys"]);
    let output = Watched::start(&mut older).output();
    let words = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{words}");
    assert!(["version 2", "version 1", "第 2 版"].iter().all(|part| words.contains(part)), "{words}");

    let log = served.end();
    assert!(log.contains(trouble.says), "{log}");
    reconcile(&regions, &sales);
}

/// A terminal with a key of its own that has said nothing since the process started: the region has told its key.
#[test]
fn who_has_never_spoken_is_told_under_its_own_key() {
    let folder = TempDir::new().expect("a folder");
    let path = folder.path();
    let mut held = Held::new(path, 1);
    let mut centre = Centre::open_at(&held.place()).expect("it is there");
    let mut act = |operator: &str, act: &'static str, body: Value| {
        let operator = centre.operator(area(1), operator).expect("the database").expect("an operator");
        let request = ActRequest { area: area(1), operator: &operator, act, body, key: None };
        centre.carry_out(request).unwrap_or_else(|refusal| panic!("{act}: {refusal}"))
    };
    let outlet = json!({
        "code": "32050001", "kind": "outlet", "region": "320500", "parent": "32050099", "name": "网点", "approval": "1",
        "establishment": "1"
    });
    act(ADMINISTRATOR, "outlet.open", outlet);
    let officer = json!({"id": "li", "role": "settlement-officer", "outlet": "32050001", "name": "李"});
    act(ADMINISTRATOR, "operator.add", officer);
    let shown = act("li", "terminal.register", json!({"institution": pharmacy(1).to_string(), "terminal": "TILL0000"}));
    drop(centre);
    let mut key = [0; 16];
    hex::decode_to_slice(shown["key"].as_str().expect("shown once"), &mut key).expect("digits");

    let address = held.server.address("region");
    let table = format!(
        "version = 1\n[[region]]\nname = \"r1\"\nareas = [\"{}\"]\ndb = \"{address}\"\nkeys = \"1.key\"\n",
        AREAS[1]
    );
    fs::write(path.join("regions.toml"), table).expect("a file");
    let served = Served::start_over(path, &["--regions", "regions.toml", "--iso", "127.0.0.1:0"], 1);
    held.server.stop();
    let address = served.addresses[0].trim_start_matches("tcp://").to_owned();
    let mut terminal = Terminal::new(1, 0, &address, X919::new(key));
    assert_eq!(terminal.ask_for_a_lease(), Some(Answer::Refused(Reason::RegionDown)));
    held.server.again();
    terminal.sign_in(&Deadline(Instant::now() + Duration::from_secs(120)));
    let log = served.end();
    assert!(!log.contains(shown["key"].as_str().expect("shown once")), "a key is in the log");
}

/// docs/centre.md §21, for a region: a sale that its terminal never confirmed, long ago.
#[test]
fn what_nobody_confirmed_is_undone_by_the_process_of_several_regions() {
    let folder = TempDir::new().expect("a folder");
    let path = folder.path();
    let held = Held::new(path, 0);
    let region = |name: &str, area: &str, address: &str| {
        format!("[[region]]\nname = \"{name}\"\nareas = [\"{area}\"]\ndb = \"{address}\"\nkeys = \"0.key\"\n")
    };
    // The other one is never there, and holds up nobody.
    let nowhere = "postgres://nobody@127.0.0.1:1/nothing?connect_timeout=1";
    let both = region("away", AREAS[1], nowhere) + &region("here", AREAS[0], &held.server.address("region"));
    fs::write(path.join("regions.toml"), format!("version = 1\n{both}")).expect("a file");
    let options = ["--regions", "regions.toml", "--http", "127.0.0.1:0", "--iso", "127.0.0.1:0"];
    let served = Served::start_over(path, &options, 2);
    let end = Deadline(Instant::now() + Duration::from_secs(120));
    let mut terminal = Terminal::new(0, 0, served.addresses[1].trim_start_matches("tcp://"), test_mac_key());
    terminal.sign_in(&end);
    let sold = terminal.sell(&card(0, 0), &Met::default(), &end);
    assert!(matches!(sold.told, Told::Sold(_)), "{:?}", sold.told);
    let _ = served.end();

    let _ = held.server.sql("region", "UPDATE phases SET since = '2020-01-01T00:00:00'");
    let served = Served::start_over(path, &options, 2);
    for row in ["expired_total{region=\"here\"} 1\n", "pending{region=\"here\"} 0\n", "pending{region=\"away\"} 0\n"] {
        eventually(row, || fetched(&served.addresses[0], "/metrics").contains(&format!("qiyong_terminal_{row}")));
    }
    let _ = served.end();
    let centre = Centre::open_at(&held.place()).expect("it is there");
    assert_eq!(centre.card(&card(0, 0).number).expect("it is sound").expect("known").account, Fen(OPENING));
}

/// Compares what the terminals were told with what the regions have.
fn reconcile(regions: &[Held], sales: &[Vec<Sale>]) {
    let centres: Vec<Centre> =
        regions.iter().map(|held| Centre::open_at(&held.place()).expect("it is there")).collect();
    for centre in &centres {
        for (area, chain, wrong) in centre.verify().expect("it is sound") {
            assert!(matches!(chain, Chain::Whole(_)) && wrong.is_none(), "{area}: {wrong:?}");
        }
    }
    let journals: Vec<Vec<JournalEntry>> =
        centres.iter().map(|centre| centre.journal().expect("it is sound")).collect();
    let mut approved = 0;
    let mut spent = std::collections::HashMap::<CardNumber, u64>::new();
    for ((region, at), sales) in everybody().zip(sales) {
        let name = format!("TILL000{at}");
        for Sale { stan, card: number, told } in sales {
            let of = |entry: &&JournalEntry| {
                entry.institution == pharmacy(region) && entry.terminal == name && entry.stan == Some(Stan(*stan))
            };
            let home = everybody().find(|(region, at)| card(*region, *at).number == *number).expect("a card").0;
            let found: Vec<(usize, &JournalEntry)> = journals
                .iter()
                .enumerate()
                .flat_map(|(place, journal)| journal.iter().filter(of).map(move |entry| (place, entry)))
                .filter(|(_, entry)| entry.outcome == Outcome::Approved)
                .collect();
            let what = format!("{region} {name} {stan}: {told:?}, {found:?}");
            match (told, found.as_slice()) {
                (Told::Sold(receipt), [(place, entry)]) => {
                    assert!(*place == home && !entry.reversed && entry.charge == receipt.effects.charge, "{what}");
                    assert_eq!(entry.card, Some(*number), "{what}");
                    *spent.entry(*number).or_default() += entry.charge.0;
                    approved += 1;
                }
                (Told::Undone, [(place, entry)]) => {
                    assert!(*place == home && entry.reversed, "{what}");
                    approved += 1;
                }
                (Told::Undone | Told::Refused(_), []) => {}
                _ => panic!("{what}"),
            }
        }
    }
    let all =
        journals.iter().flatten().filter(|entry| entry.outcome == Outcome::Approved && entry.stan.is_some()).count();
    assert_eq!(all, approved, "nothing was approved that no terminal knows of");
    for (region, at) in everybody() {
        let card = card(region, at);
        let is = centres[region].card(&card.number).expect("it is sound").expect("it is known").account;
        assert_eq!(is, Fen(OPENING - spent.get(&card.number).copied().unwrap_or(0)), "{region} {at}");
    }
}
