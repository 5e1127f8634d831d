//! The referee convicts images of the Pico with a deliberate fault (`image/mutant.rs` of the board), each by the rule that it breaks,
//! and the same image without one by none. What is judged are the levels that the image drives. Of their waveform the doctor, who does not see
//! who drives the line, names each with pin, time and remedy.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fs;
use std::rc::Rc;

use object::{Object, ObjectSymbol};
use serde_json::Value;
use tempfile::TempDir;

use qiyong::in_process::{InProcess, make_card, record_of};
use qiyong_centre::test_mac_key;
use qiyong_lab::board::Board;
use qiyong_lab::emulator::holder::Does;
use qiyong_lab::pico::machine::{CLK_HZ, Machine, RIGHT_TO_NS};
use qiyong_protocol::card::date::{Date, Timestamp};
use qiyong_protocol::card::files::Generation;
use qiyong_protocol::card::issue::NewCard;
use qiyong_protocol::centre::{Stan, TerminalId};
use qiyong_protocol::iso7816::character::Convention;
use qiyong_protocol::rules::decision::{Institution, Operation};
use qiyong_protocol::rules::institution::InstitutionCode;
use qiyong_sim::capture::vcd_of_pins;
use qiyong_sim::card::contact::ContactCard;
use qiyong_sim::line::{Disturbance, Fault};
use qiyong_sim::referee::Rule;
use qiyong_sim::serial::setup::Setup;
use qiyong_sim::world::visit::Visit;
use qiyong_tests::closing::closing_line;
use qiyong_tests::parallel::in_parallel;
use qiyong_tests::{pico_image, sample_card};

/// What is wrong with the image, by the number of `image/mutant.rs`; the card's protocol; and the rule that convicts it.
const MUTANTS: [(u32, &str, u8, &str); 10] = [
    (1, "guard time an etu too short", 1, "guard"),
    (2, "14 etu after the card's last character, in T=0", 0, "turnaround"),
    (3, "error signal half an etu late", 0, "signal-time"),
    (4, "error signal in T=1", 1, "signal-in-t1"),
    (5, "the card's error signal is not looked at", 0, "repeats-refused"),
    (6, "what the card refused comes again at once", 0, "repetition-pause"),
    (7, "CLK stops before RST falls", 0, "rst-first"),
    (8, "VCC falls first", 0, "vcc-last"),
    (9, "CLK stops high", 0, "clk-low"),
    (10, "RST is low for half the time", 0, "cold-reset"),
];

/// Those that show only when characters are disturbed: every seventh of the card's, for a while.
const DISTURBED: [u32; 4] = [3, 4, 5, 6];

/// How far the doctor's time may be from the referee's, in ns: an etu.
const BOUND: u64 = 100_000;

/// A query at such an image.
struct Played {
    /// The rules that it breaks, and when, in ns.
    broken: Vec<(&'static str, u64)>,
    /// What the doctor says of its waveform.
    findings: Vec<Value>,
}

impl Played {
    fn rules(&self) -> BTreeSet<&'static str> {
        self.broken.iter().map(|(rule, _)| *rule).collect()
    }

    /// What the doctor says of this rule at a time at which the referee has convicted the image.
    fn named(&self, rule: &str) -> Option<&Value> {
        self.findings.iter().find(|finding| {
            let near = |at: u64| finding["at_ns"].as_u64().is_some_and(|ns| ns.abs_diff(at) < BOUND);
            let words = |field: &str| finding[field].as_str().is_some_and(|text| !text.is_empty());
            finding["name"] == rule
                && self.broken.iter().any(|(other, at)| *other == rule && near(*at))
                && ["pin", "clause", "what", "cause", "remedy"].into_iter().all(words)
        })
    }
}

/// Plays one, with characters that the line damages if that is wanted.
fn played(address: u64, number: u32, protocol: u8, damaged: bool) -> Played {
    let institution = InstitutionCode::new(super::PHARMACY).expect("a code");
    let new = NewCard { protocol, convention: Convention::Direct, ..sample_card(Generation::V2) };
    let mut centre = InProcess::new().unwrap();
    centre.add_institution(&Institution::of_region(institution)).unwrap();
    let record = record_of(&new, centre.hsm()).expect("a card that can be made");
    centre.add_card(&record).unwrap();
    let card = ContactCard::new(make_card(&new, centre.hsm()).expect("a card that can be made"));
    let setup = Setup { institution, terminal: TerminalId(*b"00000001"), key: test_mac_key(), next_stan: Stan(1) };
    let mut machine = Machine::boot(&pico_image(true), &setup).unwrap();
    machine.write_word(address, number).unwrap();
    machine.watch();
    machine.set_card(Some(Rc::new(RefCell::new(card))));
    let disturbed = if damaged { 10 } else { 0 };
    let faults = (0..disturbed).map(|count| Fault { at: 40 + 7 * count, what: Disturbance::Flip(1) }).collect();
    Board::disturb(&mut machine, &Visit { faults, ..Visit::default() }).unwrap();
    let time = Timestamp { date: Date::new(2026, 11, 1).expect("a day"), hour: 9, minute: 30, second: 0 };
    // Whatever becomes of the visit.
    let _ = machine.serve(&mut centre, &Operation::Query, time, &mut |_| Does::Nothing);
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("run.vcd");
    fs::write(&file, vcd_of_pins(&machine.edges(), CLK_HZ, RIGHT_TO_NS).unwrap()).unwrap();
    let (_, told) = super::waveform::doctor(&file);
    let cycle = 1_000_000_000 / u64::from(CLK_HZ);
    let broken = machine.findings().iter().map(|finding| (finding.rule.name(), finding.at * cycle)).collect();
    Played { broken, findings: told["findings"].as_array().expect("a list").clone() }
}

#[test]
fn each_is_convicted_by_its_rule_and_without_a_fault_by_none() {
    let bytes = fs::read(pico_image(true)).unwrap();
    let elf = object::File::parse(bytes.as_slice()).unwrap();
    let address = elf.symbols().find(|symbol| symbol.name() == Ok("QIYONG_MUTANT")).expect("the word").address();
    for protocol in [0, 1] {
        for damaged in [false, true] {
            let good = played(address, 0, protocol, damaged);
            assert_eq!(good.rules(), BTreeSet::new(), "T={protocol} without a fault");
            // That the line damages characters of either side is seen, as it must be; it breaks no rule.
            let is_damage = |finding: &Value| Rule::ALL.iter().all(|rule| finding["name"] != rule.name());
            assert!(
                if damaged { good.findings.iter().all(is_damage) } else { good.findings.is_empty() },
                "T={protocol}: {:#?}",
                good.findings
            );
        }
    }
    let all = in_parallel(&MUTANTS, |(number, _, protocol, _)| {
        played(address, *number, *protocol, DISTURBED.contains(number))
    });
    println!(
        "{:<44} {:<18} {:<5} {:>10}  all that it broke",
        "image of the Pico with", "convicted, named", "pin", "ms"
    );
    let mut wrong = Vec::new();
    for ((_, what, _, rule), played) in MUTANTS.iter().zip(&all) {
        let broken = played.rules();
        let others = broken.iter().copied().collect::<Vec<_>>().join(", ");
        match played.named(rule).filter(|_| broken.contains(rule)) {
            Some(finding) => {
                let (pin, at) = (finding["pin"].as_str().unwrap_or_default(), finding["at_ns"].as_f64().unwrap_or(0.0));
                println!("{what:<44} {rule:<18} {pin:<5} {:>10.3}  {others}", at / 1e6);
            }
            None => {
                let said: Vec<_> = played.findings.iter().map(|one| (&one["name"], &one["at_ns"])).collect();
                wrong.push(format!("{what}: {rule}; the referee {:?}, the doctor {said:?}", played.broken));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    closing_line(&format!("Pico in rp2040js: {} images with a deliberate fault, convicted and named", MUTANTS.len()));
}
