//! Regions at work, without connections: two centres in memory, each of which can be down or held. What must hold is a list of
//! claims; each fault that could be in how messages are carried breaks the claims that are named for it.

use std::collections::HashMap;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use prometheus_client::encoding::text::encode;
use tokio::sync::oneshot;

use qiyong_centre::clock::SetClock;
use qiyong_centre::regions::{Own, RegionTable};
use qiyong_centre::{Asked, Centre, CentreError, DatabaseError, Heard, KnownTerminal, Proved, test_mac_key};
use qiyong_protocol::card::codes::{CardNumber, IdNumber, IdentCode, Name, Region as Area};
use qiyong_protocol::card::date::{Date, Timestamp};
use qiyong_protocol::card::status::CardStatus;
use qiyong_protocol::centre::message::{Keys, MESSAGE_MAX, Sent};
use qiyong_protocol::centre::{Answer, Batch, Body, Original, Request, Stan, TerminalId, Token};
use qiyong_protocol::rules::decision::{CardRecord, Institution, Operation, PresentedCard};
use qiyong_protocol::rules::institution::InstitutionCode;
use qiyong_protocol::rules::money::{Bill, Fen};
use qiyong_protocol::rules::reason::Reason;

use super::toy::WATCHDOG;
use crate::Limits;
use crate::decider::{Errand, OneQueue, Route};
use crate::face::Face;
use crate::metrics::Metrics;
use crate::queue::Job;
use crate::queues::Queues;
use crate::regions::{Front, Region, Station, Ticker};
use crate::worker::{start_at, start_refuser};

const TABLE: &str = r#"
version = 1
[[region]]
name = "nanjing"
areas = ["320100"]
db = "n"
[[region]]
name = "suzhou"
areas = ["320500"]
db = "s"
"#;
const NANJING: &str = "P32010000017";
const SUZHOU: &str = "P32050000003";
/// In a district of the first region's city, and known in the second one.
const ASTRAY: &str = "P32010400009";
const TERMINAL: TerminalId = TerminalId(*b"TILL0001");
const NOBODY: &str = "P32010000033";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    None,
    /// All that comes goes into one queue.
    OneQueue,
    /// The region that is down is tried at every message.
    NoPause,
    /// A region that was down once is never tried again.
    ForEver,
    /// A region's terminals are told nothing.
    Silence,
    /// A region does not say its terminals.
    Unsaid,
}

/// What a test does with a region.
#[derive(Default)]
struct Switch {
    down: AtomicBool,
    tries: AtomicUsize,
    /// Tells that a batch has begun, and waits.
    gate: Mutex<Option<(Sender<()>, Receiver<()>)>>,
}

struct Switched {
    centre: Centre,
    switch: Arc<Switch>,
    fault: Fault,
    known: Vec<KnownTerminal>,
}

impl Region for Switched {
    fn ask(&mut self, own: &Own, batch: &[Asked]) -> Result<Vec<Result<Heard, CentreError>>, CentreError> {
        self.switch.tries.fetch_add(1, SeqCst);
        if let Some((begun, go_on)) = self.switch.gate.lock().unwrap().take() {
            begun.send(()).unwrap();
            let _ = go_on.recv();
        }
        match (self.switch.down.load(SeqCst), self.fault == Fault::Silence) {
            (false, _) => self.centre.ask(own, batch),
            (true, false) => {
                Err(CentreError::Unreachable { server: "postgres://a/b".into(), source: DatabaseError::Lost })
            }
            (true, true) => Err(CentreError::Uncertain(DatabaseError::Lost)),
        }
    }

    fn terminals(&self) -> Result<Vec<KnownTerminal>, CentreError> {
        Ok(if self.fault == Fault::Unsaid { Vec::new() } else { self.known.clone() })
    }
}

/// Two regions at work.
struct Ground {
    face: Arc<Face>,
    front: Front,
    workers: Vec<JoinHandle<()>>,
    switches: [Arc<Switch>; 2],
    time: Arc<Mutex<Instant>>,
    next: u64,
    /// The terminal's keys, by institution.
    keys: HashMap<String, Keys>,
}

fn noon() -> Timestamp {
    Timestamp { date: Date::new(2026, 3, 2).unwrap(), hour: 12, minute: 0, second: 0 }
}

fn code(institution: &str) -> InstitutionCode {
    InstitutionCode::new(institution).unwrap()
}

/// An active card of the second region.
fn card() -> CardRecord {
    let area = Area::new("320500").unwrap();
    CardRecord {
        number: CardNumber::new(b"N00000016").unwrap(),
        ident: IdentCode::from_parts(area, [1, 2, 3, 4], [5, 6, 7, 8]),
        id_number: IdNumber::new(b"111111198101011110").unwrap(),
        name: Name::new(b"\xD5\xC5\xC8\xFD").unwrap(),
        document: None,
        area,
        expires: Date::new(2036, 1, 1).unwrap(),
        status: CardStatus::Active,
        social: true,
        financial: false,
        pin_is_initial: false,
        account: Fen(50_000),
        insured: true,
    }
}

/// The terminals that a region says.
fn known(region: usize) -> Vec<KnownTerminal> {
    let keys = Proved { master: Some(test_mac_key()), working: None };
    let one = KnownTerminal { institution: code(SUZHOU), terminal: TERMINAL, keys };
    if region == 1 { vec![one] } else { Vec::new() }
}

fn centre(region: usize) -> Centre {
    let mut centre = Centre::in_memory().unwrap();
    centre.set_clock(Box::new(SetClock::new("2026-03-02T12:00:00".parse().unwrap())));
    let places: &[(&str, &str)] =
        if region == 0 { &[(NANJING, "320100")] } else { &[(SUZHOU, "320500"), (ASTRAY, "320500")] };
    for (place, area) in places {
        let institution = Institution { area: Area::new(area).unwrap(), ..Institution::of_region(code(place)) };
        centre.add_institution(&institution).unwrap();
    }
    if region == 1 {
        centre.add_card(&card()).unwrap();
    }
    centre
}

impl Ground {
    fn new(fault: Fault) -> Self {
        Self::with(fault, Limits::default(), true, &[false, false])
    }

    /// `closed`: whether a region's centre is not open when the process starts.
    fn with(fault: Fault, limits: Limits, test_keys: bool, closed: &[bool; 2]) -> Self {
        let table = Arc::new(RegionTable::read(TABLE, Path::new("")).unwrap());
        let front = Front::new(table, test_keys);
        let route: Box<dyn Route> = if fault == Fault::OneQueue { Box::new(OneQueue) } else { Box::new(front.clone()) };
        let queues = Queues::new(2, limits.waiting, route);
        let face = Face::over(queues, limits, Metrics::new().0, start_refuser(front.clone()).unwrap());
        let time = Arc::new(Mutex::new(Instant::now()));
        let switches: [Arc<Switch>; 2] = Default::default();
        let start = |region: usize| {
            let switched = {
                let switch = switches[region].clone();
                move || Switched { centre: centre(region), switch: switch.clone(), fault, known: known(region) }
            };
            let first = (!closed[region]).then(&switched);
            let switch = switches[region].clone();
            let open = move || {
                switch.tries.fetch_add(1, SeqCst);
                (!switch.down.load(SeqCst)).then(&switched)
            };
            let (time, beginning) = (time.clone(), *time.lock().unwrap());
            let ticker: Ticker = Arc::new(move || {
                let mut time = time.lock().unwrap();
                match fault {
                    // Each look at the clock is long after the one before.
                    Fault::NoPause => *time += Duration::from_secs(3600),
                    Fault::ForEver => return beginning,
                    _ => {}
                }
                *time
            });
            start_at(region, Station::with_ticker(&front, region, first, Box::new(open), ticker), face.clone()).unwrap()
        };
        let workers = vec![start(0), start(1)];
        Self { face, front, workers, switches, time, next: 0, keys: HashMap::new() }
    }

    fn put(&mut self, message: Vec<u8>) -> oneshot::Receiver<Option<Vec<u8>>> {
        let (answer, comes) = oneshot::channel();
        self.next += 1;
        let job = Job { number: self.next, errand: Errand::new(Asked::Message(message)), answer };
        self.face.queue.put(self.next, job).unwrap();
        comes
    }

    fn say(&mut self, institution: &str, body: Body<'_>) -> Option<Answer> {
        let mut keys = self.keys.get(institution).cloned().unwrap_or_else(|| Keys::new(test_mac_key()));
        let (sent, message) = write(&keys, institution, body);
        let answer = self.put(message).blocking_recv().unwrap()?;
        let said = keys.read(&answer, &sent).unwrap();
        self.keys.insert(institution.to_owned(), keys);
        Some(said)
    }

    fn sign_in(&mut self, institution: &str) -> Option<Answer> {
        self.say(institution, SIGN_IN)
    }

    /// With the card of the second region.
    fn buy(&mut self, institution: &str, stan: u32) -> Option<Answer> {
        let CardRecord { number, ident, id_number, name, .. } = card();
        let (card, operation) = (PresentedCard { number, ident, id_number, name }, purchase());
        self.say(institution, Body::Transact { stan: Stan(stan), card: &card, operation: &operation })
    }

    fn undo(&mut self, institution: &str, stan: u32) -> Option<Answer> {
        let original = Original { card: card().number, total: Fen(100), time: noon() };
        self.say(institution, Body::Reverse { stan: Stan(stan), original })
    }

    fn down(&self, region: usize, down: bool) {
        self.switches[region].down.store(down, SeqCst);
    }

    fn tries(&self, region: usize) -> usize {
        self.switches[region].tries.load(SeqCst)
    }

    fn pass(&self, duration: Duration) {
        *self.time.lock().unwrap() += duration;
    }

    /// Holds a region's next batch until what comes back is dropped.
    fn hold(&self, region: usize) -> (Receiver<()>, Sender<()>) {
        let ((tell, begun), (go_on, wait)) = (channel(), channel());
        *self.switches[region].gate.lock().unwrap() = Some((tell, wait));
        (begun, go_on)
    }
}

impl Drop for Ground {
    fn drop(&mut self) {
        self.face.queue.close();
        self.workers.drain(..).for_each(|worker| worker.join().unwrap());
    }
}

const SIGN_IN: Body<'static> = Body::SignIn { token: Token(*b"a token!") };

fn purchase() -> Operation {
    Operation::Purchase(Bill::new(Fen(100), Fen(0)).unwrap())
}

fn write(keys: &Keys, institution: &str, body: Body<'_>) -> (Sent, Vec<u8>) {
    let batch = if matches!(body, Body::SignIn { .. }) { Batch::NONE } else { Batch(1) };
    let request = Request { institution: code(institution), terminal: TERMINAL, batch, time: noon(), body };
    let mut buffer = [0; MESSAGE_MAX];
    let (sent, bytes) = keys.write(&request, Stan(7), &mut buffer).unwrap();
    (sent, bytes.to_vec())
}

/// A sign-in of this institution's terminal.
fn sign_in(institution: &str) -> Vec<u8> {
    write(&Keys::new(test_mac_key()), institution, SIGN_IN).1
}

fn refused(reason: Reason) -> Option<Answer> {
    Some(Answer::Refused(reason))
}

fn signed_in(answer: &Option<Answer>) -> bool {
    matches!(answer, Some(Answer::SignedIn { .. }))
}

/// A claim: its words, and whether it holds.
type Claim = (&'static str, fn(Fault) -> bool);

const CLAIMS: &[Claim] = &[
    ("a region that hangs keeps no other waiting", |fault| {
        let mut ground = Ground::new(fault);
        let (begun, go_on) = ground.hold(0);
        let message = sign_in(NANJING);
        let held = ground.put(message);
        begun.recv_timeout(WATCHDOG).unwrap();
        let mut keys = Keys::new(test_mac_key());
        let (sent, message) = write(&keys, SUZHOU, SIGN_IN);
        let mut other = ground.put(message);
        let answered = loop {
            if let Ok(answer) = other.try_recv() {
                break signed_in(&answer.map(|answer| keys.read(&answer, &sent).unwrap()));
            }
            if ground.face.queue.of(0).unwrap().len() > 0 {
                break false;
            }
            std::thread::yield_now();
        };
        drop(go_on);
        answered && held.blocking_recv().unwrap().is_some()
    }),
    ("whose region is down is told so, and another's is served", |fault| {
        let mut ground = Ground::new(fault);
        ground.down(1, true);
        ground.sign_in(SUZHOU) == refused(Reason::RegionDown) && signed_in(&ground.sign_in(NANJING))
    }),
    ("who has never spoken is told under its key once its region was reached", |fault| {
        let mut ground = Ground::with(fault, Limits::default(), false, &[false, false]);
        ground.down(1, true);
        let told = ground.sign_in(SUZHOU) == refused(Reason::RegionDown);
        ground.down(1, false);
        ground.pass(Duration::from_secs(2));
        told && signed_in(&ground.sign_in(SUZHOU))
    }),
    ("a region that is down is not tried at every message, and serves again by itself", |fault| {
        let mut ground = Ground::new(fault);
        signed_in(&ground.sign_in(SUZHOU));
        ground.down(1, true);
        let before = ground.tries(1);
        (0..10).for_each(|_| {
            let _ = ground.sign_in(SUZHOU);
        });
        let one = ground.tries(1) == before + 1;
        ground.pass(Duration::from_secs(2));
        ground.sign_in(SUZHOU);
        let two = ground.tries(1) == before + 2;
        ground.down(1, false);
        ground.pass(Duration::from_secs(2));
        one && two && signed_in(&ground.sign_in(SUZHOU))
    }),
    ("a card of another region pays there, and its reversal waits while that is down", |fault| {
        let mut ground = Ground::new(fault);
        ground.sign_in(NANJING);
        let sold = matches!(ground.buy(NANJING, 1), Some(Answer::Approved(_)));
        ground.down(1, true);
        let due = ground.undo(NANJING, 1) == refused(Reason::RegionDown);
        let next = ground.buy(NANJING, 2) == refused(Reason::RegionDown);
        ground.down(1, false);
        ground.pass(Duration::from_secs(2));
        sold && due && next && ground.undo(NANJING, 1) == Some(Answer::Done)
    }),
];

fn broken(fault: Fault) -> Vec<&'static str> {
    CLAIMS.iter().filter(|(_, holds)| !holds(fault)).map(|(words, _)| *words).collect()
}

#[test]
fn every_claim_holds_and_each_fault_breaks_one() {
    assert_eq!(broken(Fault::None), Vec::<&str>::new());
    for (fault, claim) in [
        (Fault::OneQueue, CLAIMS[0].0),
        (Fault::Silence, CLAIMS[1].0),
        (Fault::Unsaid, CLAIMS[2].0),
        (Fault::NoPause, CLAIMS[3].0),
        (Fault::ForEver, CLAIMS[3].0),
        (Fault::Silence, CLAIMS[4].0),
    ] {
        assert!(broken(fault).contains(&claim), "{fault:?} is not noticed: {claim}");
    }
}

#[test]
fn an_institution_is_found_where_it_is_known_and_remembered() {
    let mut ground = Ground::new(Fault::None);
    let message = sign_in(ASTRAY);
    assert_eq!(ground.front.route(&message), 0, "by its code");
    assert!(signed_in(&ground.sign_in(ASTRAY)));
    assert_eq!(ground.front.route(&message), 1, "where it is");
    let tries = ground.tries(0);
    ground.sign_in(ASTRAY);
    assert_eq!(ground.tries(0), tries);
    // It is the second one's for certain, so the first one is not asked while that is down.
    ground.down(1, true);
    assert_eq!(ground.sign_in(ASTRAY), refused(Reason::RegionDown));
    assert_eq!(ground.tries(0), tries);
}

#[test]
fn who_is_known_nowhere_is_told_so_unless_a_region_is_down_that_may_know_it() {
    let mut ground = Ground::new(Fault::None);
    assert_eq!(ground.sign_in(NOBODY), refused(Reason::InstitutionUnknown));
    for down in [0, 1] {
        ground.down(down, true);
        assert_eq!(ground.sign_in(NOBODY), refused(Reason::RegionDown), "{down}");
        ground.down(down, false);
        ground.pass(Duration::from_secs(2));
    }
    assert_eq!(ground.sign_in(NOBODY), refused(Reason::InstitutionUnknown));
}

#[test]
fn a_region_that_was_down_at_the_start_is_opened_when_it_is_there() {
    let mut ground = Ground::with(Fault::None, Limits::default(), true, &[false, true]);
    ground.down(1, true);
    assert_eq!(ground.sign_in(SUZHOU), refused(Reason::RegionDown));
    assert!(signed_in(&ground.sign_in(NANJING)));
    ground.down(1, false);
    ground.pass(Duration::from_secs(2));
    assert!(signed_in(&ground.sign_in(SUZHOU)));
}

/// Without test keys it must be known: because the region has said it, or because it has spoken.
#[test]
fn who_is_known_is_told_under_its_key_and_who_is_not_hears_nothing() {
    let mut ground = Ground::with(Fault::None, Limits::default(), false, &[false, true]);
    ground.down(1, true);
    assert_eq!(ground.sign_in(SUZHOU), None, "the region has not been there");
    ground.down(1, false);
    ground.pass(Duration::from_secs(2));
    // Another one of that region, which the region does not say.
    assert!(signed_in(&ground.sign_in(ASTRAY)));
    ground.down(1, true);
    assert_eq!(ground.sign_in(SUZHOU), refused(Reason::RegionDown), "it has never spoken");
    assert_eq!(ground.sign_in(ASTRAY), refused(Reason::RegionDown), "it has spoken");
    assert_eq!(ground.sign_in(NOBODY), None);
    assert_eq!(ground.front.reached(), [("nanjing".to_owned(), true), ("suzhou".to_owned(), false)]);
    // Somebody else under its name is told only that the key is wrong.
    let mut message = sign_in(SUZHOU);
    *message.last_mut().unwrap() ^= 1;
    let answer = ground.put(message).blocking_recv().unwrap().unwrap();
    let answer = qiyong_protocol::centre::iso8583::Message::read(&answer).unwrap();
    assert_eq!(answer.field(39).unwrap().bytes, b"A0");
}

#[test]
fn what_finds_no_room_in_the_other_region_is_answered_as_busy() {
    let limits = Limits { waiting: 1, batch: 1, ..Limits::default() };
    let mut ground = Ground::with(Fault::None, limits, true, &[false, false]);
    ground.sign_in(NANJING);
    let (begun, go_on) = ground.hold(1);
    let held = [0, 1].map(|at| {
        let message = sign_in(SUZHOU);
        let held = ground.put(message);
        if at == 0 {
            begun.recv_timeout(WATCHDOG).unwrap();
        }
        held
    });
    assert_eq!(ground.buy(NANJING, 1), refused(Reason::CentreBusy));
    drop(go_on);
    held.into_iter().for_each(|held| assert!(held.blocking_recv().unwrap().is_some()));
    // Of what was passed on before nobody says that nothing was done.
    assert_eq!(ground.buy(NANJING, 1), refused(Reason::RegionDown), "it never will be");
    assert!(matches!(ground.buy(NANJING, 2), Some(Answer::Approved(_))));
}

#[test]
fn the_figures_say_which_region_and_which_reason() {
    let mut ground = Ground::new(Fault::None);
    ground.sign_in(NANJING);
    ground.buy(NANJING, 1);
    ground.down(1, true);
    ground.buy(NANJING, 2);
    let mut registry = prometheus_client::registry::Registry::with_prefix("qiyong_iso");
    ground.front.figures().register(&mut registry);
    let mut text = String::new();
    encode(&mut text, &registry).unwrap();
    for row in [
        "qiyong_iso_region_up{region=\"nanjing\"} 1\n",
        "qiyong_iso_region_up{region=\"suzhou\"} 0\n",
        "qiyong_iso_region_waiting{region=\"suzhou\"} 0\n",
        "qiyong_iso_region_answers_total{region=\"nanjing\",reason=\"approved\"} 1\n",
        "qiyong_iso_region_answers_total{region=\"nanjing\",reason=\"passed-on\"} 2\n",
        "qiyong_iso_region_answers_total{region=\"suzhou\",reason=\"approved\"} 1\n",
        "qiyong_iso_region_answers_total{region=\"suzhou\",reason=\"region-down\"} 1\n",
    ] {
        assert!(text.contains(row), "{row}{text}");
    }
}
