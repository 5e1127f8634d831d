//! Two terminals under one name, each with its own memory and holder: messages and answers are lost, come late or in any
//! order, power is cut, and leases are released at any moment. In the end each holder has paid what the screen showed.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::future::{Future, pending};
use std::pin::Pin as Pinned;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use embassy_futures::yield_now;
use proptest::prelude::*;
use rand_chacha::ChaCha8Rng;
use rand_core::SeedableRng;

use qiyong::in_process::{InProcess, make_card, record_of};
use qiyong_centre::test_mac_key;
use qiyong_firmware::slot::{ContactSlot, SlotConfig};
use qiyong_firmware::storage::Store;
use qiyong_firmware::terminal::{CentreLink, NoPin, Operator, Report, Settings, Terminal, WhichPin};
use qiyong_firmware::ui::Screen;
use qiyong_protocol::card::codes::{CardNumber, IdNumber};
use qiyong_protocol::card::files::Generation;
use qiyong_protocol::card::pin::Pin;
use qiyong_protocol::centre::message::{Keys, MESSAGE_MAX, MessageError};
use qiyong_protocol::centre::{Answer, LinkError, Request, Stan, TerminalId};
use qiyong_protocol::rules::decision::{CardRecord, Institution, Operation};
use qiyong_protocol::rules::institution::InstitutionCode;
use qiyong_protocol::rules::money::{Bill, Fen};
use qiyong_protocol::rules::reason::{Outcome, Reason};
use qiyong_sim::card::contact::ContactCard;
use qiyong_sim::flash::memory::Flash;
use qiyong_sim::line::{SharedCard, SimulatedLine, VirtualLine};
use qiyong_sim::time::VirtualTime;
use qiyong_sim::world::centre::CentreEnd;
use qiyong_tests::sample_card;

const PHARMACY: &str = "P32010000017";
const NAME: TerminalId = TerminalId(*b"00000001");
/// A card each of two people: the account hangs on the person.
const CARDS: [(&[u8; 9], &[u8; 18]); 2] =
    [(b"X00000019", b"111111198101011110"), (b"A12345674", b"111111198202022222")];
const ACCOUNT: Fen = Fen(5_000_000);
const PRICE: Fen = Fen(3_000);
const PAGES: u32 = 4;
const JOURNAL: u32 = 6;

/// What happens to a message.
#[derive(Clone, Copy, Debug)]
enum Fate {
    Answered,
    Lost,
    AnswerLost,
    /// It arrives when the terminal no longer waits.
    Late,
}

/// What happens next.
#[derive(Clone, Copy, Debug)]
enum Step {
    /// A terminal goes on, up to its next message or that one's answer; if it waits, a holder comes.
    Works(usize),
    /// The power of a terminal fails, and comes back.
    Cut(usize),
    /// A late message arrives.
    Arrives,
    /// Somebody releases the name's lease.
    Released,
}

/// What the terminals share.
struct World {
    centre: InProcess,
    time: VirtualTime,
    fates: VecDeque<Fate>,
    late: VecDeque<Vec<u8>>,
}

impl World {
    /// A message arrives now, by the one clock that all of them have.
    fn arrives(&mut self, message: &[u8]) -> Vec<u8> {
        self.centre.set_time(self.time.timestamp());
        self.centre.handle_bytes(message).unwrap().unwrap()
    }
}

/// A terminal's way to the centre.
struct Gate {
    world: Rc<RefCell<World>>,
    number: Stan,
    keys: Keys,
}

impl CentreLink for Gate {
    async fn ask(&mut self, request: &Request<'_>) -> Result<Answer, LinkError> {
        self.number = self.number.next_message();
        let mut buffer = [0; MESSAGE_MAX];
        let (sent, bytes) = self.keys.write(request, self.number, &mut buffer).unwrap();
        // Other things happen before it arrives, and before its answer does.
        yield_now().await;
        let fate = self.world.borrow_mut().fates.pop_front().unwrap_or(Fate::Answered);
        let answer = match fate {
            Fate::Lost => return Err(LinkError::NoAnswer),
            Fate::Late => {
                self.world.borrow_mut().late.push_back(bytes.to_vec());
                return Err(LinkError::NoAnswer);
            }
            Fate::Answered | Fate::AnswerLost => self.world.borrow_mut().arrives(bytes),
        };
        yield_now().await;
        if matches!(fate, Fate::AnswerLost) {
            return Err(LinkError::NoAnswer);
        }
        match self.keys.read(&answer, &sent) {
            // The other one has signed in since.
            Err(MessageError::Rejected(code)) => Err(LinkError::Rejected(code)),
            answer => Ok(answer.unwrap()),
        }
    }
}

/// A holder who knows the PIN, and looks at the screen.
struct Desk(Rc<Cell<u64>>);

impl Operator for Desk {
    fn show(&mut self, screen: &Screen) {
        if matches!(screen, Screen::Approved { .. }) {
            self.0.set(self.0.get() + 1);
        }
    }

    async fn enter_pin(&mut self, _: WhichPin) -> Result<Pin, NoPin> {
        Ok(Pin::new(b"135790").unwrap())
    }

    async fn cancel(&mut self) {
        pending().await
    }
}

type Visit = Pinned<Box<dyn Future<Output = Report>>>;

/// A terminal with its memory, the holder's card, and the visit that is under way.
struct Till {
    world: Rc<RefCell<World>>,
    time: VirtualTime,
    flash: Flash<512>,
    card: SharedCard,
    number: CardNumber,
    paid: Rc<Cell<u64>>,
    seed: u64,
    visit: Option<Visit>,
    reasons: Vec<Reason>,
}

impl Till {
    /// A holder comes; the terminal has just started.
    fn begin(&mut self) {
        let mut line = VirtualLine::new(self.time.clone());
        line.set_card(Some(self.card.clone()));
        let memory = Store::<_, PAGES, 0, JOURNAL>::open(self.flash.clone(), None);
        let keys = Keys::new(test_mac_key());
        let gate = Gate { world: self.world.clone(), number: Stan::of_start(memory.starts()), keys };
        let settings = Settings::at(InstitutionCode::new(PHARMACY).unwrap(), NAME);
        self.seed += 1;
        let random = ChaCha8Rng::seed_from_u64(self.seed);
        let slot = ContactSlot::new(line, SlotConfig::default());
        let desk = Desk(self.paid.clone());
        let mut terminal = Terminal::new(slot, gate, desk, self.time.clone(), random, memory, settings);
        self.visit =
            Some(Box::pin(
                async move { terminal.serve(&Operation::Purchase(Bill::new(PRICE, Fen(0)).unwrap())).await },
            ));
    }

    /// Goes on until it waits for something, or the visit ends.
    fn works(&mut self) -> Option<Report> {
        if self.visit.is_none() {
            self.begin();
        }
        let visit = self.visit.as_mut()?;
        match visit.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Pending => None,
            Poll::Ready(report) => {
                self.visit = None;
                self.reasons.extend(report.reason);
                Some(report)
            }
        }
    }
}

/// Two tills of one name.
fn tills() -> (Rc<RefCell<World>>, [Till; 2]) {
    let mut centre = InProcess::new().unwrap();
    let code = InstitutionCode::new(PHARMACY).unwrap();
    centre.add_institution(&Institution::of_region(code)).unwrap();
    let cards = CARDS.map(|(number, id_number)| {
        let mut new = sample_card(Generation::V2);
        new.id_number = IdNumber::new(id_number).unwrap();
        (new.number, new.pin) = (CardNumber::new(number).unwrap(), Pin::new(b"135790").unwrap());
        let record = record_of(&new, centre.hsm()).unwrap();
        centre.add_card(&CardRecord { account: ACCOUNT, pin_is_initial: false, ..record }).unwrap();
        (Rc::new(RefCell::new(ContactCard::new(make_card(&new, centre.hsm()).unwrap()))), new.number)
    });
    // Both at the same time: the clock is no help in telling them apart.
    let time = VirtualTime::new("2026-03-02T09:00".parse().unwrap());
    let (fates, late) = (VecDeque::new(), VecDeque::new());
    let world = Rc::new(RefCell::new(World { centre, time: time.clone(), fates, late }));
    let mut seed = 0;
    let tills = cards.map(|(card, number)| {
        seed += 1_000_000;
        let (world, time, flash) = (world.clone(), time.clone(), Flash::new((PAGES + JOURNAL) as usize, seed));
        Till { world, time, flash, card, number, paid: Rc::default(), seed, visit: None, reasons: Vec::new() }
    });
    (world, tills)
}

fn release(world: &RefCell<World>) {
    world.borrow_mut().centre.release(InstitutionCode::new(PHARMACY).unwrap(), NAME).unwrap();
}

/// Everything late arrives; then each till works once more, undisturbed, when the other has lost the name.
fn settle(world: &RefCell<World>, tills: &mut [Till; 2]) -> Result<(), TestCaseError> {
    world.borrow_mut().fates.clear();
    let late = std::mem::take(&mut world.borrow_mut().late);
    for message in late {
        world.borrow_mut().arrives(&message);
    }
    for till in &mut *tills {
        till.visit = None;
    }
    for till in &mut *tills {
        release(world);
        let report = (0..200).find_map(|_| till.works()).expect("the visit comes to an end");
        prop_assert_eq!(report.outcome, Outcome::Approved, "{:?}", report.reason);
    }
    for till in &*tills {
        let account = world.borrow().centre.card(&till.number).unwrap().unwrap().account;
        prop_assert_eq!(account.0, ACCOUNT.0 - PRICE.0 * till.paid.get(), "charged is not what the screens showed");
        let journal = world.borrow().centre.journal().unwrap();
        let own = journal.iter().filter(|line| line.card == Some(till.number) && line.stan.is_some());
        let stands = own.filter(|line| line.outcome == Outcome::Approved && !line.reversed).count();
        prop_assert_eq!(stands as u64, till.paid.get(), "a finished sale was undone, or one is open");
    }
    Ok(())
}

fn any_step() -> impl Strategy<Value = Step> {
    prop_oneof![
        20 => (0..2usize).prop_map(Step::Works),
        1 => (0..2usize).prop_map(Step::Cut),
        1 => Just(Step::Arrives),
        1 => Just(Step::Released),
    ]
}

fn any_fate() -> impl Strategy<Value = Fate> {
    prop_oneof![6 => Just(Fate::Answered), 1 => Just(Fate::Lost), 1 => Just(Fate::AnswerLost), 1 => Just(Fate::Late)]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    /// docs/design.md §1, invariants 1 and 3; docs/centre.md §12.
    #[test]
    fn two_terminals_of_one_name_harm_no_holder(
        steps in prop::collection::vec(any_step(), 1..200),
        fates in prop::collection::vec(any_fate(), 0..60),
    ) {
        let (world, mut tills) = tills();
        world.borrow_mut().fates = fates.into();
        for step in steps {
            match step {
                Step::Works(till) => drop(tills[till].works()),
                Step::Cut(till) => tills[till].visit = None,
                Step::Arrives => {
                    let message = world.borrow_mut().late.pop_front();
                    message.into_iter().for_each(|message| {
                        drop(world.borrow_mut().arrives(&message));
                    });
                }
                Step::Released => release(&world),
            }
        }
        settle(&world, &mut tills)?;
    }
}

#[test]
fn the_second_terminal_of_a_name_is_told_so_and_the_first_goes_on() {
    let (world, mut tills) = tills();
    let mut serve = |till: usize| (0..200).find_map(|_| tills[till].works()).expect("the visit comes to an end");
    assert_eq!(serve(0).outcome, Outcome::Approved);
    let refused = serve(1);
    assert_eq!((refused.outcome, refused.reason), (Outcome::Refused, Some(Reason::NameTaken)));
    assert_eq!((refused.card, refused.stan), (None, None), "before anything is asked about the holder");
    assert_eq!(serve(0).stan, Some(Stan(2)));
    release(&world);
    assert_eq!(serve(1).stan, Some(Stan(1)), "in a batch of its own");
    assert_eq!(serve(0).reason, Some(Reason::NameTaken));
    assert_eq!(tills[0].reasons, [Reason::NameTaken]);
    settle(&world, &mut tills).unwrap();
}
