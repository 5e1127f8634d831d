//! Power cuts during a visit: the terminal application on a flash, with the real centre, is cut at every byte that it
//! writes and at every message. Also the order in which it notes and sends.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::future::{pending, poll_fn};
use std::rc::Rc;
use std::task::Poll;

use embassy_futures::block_on;
use embassy_futures::select::{Either, select};
use rand_chacha::ChaCha8Rng;
use rand_core::SeedableRng;

use qiyong::in_process::{InProcess, make_card, record_of};
use qiyong_firmware::slot::{ContactSlot, SlotConfig};
use qiyong_firmware::storage::Store;
use qiyong_firmware::terminal::{
    Cause, CentreLink, Memory, MemoryError, NoPin, Operator, RamMemory, Report, Settings, Terminal, Unanswered,
    WhichPin,
};
use qiyong_firmware::ui::{Screen, reason_text};
use qiyong_protocol::card::codes::CardNumber;
use qiyong_protocol::card::date::Timestamp;
use qiyong_protocol::card::files::Generation;
use qiyong_protocol::card::pin::Pin;
use qiyong_protocol::centre::{Answer, Batch, Body, Lease, LinkError, Original, Request, Stan, TerminalId, Token};
use qiyong_protocol::rules::decision::{CardRecord, Institution, Operation};
use qiyong_protocol::rules::institution::InstitutionCode;
use qiyong_protocol::rules::money::{Bill, Fen};
use qiyong_protocol::rules::reason::{Outcome, Reason};
use qiyong_sim::card::contact::ContactCard;
use qiyong_sim::line::{SharedCard, SimulatedLine, VirtualLine};
use qiyong_sim::time::VirtualTime;
use qiyong_tests::flash::Flash;
use qiyong_tests::parallel::in_parallel;
use qiyong_tests::sample_card;

const PHARMACY: &str = "P32010000017";
const ACCOUNT: Fen = Fen(50_000);
const PRICE: Fen = Fen(3_000);
/// Pages of the flash, with four records each: one visit in two erases a page.
const PAGES: u32 = 3;

/// What the terminal requested of its surroundings, in order.
type Notes = Rc<RefCell<Vec<String>>>;

/// What happens to a message to the centre.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Fate {
    Answered,
    /// The centre acts on it, and the power fails before the answer arrives.
    CutAfter,
    /// The power fails before it is sent.
    CutBefore,
    /// The centre acts on it, and the answer is lost.
    AnswerLost,
    Lost,
    /// It cannot be written, so that no byte of it leaves.
    Unsent,
    /// The centre does not trust it, and says so.
    Rejected,
    /// The centre acts on it, and the line fails.
    LineFailed,
}

/// The link to the centre, with the fate of each message, by its number.
struct Link {
    centre: Rc<RefCell<InProcess>>,
    notes: Notes,
    fates: BTreeMap<usize, Fate>,
    messages: usize,
    flash: Flash,
    /// Numbers of the transactions that were sent.
    sent: Rc<RefCell<Vec<Stan>>>,
}

impl CentreLink for Link {
    async fn ask(&mut self, request: &Request<'_>) -> Result<Answer, LinkError> {
        let fate = self.fates.get(&self.messages).copied().unwrap_or(Fate::Answered);
        self.messages += 1;
        if fate == Fate::CutBefore {
            self.flash.cut_after(0);
        }
        if self.flash.is_off() {
            return pending().await;
        }
        if fate == Fate::Unsent {
            self.notes.borrow_mut().push("unsent".to_string());
            return Err(LinkError::Unwritable { field: 41 });
        }
        let note = match &request.body {
            Body::Transact { stan, .. } => {
                self.sent.borrow_mut().push(*stan);
                format!("send transaction {}", stan.0)
            }
            Body::Reverse { stan, .. } if request.institution.as_str() != PHARMACY => {
                format!("send reversal {} as {}", stan.0, request.institution)
            }
            Body::Reverse { stan, .. } => format!("send reversal {}", stan.0),
            Body::Report { reason, .. } => format!("report {reason}"),
            _ => "ask".to_string(),
        };
        self.notes.borrow_mut().push(note);
        match fate {
            Fate::Lost => return Err(LinkError::NoAnswer),
            Fate::Rejected => return Err(LinkError::Rejected(*b"A0")),
            _ => {}
        }
        let answer = self.centre.borrow_mut().handle(request).expect("the centre works");
        if fate == Fate::CutAfter {
            self.flash.cut_after(0);
            return pending().await;
        }
        match fate {
            Fate::AnswerLost => Err(LinkError::NoAnswer),
            Fate::LineFailed => Err(LinkError::Failed),
            _ => Ok(answer),
        }
    }
}

/// A memory that writes down every call, and fails where it is told to.
struct Recording<M> {
    memory: M,
    notes: Notes,
    /// Which call fails, from 0.
    fails: Option<usize>,
    calls: usize,
}

impl<M> Recording<M> {
    fn note(&mut self, what: &str) -> Result<(), MemoryError> {
        self.notes.borrow_mut().push(what.to_string());
        self.calls += 1;
        if self.fails == Some(self.calls - 1) { Err(MemoryError::Worn) } else { Ok(()) }
    }
}

impl<M: Memory> Memory for Recording<M> {
    fn unanswered(&self) -> Result<Option<Unanswered>, MemoryError> {
        self.memory.unanswered()
    }

    fn token(&mut self, fresh: Token) -> Result<Token, MemoryError> {
        self.memory.token(fresh)
    }

    fn keep_lease(&mut self, settings: &Settings, lease: Lease) -> Result<(), MemoryError> {
        self.memory.keep_lease(settings, lease)
    }

    fn batch(&self, settings: &Settings) -> Option<Batch> {
        self.memory.batch(settings)
    }

    fn begin(&mut self, settings: &Settings, original: Original) -> Result<(Batch, Stan), MemoryError> {
        self.note("note transaction")?;
        self.memory.begin(settings, original)
    }

    fn end(&mut self) -> Result<(), MemoryError> {
        self.note("note end")?;
        self.memory.end()
    }
}

/// A holder who knows the PIN, and an operator who writes down the screens.
struct Desk(Notes);

impl Operator for Desk {
    fn show(&mut self, screen: &Screen) {
        if matches!(screen, Screen::Approved { .. } | Screen::NotDone(_)) {
            self.0.borrow_mut().push(format!("show {}", screen.text().english));
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

type Till<M> = Terminal<ContactSlot<VirtualLine>, Link, Desk, VirtualTime, ChaCha8Rng, M>;

/// A pharmacy with its terminal's flash, a card that is not yet in use, and the centre.
struct Pharmacy {
    centre: Rc<RefCell<InProcess>>,
    card: SharedCard,
    number: CardNumber,
    flash: Flash,
    notes: Notes,
    sent: Rc<RefCell<Vec<Stan>>>,
}

impl Pharmacy {
    fn new(seed: u64) -> Self {
        let code = InstitutionCode::new(PHARMACY).unwrap();
        let mut centre = InProcess::new().unwrap();
        for code in [code, InstitutionCode::new("H32010000561").unwrap()] {
            centre.add_institution(&Institution { code, designated: true, issues_cards: true }).unwrap();
        }
        let mut new = sample_card(Generation::V3);
        new.pin = Pin::new(b"135790").unwrap();
        let record = CardRecord { account: ACCOUNT, pin_is_initial: false, ..record_of(&new, centre.hsm()).unwrap() };
        centre.add_card(&record).unwrap();
        let card = Rc::new(RefCell::new(ContactCard::new(make_card(&new, centre.hsm()).unwrap())));
        Self {
            centre: Rc::new(RefCell::new(centre)),
            card,
            number: new.number,
            flash: Flash::new(PAGES as usize, seed),
            notes: Notes::default(),
            sent: Rc::default(),
        }
    }

    /// The terminal, after its start.
    fn terminal<M: Memory>(&self, memory: M, fates: &[(usize, Fate)]) -> Till<M> {
        let time = VirtualTime::new("2026-03-02T09:00".parse().unwrap());
        let mut line = VirtualLine::new(time.clone());
        line.set_card(Some(self.card.clone()));
        let link = Link {
            centre: self.centre.clone(),
            notes: self.notes.clone(),
            fates: fates.iter().copied().collect(),
            messages: 0,
            flash: self.flash.clone(),
            sent: self.sent.clone(),
        };
        let institution = InstitutionCode::new(PHARMACY).unwrap();
        let settings = Settings::at(institution, TerminalId(*b"00000001"));
        let random = ChaCha8Rng::seed_from_u64(1);
        let slot = ContactSlot::new(line, SlotConfig::default());
        Terminal::new(slot, link, Desk(self.notes.clone()), time, random, memory, settings)
    }

    /// Starts the terminal and serves the holder; `None` if the power failed before the end.
    fn start_and_serve(&self, fates: &[(usize, Fate)]) -> Option<Report> {
        let store = Store::<_, PAGES>::open(self.flash.clone(), None);
        self.serve(&mut self.terminal(store, fates))
    }

    fn serve<M: Memory>(&self, terminal: &mut Till<M>) -> Option<Report> {
        let operation = Operation::Purchase(Bill::new(PRICE, Fen(0)).unwrap());
        let dark = poll_fn(|_| if self.flash.is_off() { Poll::Ready(()) } else { Poll::Pending });
        match block_on(select(dark, terminal.serve(&operation))) {
            Either::First(()) => None,
            Either::Second(report) => Some(report),
        }
    }

    fn account(&self) -> Fen {
        self.centre.borrow().card(&self.number).unwrap().unwrap().account
    }

    /// Whatever happened: the next visit is approved, and the centre has charged exactly the approved amounts.
    fn next_visit_settles_everything(&self, approved: usize, case: &str) {
        self.flash.power_on();
        let report = self.start_and_serve(&[]).expect("the power stays on");
        assert_eq!(report.outcome, Outcome::Approved, "{case}: {report:?}");
        let paid = PRICE.0 * (approved as u64 + 1);
        assert_eq!(self.account().0, ACCOUNT.0 - paid, "{case}: {:?}", self.notes.borrow());
        let sent = self.sent.borrow();
        assert!(sent.windows(2).all(|pair| pair[0] < pair[1]), "{case}: {sent:?}");
    }
}

fn approved(report: Option<&Report>) -> usize {
    report.is_some_and(|report| report.outcome == Outcome::Approved).into()
}

/// docs/card.md §5.5; docs/design.md §1, invariants 1 and 3.
#[test]
fn a_transaction_is_noted_before_it_is_sent_and_taken_off_before_it_is_shown() {
    let pharmacy = Pharmacy::new(0);
    let recording = |fails| {
        pharmacy.notes.borrow_mut().clear();
        Recording { memory: RamMemory::new(Stan(7)), notes: pharmacy.notes.clone(), fails, calls: 0 }
    };
    let notes = || pharmacy.notes.borrow().iter().filter(|note| *note != "ask").cloned().collect::<Vec<_>>();

    let mut terminal = pharmacy.terminal(recording(None), &[]);
    assert_eq!(pharmacy.serve(&mut terminal).unwrap().outcome, Outcome::Approved);
    assert_eq!(notes(), ["note transaction", "send transaction 7", "note end", "show Paid, card activated"]);
    let messages = terminal.link().messages;

    // No answer: the end is noted when the reversal is acknowledged.
    let fates = [(messages - 1, Fate::Lost), (messages, Fate::AnswerLost)];
    let mut terminal = pharmacy.terminal(recording(None), &fates);
    assert_eq!(pharmacy.serve(&mut terminal).unwrap().reason, Some(Reason::NoAnswer));
    let sent = ["note transaction", "send transaction 8", "send reversal 8", "send reversal 8", "note end"];
    assert_eq!(notes()[..5], sent);
    assert!(!terminal.has_unanswered());

    // If something cannot be noted, it is not sent.
    let mut terminal = pharmacy.terminal(recording(Some(0)), &[]);
    assert_eq!(pharmacy.serve(&mut terminal).unwrap().reason, Some(Reason::StorageFailed));
    assert_eq!(notes(), ["note transaction", "report storage-failed", "show Storage worn, call service"]);

    // If an answer cannot be noted, the transaction is undone, because the next start would undo it.
    let before = pharmacy.account();
    pharmacy.notes.borrow_mut().clear();
    let memory = Recording { memory: RamMemory::new(Stan(9)), notes: pharmacy.notes.clone(), fails: Some(1), calls: 0 };
    let mut terminal = pharmacy.terminal(memory, &[]);
    assert_eq!(pharmacy.serve(&mut terminal).unwrap().reason, Some(Reason::StorageFailed));
    assert_eq!(notes()[..5], ["note transaction", "send transaction 9", "note end", "send reversal 9", "note end"]);
    assert_eq!(pharmacy.account(), before);
}

/// Each way in which a message gets no answer: what the report says, and whether the transaction is reversed.
#[test]
fn only_what_certainly_never_left_goes_without_a_reversal() {
    let ways = [
        (Fate::Unsent, Reason::NotSent, Some(LinkError::Unwritable { field: 41 })),
        (Fate::Rejected, Reason::Rejected, Some(LinkError::Rejected(*b"A0"))),
        (Fate::LineFailed, Reason::NoAnswer, Some(LinkError::Failed)),
        (Fate::AnswerLost, Reason::NoAnswer, None),
        (Fate::Lost, Reason::NoAnswer, None),
    ];
    for (fate, reason, error) in ways {
        let pharmacy = Pharmacy::new(0);
        // In a visit without errors, the last message is the transaction.
        let mut terminal = pharmacy.terminal(RamMemory::new(Stan(1)), &[]);
        pharmacy.serve(&mut terminal).unwrap();
        let transaction = terminal.link().messages - 1;
        let before = pharmacy.account();

        pharmacy.notes.borrow_mut().clear();
        let memory =
            Recording { memory: RamMemory::new(Stan(7)), notes: pharmacy.notes.clone(), fails: None, calls: 0 };
        let mut terminal = pharmacy.terminal(memory, &[(transaction, fate)]);
        let report = pharmacy.serve(&mut terminal).unwrap();
        assert_eq!((report.outcome, report.reason), (Outcome::Failed, Some(reason)), "{fate:?}");
        assert_eq!(report.cause.and_then(|code| code.cause()), error.map(Cause::Link), "{fate:?}");
        let notes: Vec<_> = pharmacy.notes.borrow().iter().filter(|note| *note != "ask").cloned().collect();
        let shown = format!("show {}", reason_text(reason).0);
        let reported = format!("report {reason}");
        if fate == Fate::Unsent {
            assert_eq!(report.stan, None, "none was sent");
            assert_eq!(notes, ["note transaction", "unsent", "note end", &reported, &shown]);
        } else {
            assert_eq!(report.stan, Some(Stan(7)), "{fate:?}");
            let sent = ["note transaction", "send transaction 7", "send reversal 7", "note end", &reported, &shown];
            assert_eq!(notes, sent, "{fate:?}");
        }
        assert!(!terminal.has_unanswered(), "{fate:?}");
        assert_eq!(pharmacy.account(), before, "{fate:?}");
    }
}

/// A centre that no longer trusts any message of this terminal: the duty to reverse stays, and every visit reports what
/// is wrong.
#[test]
fn a_reversal_that_is_rejected_stays_due_and_is_not_repeated_in_vain() {
    let pharmacy = Pharmacy::new(0);
    let mut terminal = pharmacy.terminal(RamMemory::new(Stan(1)), &[]);
    pharmacy.serve(&mut terminal).unwrap();
    let transaction = terminal.link().messages - 1;
    pharmacy.notes.borrow_mut().clear();
    let rejected: Vec<_> = (transaction..transaction + 5).map(|number| (number, Fate::Rejected)).collect();
    let mut terminal = pharmacy.terminal(RamMemory::new(Stan(7)), &rejected);
    for visit in ["send transaction 7", "report message-rejected"] {
        let report = pharmacy.serve(&mut terminal).unwrap();
        assert_eq!(report.reason, Some(Reason::Rejected));
        let cause = report.cause.and_then(|code| code.cause());
        assert_eq!(cause, Some(Cause::Link(LinkError::Rejected(*b"A0"))));
        assert!(terminal.has_unanswered());
        let notes = std::mem::take(&mut *pharmacy.notes.borrow_mut());
        assert_eq!(notes.iter().filter(|note| *note == "send reversal 7").count(), 1, "{visit}: {notes:?}");
        assert!(notes.contains(&visit.to_string()), "{notes:?}");
    }
    assert_eq!(pharmacy.serve(&mut terminal).unwrap().outcome, Outcome::Approved);
}

#[test]
fn what_was_sent_under_another_name_is_reversed_under_that() {
    let pharmacy = Pharmacy::new(0);
    let mut store = Store::<_, PAGES>::open(pharmacy.flash.clone(), None);
    let institution = InstitutionCode::new("H32010000561").unwrap();
    let elsewhere = Settings::at(institution, TerminalId(*b"00000009"));
    store.keep_lease(&elsewhere, Lease { batch: Batch(1), next: Stan(1) }).unwrap();
    store.begin(&elsewhere, Original { card: pharmacy.number, total: PRICE, time: Timestamp::UNSET }).unwrap();
    let mut store = Store::<_, PAGES>::open(pharmacy.flash.clone(), None);
    store.set_up(InstitutionCode::new(PHARMACY).unwrap(), TerminalId(*b"00000001"), Stan(1)).unwrap();
    assert_eq!(pharmacy.serve(&mut pharmacy.terminal(store, &[])).unwrap().outcome, Outcome::Approved);
    let notes = pharmacy.notes.borrow();
    assert_eq!(notes[0], "send reversal 1 as H32010000561");
    assert!(notes.contains(&"send transaction 1".to_string()), "its number is the new name's: {notes:?}");
}

#[test]
fn power_may_fail_at_any_byte_of_a_visit() {
    let whole = Pharmacy::new(0);
    for _ in 0..2 {
        assert_eq!(whole.start_and_serve(&[]).unwrap().outcome, Outcome::Approved);
    }
    let before = whole.flash.work();
    assert_eq!(whole.start_and_serve(&[]).unwrap().outcome, Outcome::Approved);
    let work = whole.flash.work() - before;
    assert!(work > 512, "the third visit erases a page");
    let cuts: Vec<u64> = (0..work).collect();
    let cut_short = in_parallel(&cuts, |&cut| {
        let pharmacy = Pharmacy::new(cut);
        for _ in 0..2 {
            pharmacy.start_and_serve(&[]).unwrap();
        }
        pharmacy.flash.cut_after(cut + 1);
        let report = pharmacy.start_and_serve(&[]);
        pharmacy.next_visit_settles_everything(2 + approved(report.as_ref()), &format!("cut at {cut}"));
        report.is_none()
    });
    let cut_short = cut_short.iter().filter(|short| **short).count();
    assert!(cut_short >= 112, "at least one record's bytes are written in the visit itself: {cut_short}");
}

/// A cut between noting a transaction and removing it as one that was never sent.
#[test]
fn power_may_fail_at_any_byte_when_the_transaction_was_not_sent() {
    let whole = Pharmacy::new(0);
    let mut terminal = whole.terminal(<Store<Flash>>::open(whole.flash.clone(), None), &[]);
    whole.serve(&mut terminal).unwrap();
    let unsent = [(terminal.link().messages - 1, Fate::Unsent)];
    let first = whole.flash.work();
    assert_eq!(whole.start_and_serve(&unsent).unwrap().reason, Some(Reason::NotSent));
    // The last record of the visit, in bytes with its header.
    let work = whole.flash.work() - first;
    for cut in work - 112..work {
        let pharmacy = Pharmacy::new(cut);
        pharmacy.start_and_serve(&[]).unwrap();
        pharmacy.flash.cut_after(cut + 1);
        let report = pharmacy.start_and_serve(&unsent);
        assert_eq!(approved(report.as_ref()), 0);
        pharmacy.next_visit_settles_everything(1, &format!("cut at {cut}"));
    }
}

#[test]
fn power_may_fail_at_any_message_of_a_visit() {
    let whole = Pharmacy::new(0);
    let store = Store::<_, PAGES>::open(whole.flash.clone(), None);
    let mut terminal = whole.terminal(store, &[]);
    whole.serve(&mut terminal).unwrap();
    let messages = terminal.link().messages;
    let fates =
        [Fate::CutBefore, Fate::CutAfter, Fate::AnswerLost, Fate::Lost, Fate::Unsent, Fate::Rejected, Fate::LineFailed];
    // A visit that fails sends more messages: reversals, and a report.
    for (number, fate) in (0..messages + 4).flat_map(|number| fates.map(|fate| (number, fate))) {
        for (later, next) in [(1, Fate::Answered), (1, Fate::CutAfter), (2, Fate::CutBefore)] {
            let pharmacy = Pharmacy::new(number as u64);
            let report = pharmacy.start_and_serve(&[(number, fate), (number + later, next)]);
            let case = format!("message {number} {fate:?}, then {next:?}: {report:?}");
            pharmacy.next_visit_settles_everything(approved(report.as_ref()), &case);
        }
    }
}
