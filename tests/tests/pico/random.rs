//! The ring oscillator, of which the Pico's random numbers are made, goes wrong: the image finds that out by the test that is for it, and
//! uses no key from then on.

use qiyong_lab::emulator::EmulatorError;
use qiyong_lab::pico::machine::Ring;
use qiyong_protocol::ecr::Refused;

use super::*;

/// A fault after so many looks.
type Fault = fn(u32) -> Ring;

/// Each fault, and the test that finds it.
const FAULTS: [(Fault, &str); 3] =
    [(Ring::Stuck, "repetition-count"), (Ring::Biased, "adaptive-proportion"), (Ring::Locked, "period")];
/// So many bits the image takes at the start, and after each job: the key, the place, and each visit.
const BEGINS: u32 = 2048;
const GOES_ON: u32 = 1024;

fn setup() -> Setup {
    let institution = InstitutionCode::new(PHARMACY).expect("a code");
    Setup { institution, terminal: TerminalId(*b"00000001"), key: test_mac_key(), next_stan: Stan(1) }
}

fn is_refusal<T>(result: &Result<T, EmulatorError>) -> bool {
    matches!(result, Err(EmulatorError::Refused(Refused::NoRandom)))
}

/// The image has logged the name of the test, once.
fn assert_named(machine: &mut Machine, test: &str) {
    let rows: Vec<_> = machine.log().iter().filter(|row| row.contains("no random numbers")).collect();
    assert!(matches!(rows[..], [row] if row.ends_with(&format!("failed its test {test}"))), "{test}: {rows:?}");
}

#[test]
fn an_oscillator_that_is_bad_at_the_start_keeps_the_terminal_from_taking_a_key() {
    in_parallel(&FAULTS, |(fault, test)| {
        let how = Start { ring: fault(0), ..Start::default() };
        let mut machine = Machine::boot_alone(&pico_image(false), how).unwrap();
        for _ in 0..2 {
            let set_up = machine.set_up(setup());
            assert!(is_refusal(&set_up), "{test}: {set_up:?}");
        }
        assert_named(&mut machine, test);
    });
    closing_line("Pico: a ring oscillator that is stuck, biased or locked is refused by name, and no key taken");
}

#[test]
fn an_oscillator_that_goes_wrong_ends_the_visits() {
    in_parallel(&FAULTS, |(fault, test)| {
        // In the middle of what is taken after the second visit.
        let how = Start { ring: fault(BEGINS + 3 * GOES_ON + GOES_ON / 2), ..Start::default() };
        let new = NewCard { protocol: 1, convention: Convention::Direct, ..sample_card(Generation::V3) };
        let mut centre = InProcess::new().unwrap();
        centre.add_institution(&Institution::of_region(setup().institution)).unwrap();
        let record = record_of(&new, centre.hsm()).expect("a card that can be made");
        centre.add_card(&record).unwrap();
        let card = ContactCard::new(make_card(&new, centre.hsm()).expect("a card that can be made"));
        let mut machine = Machine::boot_as(&pico_image(false), how, &setup()).unwrap();
        machine.set_card(Some(Rc::new(RefCell::new(card))));
        let time = Timestamp { date: Date::new(2026, 11, 1).expect("a day"), hour: 9, minute: 30, second: 0 };
        let mut ask = || machine.serve(&mut centre, &Operation::Query, time, &mut |_| Does::Nothing);
        let served: Vec<_> = (0..5).map(|_| ask()).collect();
        // What shows a period may end in the next window.
        let good = served.iter().take_while(|visit| visit.is_ok()).count();
        assert!((2..=4).contains(&good), "{test}: {good} visits");
        assert!(served.iter().skip(good).all(is_refusal), "{test}: {served:?}");
        assert_named(&mut machine, test);
    });
}
