//! The deliberate faults: each is convicted by the rule that names it and by no other, and the same session without the
//! fault by none.

#[path = "mutants/characters.rs"]
mod characters;
#[path = "mutants/contacts.rs"]
mod contacts;
#[path = "mutants/t0.rs"]
mod t0;
#[path = "mutants/t1.rs"]
mod t1;

use qiyong_sim::referee::Rule;
use qiyong_tests::closing::closing_line;

use super::bent::{Bend, Mishear};
use super::rig::{STRAIGHT, Setup, Twist, play};

/// A deliberate fault.
pub(crate) struct Mutant {
    pub(crate) name: &'static str,
    pub(crate) rule: Rule,
    pub(crate) setup: Setup,
    pub(crate) twist: Twist,
}

impl Mutant {
    fn bent(name: &'static str, rule: Rule, setup: Setup, bend: Bend) -> Self {
        Self { name, rule, setup, twist: Twist { bend, ..STRAIGHT } }
    }

    fn mishears(name: &'static str, rule: Rule, setup: Setup, mishear: Mishear) -> Self {
        Self { name, rule, setup, twist: Twist { mishear, ..STRAIGHT } }
    }

    /// The fault is the hardware's, which `setup` has.
    fn hardware(name: &'static str, rule: Rule, setup: Setup) -> Self {
        Self { name, rule, setup, twist: STRAIGHT }
    }
}

/// An ATR in direct convention: these characters, and TCK where it belongs.
pub(crate) fn with_tck(after_ts: &[u8]) -> Vec<u8> {
    let tck = after_ts.iter().fold(0, |sum, byte| sum ^ byte);
    [&[0x3B], after_ts, &[tck]].concat()
}

/// A card of T=0 at 512/32.
pub(crate) fn t0() -> Setup {
    Setup::of(&[0x3B, 0x10, 0x96])
}

/// A card of T=1 with this IFSC, CWI 5, BWI 4 and an LRC, at the default rate.
pub(crate) fn t1(ifsc: u8) -> Setup {
    Setup::of(&with_tck(&[0x80, 0x81, 0x31, ifsc, 0x45]))
}

/// All of them.
pub(crate) fn all() -> Vec<Mutant> {
    [contacts::mutants(), characters::mutants(), t0::mutants(), t1::mutants()].into_iter().flatten().collect()
}

pub(crate) fn each_mutant_is_convicted_by_the_rule_that_names_it() {
    let mutants = all();
    println!("{:<58} {:<21} {:<9} caught", "mutant", "rule", "clause");
    let (mut caught, mut wrong) = (0, Vec::new());
    for Mutant { name, rule, setup, twist } in &mutants {
        let straight = Setup { hardware: Default::default(), ..setup.clone() };
        let (before, _) = play(&straight, STRAIGHT);
        if !before.is_empty() {
            wrong.push(format!("{name}: {before:?} without the fault"));
        }
        let (found, _) = play(setup, *twist);
        let hit = found == [*rule];
        caught += usize::from(hit);
        println!("{name:<58} {:<21} {:<9} {}", rule.name(), rule.clause(), if hit { "yes" } else { "NO" });
        if !hit {
            wrong.push(format!("{name}: {found:?}, not {rule:?}"));
        }
    }
    for rule in Rule::ALL {
        if !mutants.iter().any(|mutant| mutant.rule == *rule) {
            wrong.push(format!("no mutant for {}", rule.name()));
        }
    }
    closing_line(&format!("mutants caught: {caught} of {}", mutants.len()));
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
}
