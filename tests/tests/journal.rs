//! The terminal's journal from end to end: with the real centre on a serial line in virtual time. What the terminal owes is paid
//! after a lost confirmation, after a cut at the worst moments, and when the centre has undone a sale meanwhile. Power cuts at all
//! other moments are in `power`, those of the emulated board in `emulate_power`, the journal's own in the firmware.

use std::cell::Cell;
use std::rc::Rc;

use qiyong_firmware::application::Kept;
use qiyong_firmware::terminal::{Closed, Memory, MemoryError, Owed, Settings};
use qiyong_protocol::centre::{Batch, Deal, Lease, Original, Stan, TerminalId, Token};
use qiyong_protocol::rules::institution::InstitutionCode;
use qiyong_protocol::rules::money::Fen;
use qiyong_protocol::rules::reason::{Outcome, Reason};
use qiyong_sim::world::visit::{Delivery, Visit};

use crate::power::pharmacy::Pharmacy;

/// The number of the confirmation's message in a visit after a start: sign-in, authentication, inquiry and transaction come before
/// it.
const CONFIRMATION: usize = 4;

fn visit(messages: &[(usize, Delivery)]) -> Visit {
    Visit { messages: messages.iter().copied().collect(), ..Visit::default() }
}

/// What was sent first in the last visit.
fn first_sent(pharmacy: &Pharmacy) -> String {
    pharmacy.notes.take().into_iter().next().unwrap_or_default()
}

#[test]
fn a_confirmation_that_is_lost_is_said_again_first_and_the_sale_is_booked_once() {
    for lost in [Delivery::LOST, Delivery::UNANSWERED, Delivery::DAMAGED] {
        let pharmacy = Pharmacy::new(0);
        let report = pharmacy.serve(pharmacy.store(), &visit(&[(CONFIRMATION, lost)]));
        assert_eq!(report.outcome, Outcome::Approved, "the visit ends as if it had been heard");
        let owed = pharmacy.store().duties();
        assert!(owed.confirmation && !owed.reversal && owed.parked == 0, "{owed:?}");
        pharmacy.notes.take();
        // It is lost twice more; the third one gets through.
        let again = visit(&[(0, Delivery::LOST), (1, Delivery::UNANSWERED)]);
        let report = pharmacy.serve(pharmacy.store(), &again);
        assert_eq!((report.outcome, report.stan), (Outcome::Approved, Some(Stan(2))));
        let notes = pharmacy.notes.take();
        assert_eq!(notes[..3], ["(lost)", "confirm 1", "confirm 1"], "{notes:?}");
        assert!(pharmacy.store().duties().is_none());
        pharmacy.settle(|| pharmacy.store()).unwrap_or_else(|broken| panic!("{broken}"));
    }
}

/// docs/never-lost.md §2. As long as it is not heard, no other holder is served, and nothing is forgotten.
#[test]
fn while_a_confirmation_is_owed_nobody_else_is_served() {
    let pharmacy = Pharmacy::new(0);
    pharmacy.serve(pharmacy.store(), &visit(&[(CONFIRMATION, Delivery::LOST)]));
    let account = pharmacy.account();
    let down: Vec<_> = (0..9).map(|number| (number, Delivery::LOST)).collect();
    let report = pharmacy.serve(pharmacy.store(), &visit(&down));
    assert_eq!((report.reason, report.card), (Some(Reason::NoAnswer), None));
    assert!(pharmacy.store().duties().confirmation);
    assert_eq!(pharmacy.account(), account);
    pharmacy.settle(|| pharmacy.store()).unwrap_or_else(|broken| panic!("{broken}"));
}

/// The power fails when a step is noted, and before anything else happens.
struct CutAfter<M> {
    memory: M,
    step: &'static str,
    is_off: Rc<Cell<bool>>,
}

impl<M> CutAfter<M> {
    fn cut<T>(&self, step: &str, done: Result<T, MemoryError>) -> Result<T, MemoryError> {
        self.is_off.set(self.is_off.get() || step == self.step);
        done
    }
}

impl<M: Memory> Memory for CutAfter<M> {
    qiyong_tests::settles_as_its_memory!();

    fn owed(&self) -> Result<Option<Owed>, MemoryError> {
        self.memory.owed()
    }

    fn parked(&self) -> usize {
        self.memory.parked()
    }

    fn resume(&mut self) {
        self.memory.resume();
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

    fn begin(&mut self, settings: &Settings, original: Original, kind: Deal) -> Result<(Batch, Stan), MemoryError> {
        let begun = self.memory.begin(settings, original, kind);
        self.cut("begin", begun)
    }

    fn answered(&mut self, charge: Fen) -> Result<(), MemoryError> {
        let answered = self.memory.answered(charge);
        let answered = self.cut("answered", answered);
        // What follows at once is not reached by a power that is off.
        if self.is_off.get() { Err(MemoryError::Worn) } else { answered }
    }

    fn card_result(&mut self, result: Option<Reason>) -> Result<(), MemoryError> {
        let noted = self.memory.card_result(result);
        self.cut("card result", noted)
    }

    fn close(&mut self, how: Closed, reason: Option<Reason>) -> Result<(), MemoryError> {
        let closed = self.memory.close(how, reason);
        self.cut("close", closed)
    }

    fn missed(&mut self, bound: u8) -> Result<bool, MemoryError> {
        self.memory.missed(bound)
    }
}

impl<M: Kept> Kept for CutAfter<M> {
    fn set_up(&mut self, institution: InstitutionCode, terminal: TerminalId, next: Stan) -> Result<(), MemoryError> {
        self.memory.set_up(institution, terminal, next)
    }

    fn next(&self) -> Stan {
        self.memory.next()
    }
}

/// docs/never-lost.md §1. Each state of the journal: what the next start sends first, and whether the sale stays.
#[test]
fn a_terminal_killed_in_each_state_pays_at_its_next_start_what_it_owes() {
    let states = [
        ("begin", "send reversal 1", false),
        ("answered", "send reversal 1", false),
        ("card result", "confirm 1", true),
        ("close", "ask", true),
    ];
    for (step, first, stays) in states {
        let pharmacy = Pharmacy::new(0);
        let before = pharmacy.account();
        let is_off = Rc::new(Cell::new(false));
        let memory = CutAfter { memory: pharmacy.store(), step, is_off: is_off.clone() };
        let served = pharmacy.serve_while(|| !is_off.get(), memory, &Visit::default());
        assert!(served.is_none() && is_off.get(), "{step}");
        pharmacy.notes.take();
        let charged = before.0 - pharmacy.account().0;
        let report = pharmacy.serve(pharmacy.store(), &Visit::default());
        assert_eq!(report.outcome, Outcome::Approved, "{step}");
        assert_eq!(first_sent(&pharmacy), first, "{step}");
        // A sale that stays was charged before, one that does not was given back, and the second one was charged.
        let price = if stays { charged * 2 } else { report.effects.charge.0 };
        assert_eq!(before.0 - pharmacy.account().0, price, "{step}");
        assert!(pharmacy.store().duties().is_none(), "{step}");
    }
}

/// docs/never-lost.md §5. The centre undid the sale before it heard the confirmation: that is not sent for ever, and the operator is told.
#[test]
fn a_confirmation_that_comes_too_late_is_closed_and_the_operator_learns_it() {
    for reason in [Reason::Expired, Reason::AlreadyReversed, Reason::UnknownTransaction] {
        let pharmacy = Pharmacy::new(0);
        pharmacy.serve(pharmacy.store(), &visit(&[(CONFIRMATION, Delivery::LOST)]));
        pharmacy.notes.take();
        let report = pharmacy.serve(pharmacy.store(), &visit(&[(0, Delivery::refused(reason))]));
        assert_eq!((report.reason, report.card), (Some(reason), None));
        assert!(pharmacy.store().duties().is_none(), "{reason}");
        let purchases = pharmacy.store().totals().purchase;
        assert_eq!(purchases.count, 0, "{reason}: it is not booked");
        let report = pharmacy.serve(pharmacy.store(), &Visit::default());
        assert_eq!(report.outcome, Outcome::Approved, "{reason}");
        let purchases = pharmacy.store().totals().purchase;
        assert_eq!((purchases.count, purchases.charge), (1, Fen(report.effects.charge.0)), "{reason}");
    }
}

/// What the centre never answers well is parked, and holds up nobody.
#[test]
fn a_confirmation_that_nobody_takes_is_parked_and_said_again_after_a_start() {
    let pharmacy = Pharmacy::new(0);
    pharmacy.serve(pharmacy.store(), &visit(&[(CONFIRMATION, Delivery::LOST)]));
    let refused = || visit(&[(0, Delivery::refused(Reason::InstitutionUnknown))]);
    for round in 1..8 {
        let report = pharmacy.serve(pharmacy.store(), &refused());
        assert_eq!(report.reason, Some(Reason::InstitutionUnknown), "round {round}");
    }
    let report = pharmacy.serve(pharmacy.store(), &refused());
    assert_eq!(report.outcome, Outcome::Approved, "round 8");
    let duties = pharmacy.store().duties();
    assert_eq!((duties.parked, duties.confirmation, duties.reversal), (1, false, false));
    pharmacy.notes.take();
    assert_eq!(pharmacy.serve(pharmacy.store(), &Visit::default()).outcome, Outcome::Approved);
    assert_eq!(first_sent(&pharmacy), "confirm 1");
    assert!(pharmacy.store().duties().is_none());
    pharmacy.settle(|| pharmacy.store()).unwrap_or_else(|broken| panic!("{broken}"));
}
