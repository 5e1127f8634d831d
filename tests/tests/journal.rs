//! The terminal's journal from end to end: with the real centre on a serial line in virtual time. What the terminal owes is paid
//! after a lost confirmation, after a cut at the worst moments, and when the centre has undone a sale meanwhile. Power cuts at all
//! other moments are in `power`, those of the emulated board in `emulate_power`, the journal's own in the firmware.

use qiyong_firmware::terminal::Memory;
use qiyong_protocol::centre::Stan;
use qiyong_protocol::rules::money::Fen;
use qiyong_protocol::rules::reason::{Outcome, Reason};
use qiyong_sim::world::visit::{Delivery, Visit};

use crate::power::mutants::Recording;
use crate::power::place::Place;

/// The number of the confirmation's message in a visit after a start: sign-in, authentication, inquiry and transaction come before
/// it.
const CONFIRMATION: usize = 4;

fn visit(messages: &[(usize, Delivery)]) -> Visit {
    Visit { messages: messages.iter().copied().collect(), ..Visit::default() }
}

/// What was sent first in the last visit.
fn first_sent(pharmacy: &Place) -> String {
    pharmacy.notes.take().into_iter().next().unwrap_or_default()
}

#[test]
fn a_confirmation_that_is_lost_is_said_again_first_and_the_sale_is_booked_once() {
    for lost in [Delivery::LOST, Delivery::UNANSWERED, Delivery::DAMAGED] {
        let pharmacy = Place::new(0);
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
    let pharmacy = Place::new(0);
    pharmacy.serve(pharmacy.store(), &visit(&[(CONFIRMATION, Delivery::LOST)]));
    let account = pharmacy.account();
    let down: Vec<_> = (0..9).map(|number| (number, Delivery::LOST)).collect();
    let report = pharmacy.serve(pharmacy.store(), &visit(&down));
    assert_eq!((report.reason, report.card), (Some(Reason::NoAnswer), None));
    assert!(pharmacy.store().duties().confirmation);
    assert_eq!(pharmacy.account(), account);
    pharmacy.settle(|| pharmacy.store()).unwrap_or_else(|broken| panic!("{broken}"));
}

/// docs/never-lost.md §1. Each state of the journal: what the next start sends first, and whether the sale stays.
#[test]
fn a_terminal_killed_in_each_state_pays_at_its_next_start_what_it_owes() {
    // The power fails at the first wait after this note. The one after an approval comes without a wait, and fails.
    let states = [
        ("note transaction", None, "send reversal 1", false),
        ("note answer", Some(2), "send reversal 1", false),
        ("note card", None, "confirm 1", true),
        ("note end", None, "ask", true),
    ];
    for (step, fails, first, stays) in states {
        let pharmacy = Place::new(0);
        let before = pharmacy.account();
        let memory = Recording { memory: pharmacy.store(), notes: pharmacy.notes.clone(), fails, calls: 0 };
        let is_on = || !pharmacy.notes.borrow().iter().any(|note| note == step);
        assert!(pharmacy.serve_while(is_on, memory, &Visit::default()).is_none(), "{step}");
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
        let pharmacy = Place::new(0);
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
    let pharmacy = Place::new(0);
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
