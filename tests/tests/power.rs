//! Power cuts during a visit. The terminal with its shipped link and storage, on a serial line and a flash in virtual
//! time, with the real centre, is cut at every moment at which it waits for anything (which is: at every byte on the
//! serial line), and at every byte that it writes into the flash. Also the order in which it notes and sends.
//!
//! [`Place::settle`] knows the three invariants of docs/design.md §1 that concern this. Memories that are wrong on purpose, one
//! for each way to break an invariant, show that it would see that.

#[path = "power/everywhere.rs"]
mod everywhere;
#[path = "power/fuse.rs"]
mod fuse;
#[path = "power/judge.rs"]
mod judge;
#[path = "power/mutants.rs"]
pub(crate) mod mutants;
#[path = "power/place.rs"]
pub(crate) mod place;
#[path = "power/surroundings.rs"]
mod surroundings;

use std::cell::Cell;
use std::collections::BTreeMap;

use qiyong_firmware::storage::Store;
use qiyong_firmware::terminal::{Cause, Memory, Settings};
use qiyong_firmware::ui::reason_text;
use qiyong_protocol::card::date::Timestamp;
use qiyong_protocol::centre::{Batch, Deal, Lease, LinkError, Original, Stan, TerminalId};
use qiyong_protocol::rules::institution::InstitutionCode;
use qiyong_protocol::rules::money::Fen;
use qiyong_protocol::rules::reason::{Outcome, Reason};
use qiyong_sim::flash::file::{FileFlash, FlashFileError};
use qiyong_sim::serial::wire::ByteFault;
use qiyong_sim::world::visit::{Delivery, Visit};
use qiyong_tests::closing::closing_line;
use qiyong_tests::parallel::in_parallel;

use mutants::{MUTANTS, Mutant, Recording};
use place::Place;

/// The number of the transaction's message in a visit after a start: before it the terminal has signed in, and asked who
/// the card is, and how it stands.
const TRANSACTION: usize = 3;

fn visit(messages: &[(usize, Delivery)]) -> Visit {
    Visit { messages: messages.iter().copied().collect(), ..Visit::default() }
}

/// docs/card.md §5.5; docs/design.md §1, invariants 1 and 3.
#[test]
fn a_transaction_is_noted_before_it_is_sent_and_taken_off_before_it_is_shown() {
    let pharmacy = Place::new(0);
    let recording = |fails| Recording { memory: pharmacy.store(), notes: pharmacy.notes.clone(), fails, calls: 0 };
    let notes = || {
        let notes = pharmacy.notes.take();
        notes.into_iter().filter(|note| note != "ask").collect::<Vec<_>>()
    };

    let report = pharmacy.serve(recording(None), &Visit::default());
    assert_eq!(report.outcome, Outcome::Approved);
    assert_eq!(pharmacy.notes.borrow().iter().filter(|note| *note == "ask").count(), TRANSACTION);
    assert_eq!(
        notes(),
        [
            "note transaction",
            "send transaction 1",
            "note answer",
            "note card",
            "show Paid, card activated",
            "confirm 1",
            "note end"
        ]
    );

    // No answer: the end is noted when the reversal is acknowledged.
    let lost = visit(&[(TRANSACTION, Delivery::LOST), (TRANSACTION + 1, Delivery::UNANSWERED)]);
    let report = pharmacy.serve(recording(None), &lost);
    assert_eq!(report.reason, Some(Reason::NoAnswer));
    assert_eq!(notes()[..5], ["note transaction", "(lost)", "send reversal 2", "send reversal 2", "note end"]);
    assert!(!pharmacy.store().duties().reversal);

    // If something cannot be noted, it is not sent.
    let report = pharmacy.serve(recording(Some(0)), &Visit::default());
    assert_eq!(report.reason, Some(Reason::StorageFailed));
    assert_eq!(notes(), ["note transaction", "report storage-failed", "show Storage worn, call service"]);

    // If an answer cannot be noted, the transaction is undone, because the next start would undo it.
    let before = pharmacy.account();
    let report = pharmacy.serve(recording(Some(1)), &Visit::default());
    assert_eq!(report.reason, Some(Reason::StorageFailed));
    assert_eq!(notes()[..5], ["note transaction", "send transaction 3", "note answer", "send reversal 3", "note end"]);
    assert_eq!(pharmacy.account(), before);

    // And if what became of the card cannot be noted, since nobody has seen anything yet.
    let report = pharmacy.serve(recording(Some(2)), &Visit::default());
    assert_eq!((report.reason, report.balance), (Some(Reason::StorageFailed), None));
    let expected =
        ["note transaction", "send transaction 4", "note answer", "note card", "send reversal 4", "note end"];
    assert_eq!(notes()[..6], expected);
    assert_eq!(pharmacy.account(), before);
}

/// Each way in which a message gets no answer: what the report says, and whether the transaction is reversed.
#[test]
fn only_what_certainly_never_left_goes_without_a_reversal() {
    let ways = [
        (None, Reason::NotSent, Some(LinkError::Unwritable { field: 12 })),
        (Some(Delivery::DAMAGED), Reason::Rejected, Some(LinkError::Rejected(*b"A0"))),
        (Some(Delivery::UNANSWERED), Reason::NoAnswer, None),
        (Some(Delivery::LOST), Reason::NoAnswer, None),
    ];
    for (delivery, reason, error) in ways {
        let mut pharmacy = Place::new(0);
        // Without a delivery, the clock goes mad when the transaction is written: F12 cannot hold its time.
        pharmacy.unsent = delivery.is_none();
        let before = pharmacy.account();
        let memory = Recording { memory: pharmacy.store(), notes: pharmacy.notes.clone(), fails: None, calls: 0 };
        let messages = delivery.map(|delivery| (TRANSACTION, delivery));
        let report = pharmacy.serve(memory, &visit(messages.as_slice()));
        assert_eq!((report.outcome, report.reason), (Outcome::Failed, Some(reason)), "{delivery:?}");
        assert_eq!(report.cause.and_then(|code| code.cause()), error.map(Cause::Link), "{delivery:?}");
        let notes: Vec<_> = pharmacy.notes.take().into_iter().filter(|note| note != "ask").collect();
        let shown = format!("show {}", reason_text(reason).0);
        let reported = format!("report {reason}");
        let sent = match delivery {
            None => vec![reported.as_str(), &shown],
            Some(delivery) => {
                let first = match delivery {
                    Delivery::LOST => "(lost)",
                    Delivery::DAMAGED => "(unreadable)",
                    _ => "send transaction 1",
                };
                vec!["note transaction", first, "send reversal 1", "note end", &reported, &shown]
            }
        };
        assert_eq!(notes, sent, "{delivery:?}");
        assert_eq!(report.stan, delivery.map(|_| Stan(1)), "{delivery:?}");
        assert!(!pharmacy.store().duties().reversal, "{delivery:?}");
        assert_eq!(pharmacy.account(), before, "{delivery:?}");
    }
}

/// A centre that no longer trusts any message of this terminal: the duty to reverse stays, and every visit reports what
/// is wrong.
#[test]
fn a_reversal_that_is_rejected_stays_due_and_is_not_repeated_in_vain() {
    let pharmacy = Place::new(0);
    let rejected = |from: usize| (from..9).map(|number| (number, Delivery::DAMAGED)).collect::<Vec<_>>();
    for from in [TRANSACTION, 0] {
        let report = pharmacy.serve(pharmacy.store(), &visit(&rejected(from)));
        assert_eq!(report.reason, Some(Reason::Rejected));
        assert_eq!(report.cause.and_then(|code| code.cause()), Some(Cause::Link(LinkError::Rejected(*b"A0"))));
        assert!(pharmacy.store().duties().reversal);
        let notes = pharmacy.notes.take();
        // The transaction and a reversal, each once: the report needs another session, and nobody signs in while a reversal
        // is due. After the restart there is the reversal alone.
        let unreadable = notes.iter().filter(|note| *note == "(unreadable)").count();
        assert_eq!(unreadable, if from == 0 { 1 } else { 2 }, "{notes:?}");
    }
    assert_eq!(pharmacy.serve(pharmacy.store(), &Visit::default()).outcome, Outcome::Approved);
}

#[test]
fn what_was_sent_under_another_name_is_reversed_under_that() {
    let pharmacy = Place::new(0);
    let institution = InstitutionCode::new("H32010000561").unwrap();
    let elsewhere = Settings::at(institution, TerminalId(*b"00000009"));
    let original = Original { card: pharmacy.number, total: Fen(1), time: Timestamp::UNSET };
    pharmacy.store().keep_lease(&elsewhere, Lease { batch: Batch(1), next: Stan(1) }).unwrap();
    pharmacy.store().begin(&elsewhere, original, Deal::Settle).unwrap();
    let report = pharmacy.serve(pharmacy.store(), &Visit::default());
    assert_eq!(report.outcome, Outcome::Approved);
    let notes = pharmacy.notes.take();
    assert_eq!(notes[0], "send reversal 1 as H32010000561");
    assert!(notes.contains(&"send transaction 1".to_string()), "numbers are those of a name: {notes:?}");
}

/// Visits that are cut: what goes wrong with their messages besides.
fn troubles() -> [Visit; 4] {
    // In an answer.
    let byte = Visit { to_terminal: vec![(300, ByteFault::Flip(4))], ..Visit::default() };
    [
        Visit::default(),
        visit(&[(TRANSACTION, Delivery::UNANSWERED), (TRANSACTION + 1, Delivery::LOST)]),
        visit(&[(TRANSACTION, Delivery::DAMAGED), (TRANSACTION + 1, Delivery::UNANSWERED)]),
        byte,
    ]
}

/// At how many moments a visit waits.
fn moments(visit: &Visit) -> u64 {
    let moments = Cell::new(0);
    let pharmacy = Place::new(0);
    let on = || {
        moments.set(moments.get() + 1);
        true
    };
    pharmacy.serve_while(on, pharmacy.store(), visit).expect("the power stays on");
    moments.get()
}

/// True so many times.
fn countdown(mut left: u64) -> impl FnMut() -> bool {
    move || {
        left = left.saturating_sub(1);
        left > 0
    }
}

#[test]
fn power_may_fail_at_any_moment_of_a_visit() {
    let mut cases = Vec::new();
    for (trouble, every) in troubles().into_iter().zip([1, 4, 4, 4]) {
        let moments = moments(&trouble);
        assert!(moments > 500, "each byte on the line is one: {moments}");
        cases.extend((1..=moments).step_by(every).map(|moment| (trouble.clone(), moment)));
    }
    println!("power cuts at {} moments of {} kinds of visit", cases.len(), troubles().len());
    in_parallel(&cases, |(trouble, moment)| {
        let pharmacy = Place::new(*moment);
        let _ = pharmacy.serve_while(countdown(*moment), pharmacy.store(), trouble);
        // The start after it is cut, too, in one case of four.
        if moment % 4 == 0 {
            let again = moment * 7 % 1500 + 1;
            let _ = pharmacy.serve_while(countdown(again), pharmacy.store(), &Visit::default());
        }
        pharmacy
            .settle(|| pharmacy.store())
            .unwrap_or_else(|broken| panic!("cut at {moment} of {trouble:?}: {broken}"));
    });
}

/// `kill -9` of a terminal on a PC, whose memory is a file.
#[test]
fn a_terminal_on_a_pc_may_be_killed_at_any_moment_of_a_visit() {
    let cases: Vec<u64> = (1..=moments(&Visit::default())).step_by(3).collect();
    in_parallel(&cases, |moment| {
        let pharmacy = Place::new(*moment);
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("till.memory");
        let memory = || loop {
            match FileFlash::open(&file) {
                Ok(flash) => break Store::<_>::open(flash, None),
                // A program that another test starts at this moment has the lock until it is one of its own.
                Err(FlashFileError::InUse { .. }) => std::thread::yield_now(),
                Err(error) => panic!("{error}"),
            }
        };
        let _ = pharmacy.serve_while(countdown(*moment), memory(), &Visit::default());
        pharmacy.settle(memory).unwrap_or_else(|broken| panic!("killed at {moment}: {broken}"));
    });
}

#[test]
fn power_may_fail_at_any_byte_that_is_written() {
    for (trouble, every) in troubles().into_iter().zip([1, 4, 7, 7]) {
        let whole = Place::new(0);
        whole.begin_a_page();
        let first = whole.flash.work();
        whole.serve(whole.store(), &trouble);
        let work = whole.flash.work() - first;
        assert!(work > 512, "the visit erases a page: {work}");
        let cuts: Vec<u64> = (0..work).step_by(every).collect();
        let cut_short = in_parallel(&cuts, |&cut| {
            let pharmacy = Place::new(cut);
            pharmacy.begin_a_page();
            pharmacy.flash.cut_after(cut + 1);
            let flash = pharmacy.flash.clone();
            let served = pharmacy.serve_while(move || !flash.is_off(), pharmacy.store(), &trouble);
            pharmacy.flash.power_on();
            pharmacy.settle(|| pharmacy.store()).unwrap_or_else(|broken| panic!("cut at {cut}: {broken}"));
            served.is_none()
        });
        let cut_short = cut_short.iter().filter(|short| **short).count();
        assert!(cut_short * every >= 168, "at least one record's bytes are written in the visit itself: {cut_short}");
    }
}

/// A cut between noting a transaction and removing it as one that was never sent.
#[test]
fn power_may_fail_at_any_byte_when_the_transaction_was_not_sent() {
    let run = |cut: Option<u64>| {
        let mut pharmacy = Place::new(cut.unwrap_or(0));
        pharmacy.begin_a_page();
        let before = pharmacy.flash.work();
        if let Some(cut) = cut {
            pharmacy.flash.cut_after(cut + 1);
        }
        pharmacy.unsent = true;
        let flash = pharmacy.flash.clone();
        let served = pharmacy.serve_while(move || !flash.is_off(), pharmacy.store(), &Visit::default());
        pharmacy.unsent = false;
        pharmacy.flash.power_on();
        let work = pharmacy.flash.work() - before;
        pharmacy.settle(|| pharmacy.store()).unwrap_or_else(|broken| panic!("cut at {cut:?}: {broken}"));
        (served, work)
    };
    let (served, work) = run(None);
    assert_eq!(served.unwrap().reason, Some(Reason::NotSent));
    // What is written before the transaction is noted is the same as in the other visits.
    let noted: Vec<u64> = (work - 2 * 168 - 3 * 80..work).collect();
    in_parallel(&noted, |&cut| run(Some(cut)));
}

/// A proof that cannot fail is none: each of these memories breaks an invariant, and the judge names it.
#[test]
fn every_mutant_of_the_memory_is_convicted_of_the_invariant_that_it_breaks() {
    let mut cases: Vec<(Visit, u64)> = Vec::new();
    for trouble in troubles() {
        let moments = moments(&trouble);
        cases.extend((1..=moments).step_by(23).map(|moment| (trouble.clone(), moment)));
        // And without a cut.
        cases.push((trouble, u64::MAX));
    }
    for (mutant, invariant) in
        MUTANTS.into_iter().map(|(mutant, invariant)| (Some(mutant), invariant)).chain([(None, 0)])
    {
        let verdicts = in_parallel(&cases, |(trouble, moment)| {
            let pharmacy = Place::new(*moment);
            let memory = || Mutant { memory: pharmacy.store(), kind: mutant, hidden: None, cuts: 1 };
            let _ = pharmacy.serve_while(countdown(*moment), memory(), trouble);
            pharmacy.settle(memory).err()
        });
        let mut by_invariant: BTreeMap<u8, usize> = BTreeMap::new();
        verdicts.iter().flatten().for_each(|broken| *by_invariant.entry(broken.invariant).or_default() += 1);
        let Some(mutant) = mutant else {
            assert_eq!(by_invariant, BTreeMap::new(), "the memory as it is");
            continue;
        };
        let convicted = by_invariant.get(&invariant).copied().unwrap_or_default();
        println!("mutant {mutant:?}: invariant {invariant}, broken in {convicted} of {} runs", cases.len());
        assert!(convicted > 0, "{mutant:?} goes free of invariant {invariant}: {by_invariant:?}");
    }
    closing_line(&format!("mutants of the memory caught: {0} of {0}", MUTANTS.len()));
}
