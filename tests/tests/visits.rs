//! Faults at every step of a visit: the card is pulled at every character, every message is lost. Terminal, slot and
//! engines are the firmware's own; the centre is the real one.

#[path = "visits/line_faults.rs"]
mod line_faults;
#[path = "visits/torn_pin.rs"]
mod torn_pin;

use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;

use qiyong::in_process::{InProcess, make_card, record_of};
use qiyong_firmware::terminal::{Duties, Report};
use qiyong_protocol::card::codes::CardNumber;
use qiyong_protocol::card::files::Generation;
use qiyong_protocol::card::issue::NewCard;
use qiyong_protocol::card::pin::Pin;
use qiyong_protocol::card::status::CardStatus;
use qiyong_protocol::ecr::Formality;
use qiyong_protocol::iso7816::t0::AckStyle;
use qiyong_protocol::rules::decision::{CardRecord, Institution, Operation};
use qiyong_protocol::rules::document::{Document, DocumentKind, Validity};
use qiyong_protocol::rules::institution::InstitutionCode;
use qiyong_protocol::rules::money::{Bill, Fen};
use qiyong_protocol::rules::reason::{Outcome, Reason};
use qiyong_sim::capture;
use qiyong_sim::card::contact::{ContactCard, Misbehaviour, PpsHabit};
use qiyong_sim::line::{Disturbance, Fault, LineEvent, PullDuring, SharedCard};
use qiyong_sim::serial::wire::ByteFault;
use qiyong_sim::time::{CLOCK_HZ, VirtualTime};
use qiyong_sim::world::efficiency::{Efficiency, least_characters};
use qiyong_sim::world::event::Event;
use qiyong_sim::world::visit::{CancelAt, Delivery, LinkTrouble, Visit};
use qiyong_sim::world::{World, WorldTerminal};
use qiyong_tests::parallel::in_parallel;
use qiyong_tests::sample_card;
use qiyong_tests::vcd::Vcd;

/// A deactivation takes at most one etu of 372 cycles, in ns. Clause 6.4 sets no limit; this is ours.
const DEACTIVATION_NS: u64 = 104_167;
/// How long the slot waits before that for a card that allows its clock to be stopped, in ns.
const CLOCK_STOP_NS: u64 = 520_834;

const ACCOUNT: Fen = Fen(50_000);

/// One terminal at one institution, and one card not yet in use.
struct Place {
    world: World<InProcess>,
    terminal: WorldTerminal,
    card: SharedCard,
    number: CardNumber,
    operation: Operation,
}

impl Place {
    fn new(generation: Generation, institution: &str) -> Self {
        Self::over(0, generation, institution)
    }

    /// With a card that speaks T=`protocol`.
    fn over(protocol: u8, generation: Generation, institution: &str) -> Self {
        let code = InstitutionCode::new(institution).unwrap();
        let mut centre = InProcess::lent().unwrap();
        centre.add_institution(&Institution::of_region(code)).unwrap();
        let new = NewCard { protocol, ..sample_card(generation) };
        let record = CardRecord { account: ACCOUNT, ..record_of(&new, centre.hsm()).unwrap() };
        centre.add_card(&record).unwrap();
        let card = Rc::new(RefCell::new(ContactCard::new(make_card(&new, centre.hsm()).unwrap())));
        let operation = match institution.as_bytes()[0] {
            b'B' => Operation::Apply {
                document: Some(Document {
                    kind: DocumentKind::IdCard,
                    number: record.id_number.into(),
                    name: record.name.clone(),
                    valid_until: Validity::LongTerm,
                }),
            },
            b'H' => Operation::Settle(Bill::new(Fen(10_000), Fen(7_000)).unwrap()),
            _ => Operation::Purchase(Bill::new(Fen(3_000), Fen(0)).unwrap()),
        };
        let world = World::new(VirtualTime::new("2026-03-02T09:00".parse().unwrap()), centre);
        let terminal = world.terminal(code, 1, 1);
        Self { world, terminal, card, number: new.number, operation }
    }

    /// A visit of a holder who knows the PIN, also after a change, and replaces it when asked to.
    fn visit(&mut self, pull_at: Option<u64>, trouble: LinkTrouble) -> Report {
        let faults = pull_at.map(|at| Fault { at, what: Disturbance::Pull }).into_iter().collect();
        self.visit_with(Visit { faults, trouble, ..Visit::default() })
    }

    /// The same, with the disturbances in `visit`.
    fn visit_with(&mut self, visit: Visit) -> Report {
        let pins = VecDeque::from([self.card.borrow().card.pin.value.clone()]);
        let new_pins = [&b"271828"[..], b"314159"].into_iter().map(|pin| Pin::new(pin).unwrap());
        let new_pins = new_pins.filter(|pin| *pin != pins[0]).collect();
        let visit = Visit { pins, new_pins, ..visit };
        self.terminal.serve(&self.operation, Some(self.card.clone()), visit).expect("till and terminal work")
    }

    fn record(&self) -> CardRecord {
        self.world.centre.borrow().card(&self.number).unwrap().unwrap()
    }

    /// The number of characters of the last visit on the line.
    fn characters(&self) -> u64 {
        let character =
            |event: &&(u64, Event)| matches!(event.1, Event::Line(_, LineEvent::ToCard(_) | LineEvent::FromCard(_)));
        self.world.events.borrow().iter().filter(character).count() as u64
    }

    fn messages(&self) -> usize {
        self.world.events.borrow().iter().filter(|(_, event)| matches!(event, Event::Message { .. })).count()
    }
}

const CASES: [(Generation, &str); 4] = [
    (Generation::V1, "B32010000001"),
    (Generation::V2, "H32010000561"),
    (Generation::V3, "P32010000017"),
    (Generation::V3, "B32010000001"),
];

/// What the holder pays for an approved visit.
fn share(operation: &Operation) -> u64 {
    operation.bill().map_or(0, |bill| bill.share().0)
}

#[test]
fn an_undisturbed_visit_activates_and_breaks_no_rule_of_the_line() {
    for (protocol, (generation, institution)) in CASES.into_iter().flat_map(|case| [(0, case), (1, case)]) {
        let mut place = Place::over(protocol, generation, institution);
        let report = place.visit(None, LinkTrouble::None);
        assert_eq!((report.outcome, report.effects.activates, report.pin_changed), (Outcome::Approved, true, true));
        assert_eq!(place.terminal.findings(), []);
        let again = place.visit(None, LinkTrouble::None);
        assert_eq!((again.outcome, again.effects.activates), (Outcome::Approved, false));
    }
}

/// Byte by byte or all at once: the card decides how it takes its data (ISO/IEC 7816-3 clause 10.3.3).
#[test]
fn a_card_that_acknowledges_each_byte_is_served_as_well() {
    let mut place = Place::new(Generation::V3, "P32010000017");
    place.card.borrow_mut().card.habits.procedure = AckStyle::EachByte;
    assert!(place.visit(None, LinkTrouble::None).effects.activates);
}

/// Clause 9: a card that agrees uses the fast rate; any other is served at the default rate, if necessary after a new
/// reset.
#[test]
fn however_a_card_answers_pps_it_is_served() {
    for (style, cycles_per_etu) in
        [(PpsHabit::AsAsked, 16), (PpsHabit::NoPps1, 372), (PpsHabit::Silent, 372), (PpsHabit::WrongPck, 372)]
    {
        let mut place = Place::new(Generation::V3, "P32010000017");
        place.card.borrow_mut().card.habits.pps = style;
        let report = place.visit(None, LinkTrouble::None);
        assert!(report.effects.activates, "{style:?}: {report:?}");
        assert_eq!(place.terminal.findings(), []);
        let events = place.world.events.borrow();
        let last = events.iter().rev().find_map(|(_, event)| match event {
            Event::Line((fi, di), LineEvent::FromCard(_)) => Some(fi / u16::from(*di)),
            _ => None,
        });
        assert_eq!(last, Some(cycles_per_etu), "{style:?}");
    }
}

#[test]
fn a_card_pulled_at_any_character_ends_cleanly_and_works_the_next_time() {
    let mut cases = Vec::new();
    for (protocol, (generation, institution)) in CASES.into_iter().flat_map(|case| [(0, case), (1, case)]) {
        let mut whole = Place::over(protocol, generation, institution);
        whole.visit(None, LinkTrouble::None);
        let characters = whole.characters();
        assert!(characters > 250, "a visit has hundreds of characters, this one {characters}");
        cases.extend((0..characters).map(|at| (protocol, generation, institution, at)));
    }
    in_parallel(&cases, |&(protocol, generation, institution, at)| {
        let mut place = Place::over(protocol, generation, institution);
        let report = place.visit(Some(at), LinkTrouble::None);
        let paid = match report.outcome {
            // At a bank, the change of the PIN is offered when everything is done: pulling the card then undoes
            // nothing.
            Outcome::Approved if institution.starts_with('B') => {
                assert!(report.effects.activates && !report.pin_changed);
                share(&place.operation)
            }
            _ => {
                assert_eq!(report.reason, Some(Reason::CardRemoved));
                assert_eq!(place.record().status, CardStatus::Inactive);
                0
            }
        };
        assert_eq!(place.record().account.0, ACCOUNT.0 - paid);
        assert_eq!(place.terminal.findings(), []);
        assert_deactivated(&place.world.events.borrow(), "pulled");
        let next = place.visit(None, LinkTrouble::None);
        assert_eq!(next.outcome, Outcome::Approved, "{next:?}");
        assert_eq!(place.record().status, CardStatus::Active);
        assert_eq!(place.record().account.0, ACCOUNT.0 - share(&place.operation));
    });
}

/// Clause 6.4, read from the VCD: at the end RST, CLK, I/O and VCC go down in this order, within a bound of our own,
/// and stay down. Returns when RST fell, in ns.
fn assert_deactivated(events: &[(u64, Event)], place: &str) -> u64 {
    let text = String::from_utf8(capture::vcd(events.iter()).unwrap()).unwrap();
    let vcd = Vcd::parse(&text);
    let fell = ["RST", "CLK_ON", "IO", "VCC"].map(|signal| vcd.falls(signal).last().unwrap_or_default());
    assert!(fell.is_sorted_by(|a, b| a < b), "{place}: {fell:?}");
    assert!(fell[3] - fell[0] <= DEACTIVATION_NS, "{place}: {fell:?}");
    let down = ["RST", "CLK_ON", "IO", "VCC"].map(|signal| vcd.level(signal, u64::MAX));
    assert_eq!(down, ['0'; 4], "{place}");
    fell[0]
}

/// "Removal at any instant": while the holder keys and while the centre works, nothing is sent on the line;
/// nevertheless, contacts without a card go down at once.
#[test]
fn a_card_pulled_while_somebody_is_waited_for_is_noticed_at_once() {
    for (protocol, pull_during) in
        [PullDuring::Pin, PullDuring::NewPin].into_iter().flat_map(|pull| [(0, pull), (1, pull)])
    {
        let mut place = Place::over(protocol, Generation::V3, "P32010000017");
        let report = place.visit_with(Visit { pull_during: Some(pull_during), ..Visit::default() });
        assert_eq!(report.reason, Some(Reason::CardRemoved), "{pull_during:?}");
        assert_eq!(place.record().status, CardStatus::Inactive);
        assert_eq!(place.terminal.findings(), []);
        let events = place.world.events.take();
        let fell = assert_deactivated(&events, "pulled while keying");
        // The holder keys for four seconds before pulling the card.
        let asked = events.iter().rposition(|(_, event)| match (event, pull_during) {
            (Event::Screen(text), PullDuring::Pin) => text.english == "Enter PIN",
            (Event::Screen(text), _) => text.english.starts_with("Initial PIN"),
            _ => false,
        });
        let pulled = events[asked.expect("the screen")].0 + 4 * CLOCK_HZ;
        let late = fell.abs_diff((u128::from(pulled) * 1_000_000_000 / u128::from(CLOCK_HZ)) as u64);
        assert!(late <= DEACTIVATION_NS + CLOCK_STOP_NS, "{late} ns");
        assert!(place.visit(None, LinkTrouble::None).effects.activates);
    }
    for protocol in [0, 1] {
        let mut place = Place::over(protocol, Generation::V3, "P32010000017");
        let visit = Visit { pull_during: Some(PullDuring::NewPinTaken), ..Visit::default() };
        let report = place.visit_with(visit);
        assert_eq!((report.reason, report.pin_changed), (Some(Reason::CardRemoved), false));
        assert_eq!(place.card.borrow().card.pin.value, Pin::new(b"271828").unwrap(), "the card has the new PIN");
        assert_eq!(place.terminal.unplayed(), []);
        assert_eq!(place.terminal.findings(), []);
        assert_deactivated(&place.world.events.take(), "pulled with the new PIN");
    }
    let mut place = Place::new(Generation::V3, "P32010000017");
    let report = place.visit_with(Visit { pull_during: Some(PullDuring::Transaction), ..Visit::default() });
    assert_eq!(report.outcome, Outcome::Approved, "the centre has carried it out");
    assert!(!place.terminal.duties().reversal);
    assert_deactivated(&place.world.events.borrow(), "pulled during the transaction");
}

/// docs/design.md §1, invariants 1 to 3: whichever message or answer is lost, when the link works again nobody is
/// charged twice or for nothing, and *activated* has a cause.
#[test]
fn a_message_lost_at_any_step_leaves_terminal_and_centre_agreed() {
    for (generation, institution) in CASES {
        let mut whole = Place::new(generation, institution);
        whole.visit(None, LinkTrouble::None);
        let messages = whole.messages();
        assert!(messages >= 3);
        // A visit that fails sends more messages (reversal, report) than one that does not.
        for number in 0..messages + 4 {
            for arrives in [false, true] {
                let mut place = Place::new(generation, institution);
                let lost = if arrives { Delivery::UNANSWERED } else { Delivery::LOST };
                let report = place.visit_with(Visit { messages: [(number, lost)].into(), ..Visit::default() });
                let case =
                    format!("{generation:?} {institution}: message {number} lost, arrives {arrives}: {report:?}");
                let paid = if report.outcome == Outcome::Approved { share(&place.operation) } else { 0 };
                assert!(report.outcome == Outcome::Approved || report.reason == Some(Reason::NoAnswer), "{case}");
                // The reversal arrived during the same visit: the next message made good the lost one.
                assert!(!place.terminal.duties().reversal, "{case}");
                assert_eq!(place.record().account.0, ACCOUNT.0 - paid, "{case}");
                let active = place.record().status == CardStatus::Active;
                assert_eq!(active, report.effects.activates, "{case}");
                let next = place.visit(None, LinkTrouble::None);
                assert_eq!(next.outcome, Outcome::Approved, "{case}, then {next:?}");
                let paid = paid + share(&place.operation);
                assert_eq!(place.record().account.0, ACCOUNT.0 - paid, "{case}");
                assert_eq!(next.effects.activates, !report.effects.activates, "{case}");
            }
        }
    }
}

/// The same, for each byte of the serial line: a frame is lost whatever became of its byte, and so is nothing else.
#[test]
fn a_byte_disturbed_anywhere_on_the_serial_line_leaves_terminal_and_centre_agreed() {
    let mut whole = Place::new(Generation::V3, "P32010000017");
    whole.visit(None, LinkTrouble::None);
    let sent = whole.terminal.sent();
    assert!(sent.iter().all(|bytes| *bytes > 250), "{sent:?}");
    let cases: Vec<(usize, u64)> =
        [0, 1].into_iter().flat_map(|way| (0..sent[way]).step_by(2).map(move |at| (way, at))).collect();
    in_parallel(&cases, |&(way, at)| {
        // In turn, so that each kind meets each part of a frame.
        let (_, fault) = ByteFault::WORDS[(at / 2) as usize % ByteFault::WORDS.len()];
        let mut ways = [Vec::new(), Vec::new()];
        ways[way] = vec![(at, fault)];
        let [to_till, to_terminal] = ways;
        let mut place = Place::new(Generation::V3, "P32010000017");
        let report = place.visit_with(Visit { to_till, to_terminal, ..Visit::default() });
        let approved = report.outcome == Outcome::Approved;
        assert!(approved || report.reason == Some(Reason::NoAnswer), "{report:?}");
        assert!(!place.terminal.duties().reversal, "{report:?}");
        let paid = if approved { share(&place.operation) } else { 0 };
        assert_eq!(place.record().account.0, ACCOUNT.0 - paid, "{report:?}");
        let next = place.visit(None, LinkTrouble::None);
        assert_eq!(next.outcome, Outcome::Approved, "{report:?}, then {next:?}");
        assert_eq!(place.record().account.0, ACCOUNT.0 - paid - share(&place.operation));
    });
}

/// docs/card.md §5.5.
#[test]
fn a_reversal_that_does_not_get_through_is_sent_before_anything_else() {
    let mut place = Place::new(Generation::V2, "P32010000017");
    let report = place.visit(None, LinkTrouble::AnswerAndReversalsLost);
    assert_eq!(report.reason, Some(Reason::NoAnswer));
    assert!(place.terminal.duties().reversal);
    assert_eq!(place.record().account.0, ACCOUNT.0 - 3_000, "the centre took the money and does not know better");
    // As long as it is due, nothing else is done, not even with another card in the slot.
    let report = place.visit(None, LinkTrouble::Down);
    assert_eq!((report.reason, report.card), (Some(Reason::NoAnswer), None));
    let report = place.visit(None, LinkTrouble::None);
    assert_eq!((report.outcome, report.effects.activates), (Outcome::Approved, true));
    assert_eq!(place.record().account.0, ACCOUNT.0 - 3_000);
    let activations = place.world.centre.borrow().activations(&place.number).unwrap();
    let reversed: Vec<bool> = activations.iter().map(|activation| activation.reversed).collect();
    assert_eq!(reversed, [true, false]);
}

/// Whatever the centre refuses it for: only "done", "the number is another transaction's" and "it was confirmed" close a reversal. Whoever says
/// that the centre is busy or not reached has undone nothing.
#[test]
fn a_reversal_that_is_refused_stays_due_and_is_sent_again_at_the_next_visit() {
    let mut place = Place::new(Generation::V2, "P32010000017");
    place.visit(None, LinkTrouble::None);
    let refused = |reason| BTreeMap::from([(0, Delivery::refused(reason))]);
    let closing = [Reason::NumberReused, Reason::AlreadyConfirmed];
    for reason in Reason::ALL.iter().copied().filter(|reason| !closing.contains(reason)) {
        place.visit(None, LinkTrouble::AnswerLostThenBusy);
        place.world.events.borrow_mut().clear();
        let report = place.visit_with(Visit { messages: refused(reason), ..Visit::default() });
        assert_eq!((report.reason, report.card), (Some(reason), None), "nothing else is done");
        assert!(place.terminal.duties().reversal, "{reason}");
        assert_eq!(place.messages(), 1, "{reason}: who is refused does not ask again at once, nor report it");
        assert_eq!(place.record().account.0, ACCOUNT.0 - 6_000, "{reason}: the centre does not know better");
        place.visit_with(Visit { cancel: Some(CancelAt::Card), ..Visit::default() });
        assert!(!place.terminal.duties().reversal, "{reason}");
        assert_eq!(place.record().account.0, ACCOUNT.0 - 3_000, "{reason}");
    }
    for reason in closing {
        place.visit(None, LinkTrouble::AnswerLostThenBusy);
        assert!(place.terminal.duties().reversal);
        place.visit_with(Visit { messages: refused(reason), ..Visit::default() });
        assert!(!place.terminal.duties().reversal, "{reason}");
    }
}

/// The terminal does not stand still for ever because of one transaction: that is parked, and sent again after the next start.
#[test]
fn a_reversal_that_is_refused_again_and_again_is_parked_and_not_forgotten() {
    let mut place = Place::new(Generation::V2, "P32010000017");
    place.visit(None, LinkTrouble::AnswerLostThenBusy);
    let refused = || BTreeMap::from([(0, Delivery::refused(Reason::InstitutionUnknown))]);
    for _ in 2..8 {
        let report = place.visit_with(Visit { messages: refused(), ..Visit::default() });
        assert_eq!(report.reason, Some(Reason::InstitutionUnknown));
    }
    let report = place.visit_with(Visit { messages: refused(), ..Visit::default() });
    assert_eq!(report.outcome, Outcome::Approved, "the eighth round parks it");
    let parked = |parked| Duties { parked, ..Duties::default() };
    assert_eq!(place.terminal.duties(), parked(1));
    assert_eq!(place.visit(None, LinkTrouble::None).outcome, Outcome::Approved);
    assert_eq!((place.terminal.duties(), place.record().account.0), (parked(1), ACCOUNT.0 - 9_000));
    place.terminal.attend(Formality::SignOff).unwrap();
    assert_eq!(place.visit(None, LinkTrouble::None).outcome, Outcome::Approved);
    assert_eq!((place.terminal.duties(), place.record().account.0), (parked(0), ACCOUNT.0 - 9_000));
}

/// A clear refusal of the transaction itself: nothing was done, so that there is nothing to reverse (docs/card.md §5.5).
#[test]
fn a_transaction_for_which_the_centre_is_busy_or_down_is_not_reversed() {
    for reason in [Reason::CentreBusy, Reason::RegionDown] {
        let mut place = Place::new(Generation::V2, "P32010000017");
        place.visit(None, LinkTrouble::None);
        // The card is active and its PIN the holder's own: authentication, inquiry, transaction.
        let messages = BTreeMap::from([(2, Delivery::refused(reason))]);
        let report = place.visit_with(Visit { messages, ..Visit::default() });
        assert_eq!((report.outcome, report.reason), (Outcome::Failed, Some(reason)));
        assert!(report.stan.is_some() && !place.terminal.duties().reversal, "{reason}");
        assert_eq!(place.record().account.0, ACCOUNT.0 - 3_000, "{reason}");
        assert_eq!(place.visit(None, LinkTrouble::None).outcome, Outcome::Approved, "{reason}");
    }
}

/// Broken and hostile cards lead to a reason, within a bounded time on the line.
#[test]
fn every_misbehaviour_ends_in_bounded_time() {
    let cases = Misbehaviour::ALL.into_iter().flat_map(|kind| [(kind, 0), (kind, 1)]);
    for (misbehaviour, protocol) in cases.filter(|(kind, protocol)| kind.concerns(*protocol == 1)) {
        let mut place = Place::over(protocol, Generation::V3, "P32010000017");
        place.card.borrow_mut().misbehaviour = Some(misbehaviour);
        let report = place.visit(None, LinkTrouble::None);
        assert_eq!(report.reason, Some(Reason::CardUnreadable), "{misbehaviour:?}: {report:?}");
        assert!(report.cause.is_some(), "{misbehaviour:?}");
        // The budget of one command is 20 s at 9600 bit/s, and the first command decides. T=1 adds its repetitions and
        // resynchronisations, each a block waiting time.
        let seconds = place.world.time.cycles() / CLOCK_HZ;
        let bound = if protocol == 0 { 25 } else { 40 };
        assert!(seconds <= bound, "{misbehaviour:?}, T={protocol}: {seconds} s");
        assert_eq!(place.record().status, CardStatus::Inactive);
        place.card.borrow_mut().misbehaviour = None;
        assert!(place.visit(None, LinkTrouble::None).effects.activates, "{misbehaviour:?}");
    }
}

/// The terminal loses no time and wastes no characters: a whole activation takes at most 1.05 times the etu that the
/// standard demands for its characters, and hardly more characters than its APDUs need.
#[test]
fn an_activation_takes_hardly_more_than_the_line_demands() {
    for (protocol, (generation, institution)) in CASES.into_iter().flat_map(|case| [(0, case), (1, case)]) {
        let mut place = Place::over(protocol, generation, institution);
        assert!(place.visit(None, LinkTrouble::None).effects.activates);
        let events = place.world.events.borrow();
        let line = events.iter().filter_map(|(cycle, event)| match event {
            Event::Line(rate, event) => Some((*cycle, *rate, *event)),
            _ => None,
        });
        let efficiency = Efficiency::of(line);
        let case = format!("T={protocol} {generation:?} {institution}: {efficiency:?}, ratio {}", efficiency.ratio());
        assert!((1.0..=1.05).contains(&efficiency.ratio()), "{case}");
        // T=1: S(IFS) both ways, five characters each.
        let least = least_characters(&events) + if protocol == 1 { 10 } else { 0 };
        assert_eq!(efficiency.characters, least, "{case}");
    }
}
