//! A pharmacy with its terminal's flash, a card that is not yet in use, and the centre; and the invariants that must hold
//! there, whatever was cut.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::future::pending;
use std::rc::Rc;

use rand_chacha::ChaCha8Rng;
use rand_core::SeedableRng;

use qiyong::in_process::{InProcess, make_card, record_of};
use qiyong_centre::Phase;
use qiyong_firmware::application::Kept;
use qiyong_firmware::slot::{ContactSlot, SlotConfig};
use qiyong_firmware::storage::Store;
use qiyong_firmware::terminal::{Clock, Duties, NoPin, Operator, Report, Settings, WhichPin};
use qiyong_firmware::ui::Screen;
use qiyong_protocol::card::codes::CardNumber;
use qiyong_protocol::card::date::Timestamp;
use qiyong_protocol::card::files::Generation;
use qiyong_protocol::card::pin::Pin;
use qiyong_protocol::card::status::CardStatus;
use qiyong_protocol::centre::iso8583::mac::X919;
use qiyong_protocol::centre::message::Parts;
use qiyong_protocol::centre::{Body, Stan, TerminalId};
use qiyong_protocol::ecr::State;
use qiyong_protocol::rules::decision::{CardRecord, Institution, Operation};
use qiyong_protocol::rules::institution::InstitutionCode;
use qiyong_protocol::rules::money::{Bill, Fen};
use qiyong_protocol::rules::reason::Outcome;
use qiyong_sim::card::contact::ContactCard;
use qiyong_sim::flash::memory;
use qiyong_sim::line::{SharedCard, SimulatedLine, VirtualLine};
use qiyong_sim::serial::ears::Ears;
use qiyong_sim::serial::setup::Setup;
use qiyong_sim::serial::till::Passed;
use qiyong_sim::time::VirtualTime;
use qiyong_sim::world::centre::{CentreEnd, CentreFailure};
use qiyong_sim::world::station::{Parts as StationParts, Station};
use qiyong_sim::world::till::{TillError, TillWatch};
use qiyong_sim::world::visit::Visit;
use qiyong_tests::sample_card;

const PHARMACY: &str = "P32010000017";
const ACCOUNT: Fen = Fen(50_000);
const PRICE: Fen = Fen(3_000);
/// Pages of the flash, with two records each: each visit erases one.
const PAGES: u32 = 3;
/// And of the journal, with six items each.
const JOURNAL: u32 = 6;

type Flash = memory::Flash<512>;

/// What happened around the terminal, in order.
pub(crate) type Notes = Rc<RefCell<Vec<String>>>;

/// A broken invariant of docs/design.md §1, by its number there.
#[derive(Clone, Debug)]
pub(crate) struct Broken {
    pub(crate) invariant: u8,
    what: String,
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "invariant {}: {}", self.invariant, self.what)
    }
}

/// The centre, and what arrives there.
struct Ear {
    centre: InProcess,
    ears: Ears,
    notes: Notes,
    /// Numbers of the transactions that have arrived.
    transactions: Vec<Stan>,
}

impl CentreEnd for Ear {
    fn answer(&mut self, message: &[u8]) -> Result<Option<Vec<u8>>, CentreFailure> {
        let (key, mut parts) = (self.key(), Parts::default());
        let request = self.ears.request(message, &key, &mut parts).ok();
        let note = match &request {
            None => "(unreadable)".to_string(),
            Some(request) => match request.body {
                Body::Transact { stan, .. } => {
                    self.transactions.push(stan);
                    format!("send transaction {}", stan.0)
                }
                Body::Reverse { stan, .. } if request.institution.as_str() != PHARMACY => {
                    format!("send reversal {} as {}", stan.0, request.institution)
                }
                Body::Reverse { stan, .. } => format!("send reversal {}", stan.0),
                Body::Confirm { stan, .. } => format!("confirm {}", stan.0),
                Body::Report { reason, .. } => format!("report {reason}"),
                _ => "ask".to_string(),
            },
        };
        self.notes.borrow_mut().push(note);
        let answer = self.centre.answer(message)?;
        if let (Some(request), Some(answer)) = (&request, &answer) {
            // What it says is for the terminal; here only the key that it may bring counts.
            let _ = self.ears.answer(answer, message, request, &key);
        }
        Ok(answer)
    }

    fn set_time(&mut self, now: Timestamp) {
        self.centre.set_time(now);
    }

    fn key(&self) -> X919 {
        self.centre.key()
    }
}

/// What is seen at the till.
struct Watch {
    notes: Notes,
    failed: Rc<RefCell<Option<String>>>,
}

impl TillWatch for Watch {
    fn passed(&mut self, passed: Passed) {
        if passed.answered == "(the message is lost)" {
            self.notes.borrow_mut().push("(lost)".to_string());
        }
    }

    fn centre_failed(&mut self, failure: CentreFailure) {
        self.failed.borrow_mut().get_or_insert(failure.to_string());
    }
}

/// A holder who knows the PIN, and an operator who writes down the screens.
struct Desk {
    notes: Notes,
    /// How many sales the holder was shown as paid.
    paid: Rc<Cell<u64>>,
    /// Set when the transaction is about to be written, if its time is to be mad.
    mad: Rc<Cell<bool>>,
    unsent: bool,
    asked: u32,
}

impl Operator for Desk {
    fn show(&mut self, screen: &Screen) {
        match screen {
            // First for the standing of the card, then for the transaction.
            Screen::AskingCentre => {
                self.asked += 1;
                self.mad.set(self.unsent && self.asked == 2);
            }
            Screen::Approved { .. } => self.paid.set(self.paid.get() + 1),
            _ => {}
        }
        if matches!(screen, Screen::Approved { .. } | Screen::NotDone(_)) {
            self.notes.borrow_mut().push(format!("show {}", screen.text().english));
        }
    }

    async fn enter_pin(&mut self, which: WhichPin) -> Result<Pin, NoPin> {
        let keyed = if which == WhichPin::Present { b"135790" } else { b"271828" };
        Ok(Pin::new(keyed).unwrap())
    }

    async fn cancel(&mut self) {
        pending().await
    }
}

/// A clock that can say an hour that there is not.
struct TestClock {
    time: VirtualTime,
    mad: Rc<Cell<bool>>,
}

impl Clock for TestClock {
    fn now(&mut self) -> Timestamp {
        let now = self.time.timestamp();
        if self.mad.take() { Timestamp { hour: 100, ..now } } else { now }
    }
}

/// The pharmacy.
pub(crate) struct Pharmacy {
    centre: Rc<RefCell<Ear>>,
    card: SharedCard,
    pub(crate) number: CardNumber,
    pub(crate) flash: Flash,
    pub(crate) notes: Notes,
    paid: Rc<Cell<u64>>,
    failed: Rc<RefCell<Option<String>>>,
    /// The transactions cannot be written, so that no byte of them leaves.
    pub(crate) unsent: bool,
}

impl Pharmacy {
    pub(crate) fn new(seed: u64) -> Self {
        let mut centre = InProcess::new().unwrap();
        for code in [PHARMACY, "H32010000561"] {
            let code = InstitutionCode::new(code).unwrap();
            centre.add_institution(&Institution::of_region(code)).unwrap();
        }
        let mut new = sample_card(Generation::V3);
        new.pin = Pin::new(b"135790").unwrap();
        let record = CardRecord { account: ACCOUNT, pin_is_initial: false, ..record_of(&new, centre.hsm()).unwrap() };
        centre.add_card(&record).unwrap();
        let card = Rc::new(RefCell::new(ContactCard::new(make_card(&new, centre.hsm()).unwrap())));
        let notes = Notes::default();
        Self {
            centre: Rc::new(RefCell::new(Ear {
                centre,
                ears: Ears::default(),
                notes: notes.clone(),
                transactions: Vec::new(),
            })),
            card,
            number: new.number,
            flash: Flash::new((PAGES + JOURNAL) as usize, seed),
            notes,
            paid: Rc::default(),
            failed: Rc::default(),
            unsent: false,
        }
    }

    /// The terminal's memory, after a start.
    pub(crate) fn store(&self) -> Store<Flash, PAGES, 0, JOURNAL> {
        Store::open(self.flash.clone(), None)
    }

    /// Starts often enough that the next visit fills a page and begins another.
    pub(crate) fn begin_a_page(&self) {
        (0..2).for_each(|_| drop(self.store()));
    }

    /// Starts a terminal with this memory and serves the holder.
    pub(crate) fn serve(&self, memory: impl Kept, visit: &Visit) -> Report {
        self.serve_while(|| true, memory, visit).expect("the power stays on")
    }

    /// The same while `on`; `None` if the power failed before the end.
    pub(crate) fn serve_while(&self, mut on: impl FnMut() -> bool, memory: impl Kept, visit: &Visit) -> Option<Report> {
        let time = VirtualTime::new("2026-03-02T09:00".parse().unwrap());
        let mut line = VirtualLine::new(time.clone());
        line.set_card(Some(self.card.clone()));
        let institution = InstitutionCode::new(PHARMACY).unwrap();
        let terminal = TerminalId(*b"00000001");
        let mad = Rc::new(Cell::new(false));
        let desk = Desk {
            notes: self.notes.clone(),
            paid: self.paid.clone(),
            mad: mad.clone(),
            unsent: self.unsent,
            asked: 0,
        };
        let Duties { reversal: reversal_due, confirmation: confirmation_due, parked } = memory.duties();
        let next_stan = memory.next();
        let serial = [0; 12];
        let state = State {
            set_up: false,
            reversal_due,
            confirmation_due,
            parked,
            visit: None,
            next_stan,
            starts: 1,
            crashes: 0,
            serial,
            key: None,
        };
        let parts = StationParts {
            slot: ContactSlot::new(line, SlotConfig::default()),
            operator: desk,
            random: ChaCha8Rng::seed_from_u64(1),
            state,
            memory,
            settings: Settings::at(institution, terminal),
        };
        let clock = TestClock { time: time.clone(), mad };
        let watch = Watch { notes: self.notes.clone(), failed: self.failed.clone() };
        let mut station = Station::start(time.clone(), parts, clock, |_| {}, self.centre.clone(), watch);
        let setup = Setup { institution, terminal, key: self.centre.borrow().key(), next_stan: Stan(1) };
        let operation = Operation::Purchase(Bill::new(PRICE, Fen(0)).unwrap());
        let served = station.set_up_while(&mut on, setup).and_then(|_| {
            station.till().begin(visit);
            station.serve_while(&mut on, &operation, time.timestamp())
        });
        match served {
            Ok(served) => {
                let reported = (served.report.reason, served.report.effects, served.report.stan);
                assert_eq!(
                    (served.ended.reason, served.ended.effects, served.ended.stan),
                    reported,
                    "the till is told"
                );
                Some(served.report)
            }
            Err(TillError::PowerCut) => None,
            Err(error) => panic!("{error}"),
        }
    }

    pub(crate) fn account(&self) -> Fen {
        self.record().account
    }

    fn record(&self) -> CardRecord {
        self.centre.borrow().centre.card(&self.number).unwrap().unwrap()
    }

    /// Whatever happened before: serves the holder once more, undisturbed, and judges what is then.
    pub(crate) fn settle<M: Kept>(&self, memory: impl Fn() -> M) -> Result<(), Broken> {
        let broken = |invariant, what: String| {
            let what = format!("{what}; {:?}", self.notes.borrow());
            Err(Broken { invariant, what })
        };
        let last = self.serve(memory(), &Visit::default());
        if let Some(failure) = self.failed.take() {
            return broken(1, format!("the centre could not tell two transactions apart: {failure}"));
        }
        if last.outcome != Outcome::Approved {
            return broken(3, format!("with all links whole a sale ends with {last:?}"));
        }
        // The holder pays for what the screen said, no more and no less.
        let (paid, charged) = (PRICE.0 * self.paid.get(), ACCOUNT.0 - self.account().0);
        if charged > paid {
            return broken(1, format!("{charged} charged, {paid} shown as paid"));
        }
        if charged < paid {
            return broken(3, format!("{charged} charged, {paid} shown as paid"));
        }
        let ear = self.centre.borrow();
        if !ear.transactions.windows(2).all(|pair| pair[0] < pair[1]) {
            return broken(1, format!("numbers go back: {:?}", ear.transactions));
        }
        let journal = ear.centre.journal().unwrap();
        let in_force = journal.iter().filter(|entry| entry.stan.is_some() && !entry.reversed);
        let approved: Vec<_> = in_force.filter(|entry| entry.outcome == Outcome::Approved).collect();
        if approved.len() as u64 != self.paid.get() || memory().owed() != Ok(None) {
            return broken(3, format!("the journal keeps open what the terminal has closed: {approved:?}"));
        }
        // A centre that was not told so undoes them after a time.
        if let Some(entry) = approved.iter().find(|entry| entry.phase != Some(Phase::Posted)) {
            return broken(3, format!("the holder has the receipt, and the centre has not heard so: {entry:?}"));
        }
        let activations = ear.centre.activations(&self.number).unwrap();
        let active: Vec<_> = activations.iter().filter(|activation| !activation.reversed).collect();
        let has_cause = |stan: Stan| approved.iter().any(|entry| entry.stan == Some(stan));
        if active.len() != 1 || !active.iter().all(|activation| has_cause(activation.stan)) {
            return broken(2, format!("active by {active:?}, paid by {approved:?}"));
        }
        drop(ear);
        if self.record().status != CardStatus::Active {
            return broken(2, "a card that was paid with is not active".to_string());
        }
        Ok(())
    }
}
