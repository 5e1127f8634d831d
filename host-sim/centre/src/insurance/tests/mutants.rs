//! Each deliberate fault is found by the auditor in one history; without a fault it finds nothing.

use strum::VariantArray;

use super::audit::audit;
use super::histories::{How, Step, begin, happen};
use crate::insurance::faults::{Fault, with};

/// A history in which every fault shows.
fn history() -> Vec<Step> {
    use Step::*;
    vec![
        Employ { person: 0, base: 488_100 },
        Employ { person: 1, base: 9_000_000 },
        Employ { person: 2, base: 1 },
        Bind { owner: 0, relative: 1 },
        Assess,
        Day(20),
        Collect(How::Short),
        Collect(How::Paid),
        Collect(How::Twice),
        Return,
        NextMonth,
        Pause { person: 1 },
        Assess,
        // Person 0 is in arrears, person 1 not insured.
        Day(27),
        Collect(How::Paid),
        Retire { person: 2 },
        NextMonth,
        Assess,
        Day(28),
        NextMonth,
        Grant,
        Collect(How::Paid),
        NextMonth,
        NextMonth,
        // Person 1 comes back after a gap of more than four months.
        NextMonth,
        Resume { person: 1 },
        NextYear,
        Interest,
        Interest,
    ]
}

/// The first thing that the auditor finds.
fn found(fault: Option<Fault>) -> Option<String> {
    with(fault, || {
        let (mut it, mut done) = begin();
        history().iter().find_map(|step| {
            happen(&mut it, &mut done, step);
            audit(&mut it, &done).err()
        })
    })
}

#[test]
fn every_deliberate_fault_is_caught() {
    assert_eq!(found(None), None);
    let mut missed = Vec::new();
    for fault in Fault::VARIANTS {
        match found(Some(*fault)) {
            Some(wrong) => println!("{fault:?}: {wrong}"),
            None => missed.push(fault),
        }
    }
    assert!(missed.is_empty(), "not caught: {missed:?}");
    println!("insurance: {} deliberate faults, all caught", Fault::VARIANTS.len());
}
