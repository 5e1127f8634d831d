//! The doctor, put to the test: it is given what the pins showed, and nothing else. Every mutant of the referee's, whose
//! terminal is bent, and boards whose wires are, are named with pin, time and remedy; boards that work are not accused.

use std::fs;

use qiyong_protocol::iso7816::atr::Atr;
use qiyong_sim::doctor::{Finding, Party};
use qiyong_sim::referee::Rule;
use qiyong_tests::closing::closing_line;

use super::mutants::{self, Mutant};
use super::pins::{edges, examined};
use super::rig::{STRAIGHT, Setup, play_and_keep};
use super::wiring;

/// Rules about VCC's height, which pins that are high or low do not show.
/// And those about the level at which CLK stops, where it is captured as on and off: there is a bent board (`wiring`).
const UNSEEN: [Rule; 5] =
    [Rule::KnownVoltage, Rule::ClassAfterOff, Rule::ClassAnnounced, Rule::ClkLow, Rule::ClockStopState];
/// Faults that a wire shows as another one, since it does not show who drives it.
const OTHERWISE: [(&str, &str); 3] = [
    // Within the parity moment: no character has such edges.
    ("signals at 9.5 etu", "io-garbled"),
    // A card that goes on in the middle of a block, or a terminal that asks again.
    ("waits twenty times CWT", "character-wait"),
    ("repeats a block with other content", "t1-sequence"),
];
/// How far the time may be from that at which the referee, who sees who drives the line, says it, in ns: a tenth of a
/// character.
const BOUND: u64 = 100_000;

pub(crate) fn each_fault_is_named_with_pin_time_and_remedy() {
    println!("{:<58} {:<22} {:<6} {:>12} {:<9} remedy", "fault", "named", "pin", "ms", "clause");
    let (mut wrong, mut named) = (Vec::new(), 0);
    for bent in wiring::all() {
        let diagnosis = examined(&bent.edges, 1, 4_000_000);
        let found = diagnosis.findings.iter().find(|finding| {
            (finding.name, finding.pin) == (bent.name, bent.pin)
                && finding.at_ns.is_some_and(|at| bent.at.contains(&at))
        });
        match found {
            Some(finding) => {
                named += 1;
                row(bent.fault, finding);
            }
            None => {
                let said: Vec<_> = diagnosis.findings.iter().map(|one| (one.name, one.pin, one.at_ns)).collect();
                wrong.push(format!("{}: {} at {:?}, and not {said:?}", bent.fault, bent.name, bent.at));
            }
        }
    }
    for mutant in mutants::all().iter().filter(|mutant| !UNSEEN.contains(&mutant.rule)) {
        match of_mutant(mutant) {
            Ok(finding) => {
                named += 1;
                row(mutant.name, &finding);
            }
            Err(why) => wrong.push(format!("{}: {why}", mutant.name)),
        }
    }
    closing_line(&format!("faults of boards named by the doctor: {named}"));
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
}

fn row(fault: &str, finding: &Finding) {
    let ms = finding.at_ns.unwrap_or(0) as f64 / 1e6;
    println!("{fault:<58} {:<22} {:<6} {ms:>12.3} {:<9} {}", finding.name, finding.pin, finding.clause, finding.remedy);
}

fn of_mutant(mutant: &Mutant) -> Result<Finding, String> {
    let played = play_and_keep(&mutant.setup, mutant.twist);
    let hz = mutant.setup.hardware.clock_hz;
    let diagnosis = examined(&edges(&played.seen), 1, hz);
    let names: Vec<_> = diagnosis.findings.iter().map(|finding| (finding.name, finding.at_ns)).collect();
    if let Some((_, name)) = OTHERWISE.iter().find(|(fault, _)| *fault == mutant.name) {
        let found = diagnosis.findings.iter().find(|finding| finding.name == *name);
        return found.cloned().ok_or_else(|| format!("not even {name}: {names:?}"));
    }
    let due = played.findings.iter().find(|finding| finding.rule == mutant.rule).ok_or("the referee says nothing")?;
    let at = due.at * 250;
    let found = diagnosis
        .findings
        .iter()
        .find(|finding| finding.name == mutant.rule.name() && finding.at_ns.is_some_and(|ns| ns.abs_diff(at) <= BOUND));
    let rules = |name| Rule::ALL.iter().any(|rule| rule.name() == name);
    let others = diagnosis.findings.iter().filter(|one| rules(one.name) && one.name != mutant.rule.name());
    // What comes later may follow from it.
    let first = found.and_then(|found| found.at_ns);
    match (found, others.filter(|other| other.at_ns < first).count()) {
        (Some(found), 0) => Ok(found.clone()),
        _ => Err(format!("{} at {at}, and not {names:?}", mutant.rule.name())),
    }
}

const LIST: &str = "/usr/share/pcsc/smartcard_list.txt";

pub(crate) fn nothing_is_said_of_a_board_that_works_with_every_atr_of_the_list() {
    let list = fs::read_to_string(LIST).unwrap_or_else(|e| panic!("{LIST}: {e}; it comes with the package pcsc-tools"));
    let atrs = list
        .lines()
        .filter(|line| line.starts_with(|c: char| c.is_ascii_hexdigit()))
        .filter_map(|line| hex::decode(line.split_whitespace().collect::<String>()).ok());
    let (mut boards, mut verdicts, mut wrong) = (0, 0, Vec::new());
    for atr in atrs {
        let valid = Atr::new(&atr).check().is_ok();
        let played = play_and_keep(&Setup::of(&atr), STRAIGHT);
        let diagnosis = examined(&edges(&played.seen), 1, 4_000_000);
        boards += 1;
        verdicts += usize::from(!diagnosis.findings.is_empty());
        // A card with an answer that is none is refused; that is said of the card.
        let alarm = diagnosis.findings.iter().any(|finding| finding.party == Party::Board || valid);
        if alarm || valid && diagnosis.atrs != [atr.clone()] {
            let said: Vec<_> = diagnosis.findings.iter().map(|one| (one.name, one.at_ns, &one.measured)).collect();
            wrong.push(format!("{}: {said:?}", hex::encode_upper(&atr)));
        }
    }
    closing_line(&format!("boards that work, with every ATR of the list: {boards}; cards refused rightly: {verdicts}"));
    assert!(wrong.is_empty(), "{} with alarms:\n{}", wrong.len(), wrong.join("\n"));
}
