//! The journal against a plain list, over power cuts at every byte, wear and decay; and its deliberate faults, each of which one of
//! these judges must convict. The memory is the shipped one, in six small pages.

pub(crate) mod flash;
mod model;
mod suite;

use std::collections::BTreeMap;
use std::vec::Vec;
use std::{format, println};

use crate::faults::{Fault, choose};
use flash::Flash;
use model::{JOURNAL, RECORDS};

type Judge = fn(&mut u32) -> model::Verdict;

const FAULTS: [Fault; 16] = [
    Fault::NotVerified,
    Fault::CrcNotChecked,
    Fault::HeadNotChecked,
    Fault::CopiesCountEarly,
    Fault::OldPagesCount,
    Fault::SealedBeforeCopied,
    Fault::OpenNotCopied,
    Fault::ParkedNotCopied,
    Fault::ClosedNotCopied,
    Fault::CopyRenumbered,
    Fault::BegunInRam,
    Fault::ClosedInRam,
    Fault::FirstItemCounts,
    Fault::NumberFromRecord,
    Fault::OldEntryForgotten,
    Fault::NoBound,
];

#[test]
fn the_journal_is_what_the_plain_list_is_over_a_history_with_restarts() {
    suite::history(&mut 0).unwrap();
}

#[test]
fn the_power_may_fail_at_any_byte_and_again_while_the_journal_recovers() {
    let mut cases = 0;
    suite::cuts(&mut cases).unwrap();
    println!("journal: {cases} power cuts, nothing lost, nothing twice");
    assert!(cases > 10_000, "{cases}");
}

#[test]
fn an_item_that_has_decayed_is_not_taken() {
    suite::decay(&mut 0).unwrap();
}

#[test]
fn worn_pages_are_passed_over_until_none_is_left() {
    suite::wear(&mut 0).unwrap();
}

#[test]
fn the_transaction_of_a_record_before_the_journal_is_taken_over_once() {
    suite::take_over(&mut 0).unwrap();
}

#[test]
fn a_batch_has_a_bound_if_it_is_settled_and_makes_room_if_not() {
    suite::bounds(&mut 0).unwrap();
}

/// A proof that cannot fail is none.
#[test]
fn every_deliberate_fault_is_convicted() {
    let judges: [(&str, Judge); 6] = [
        ("history", suite::history),
        ("take-over", suite::take_over),
        ("bounds", suite::bounds),
        ("decay", suite::decay),
        ("wear", suite::wear),
        ("cuts", suite::cuts),
    ];
    let mut free = Vec::new();
    for fault in FAULTS {
        choose(Some(fault));
        let convicted = judges.iter().find_map(|(name, judge)| judge(&mut 0).err().map(|why| (name, why)));
        choose(None);
        match convicted {
            Some((name, why)) => println!("{:<20} {name:<10} {:.60}", format!("{fault:?}"), why),
            None => free.push(fault),
        }
    }
    assert!(free.is_empty(), "nobody convicts {free:?}");
    println!("journal: {0} of {0} deliberate faults convicted", FAULTS.len());
}

#[test]
fn a_page_or_item_of_another_version_is_left_as_it_is() {
    suite::other_versions().unwrap();
}

/// How much is written and erased for a transaction, in a region as large as the board's; and for how long its pages last.
#[test]
fn what_a_transaction_costs() {
    let (bytes, erasures, last) = suite::costs();
    println!("journal: {bytes:.0} bytes and {erasures:.3} erasures a transaction; {last:.0} until a page has 10,000");
    assert!(bytes < 1_100.0 && last > 400_000.0);
}

#[test]
fn a_new_flash_has_none_of_it() {
    let flash = Flash::new(RECORDS + JOURNAL);
    let mut memory = model::Memory6::open(flash.clone(), None);
    let model = model::Model::signed_in(&mut memory);
    assert_eq!(model.compare(&mut memory), Ok(()));
    let work: BTreeMap<bool, usize> = flash.erasures().into_iter().fold(BTreeMap::new(), |mut sum, erased| {
        *sum.entry(erased > 0).or_default() += 1;
        sum
    });
    assert_eq!(work.get(&true), Some(&1), "the journal takes no page before it has something");
}
