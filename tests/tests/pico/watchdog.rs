//! A program that hangs or faults while the centre is asked (`image/mutant.rs` of the board): it is ended, the next start tells that, and
//! what it owed is settled with the next visit.

use std::fs;

use object::{Object, ObjectSymbol};
use qiyong_lab::emulator::EmulatorError;
use qiyong_protocol::rules::reason::Outcome;

use super::*;

/// The words that choose a hang, and a fault, at the wait after so many others.
const HANGS: u32 = 101;
const FAULTS: u32 = 201;
/// So many waits of a purchase for an answer of the centre are tried.
const WAITS: u32 = 4;

/// What became of one.
struct Ended {
    /// Whether a sale was to be reversed or confirmed afterwards.
    owed: bool,
    log: Vec<String>,
    took: Duration,
}

fn ended(address: u64, word: u32) -> Option<Ended> {
    let institution = InstitutionCode::new(PHARMACY).expect("a code");
    let new = NewCard { protocol: 1, convention: Convention::Direct, ..sample_card(Generation::V3) };
    let mut centre = InProcess::new().unwrap();
    centre.add_institution(&Institution::of_region(institution)).unwrap();
    let record = record_of(&new, centre.hsm()).expect("a card that can be made");
    centre.add_card(&CardRecord { account: Fen(10_000), pin_is_initial: false, ..record }).unwrap();
    let card = Rc::new(RefCell::new(ContactCard::new(make_card(&new, centre.hsm()).expect("a card that can be made"))));
    let setup = Setup { institution, terminal: TerminalId(*b"00000001"), key: test_mac_key(), next_stan: Stan(1) };
    let mut machine = Machine::boot(&pico_image(true), &setup).unwrap();
    machine.set_card(Some(card));
    let mut holder = |moment| match moment {
        Moment::Pin(_) => Does::Keys("123456".to_string().into()),
        Moment::Card | Moment::Transaction => Does::Nothing,
    };
    let purchase = Operation::Purchase(Bill::new(Fen(100), Fen(0)).expect("a bill"));
    let time = Timestamp { date: Date::new(2026, 11, 1).expect("a day"), hour: 9, minute: 30, second: 0 };
    machine.serve(&mut centre, &Operation::Query, time, &mut holder).unwrap();

    machine.write_word(address, word).unwrap();
    let before = machine.elapsed();
    match machine.serve(&mut centre, &purchase, time, &mut holder) {
        // It knows the visit no more, nor where it stands.
        Err(EmulatorError::Refused(_)) => {}
        // The purchase has fewer waits.
        Ok(_) => return None,
        Err(other) => panic!("{word}: {other}: {:#?}", machine.log()),
    }
    let took = machine.elapsed() - before;
    let state = Board::course(&machine).state.expect("it has told");
    assert_eq!((state.starts, state.set_up), (2, false), "{word}");
    machine.set_up(setup).unwrap();
    let again = machine.serve(&mut centre, &purchase, time, &mut holder).unwrap();
    assert_eq!(again.reason, None, "{word}: {:#?}", machine.log());
    // What was charged is what stands, and nothing is open.
    let standing = |entry: &qiyong_centre::JournalEntry| {
        entry.outcome == Outcome::Approved && entry.stan.is_some() && !entry.reversed
    };
    let charged: u64 =
        centre.journal().unwrap().iter().filter(|entry| standing(entry)).map(|entry| entry.charge.0).sum();
    assert_eq!((centre.pending().unwrap(), again.balance.map(|fen| fen.0)), (0, Some(10_000 - charged)), "{word}");
    assert!(charged == 100 || charged == 200, "{word}: {charged}");
    let owed = state.reversal_due || state.confirmation_due;
    Some(Ended { owed, log: machine.log().to_vec(), took })
}

#[test]
fn a_program_that_hangs_or_faults_is_ended_and_what_it_owed_is_settled() {
    let bytes = fs::read(pico_image(true)).unwrap();
    let elf = object::File::parse(bytes.as_slice()).unwrap();
    let address = elf.symbols().find(|symbol| symbol.name() == Ok("QIYONG_MUTANT")).expect("the word").address();
    let cases: Vec<u32> = (0..WAITS).flat_map(|wait| [HANGS + wait, FAULTS + wait]).collect();
    let all = in_parallel(&cases, |word| ended(address, *word));
    for (word, ended) in cases.iter().zip(&all).filter_map(|(word, ended)| Some((word, ended.as_ref()?))) {
        let says = |words: &str| ended.log.iter().any(|row| row.contains(words));
        if *word < FAULTS {
            assert!(says("the watchdog has reset the terminal") && !says("last crash"), "{word}: {:#?}", ended.log);
        } else {
            assert!(says("start 2, crashes 1") && says("last crash: kind 2"), "{word}: {:#?}", ended.log);
        }
        // The till says its command again after five minutes; the watchdog took no more than eight seconds of them.
        assert!(ended.took < Duration::from_secs(330), "{word}: {:?}", ended.took);
    }
    let ended: Vec<_> = all.iter().flatten().collect();
    let owed = ended.iter().filter(|ended| ended.owed).count();
    assert!(ended.len() >= 4 && owed >= 2, "{} ended, {owed} of them owed something", ended.len());
    closing_line(&format!(
        "Pico: {} programs that hung or faulted were ended, {owed} of them owed a sale, and all were settled",
        ended.len()
    ));
}
