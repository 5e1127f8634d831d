//! Keys in the shipped memory: what is taken and what is refused, the power cut at every byte of the write, a move while
//! something is owed; and deliberate faults, each of which one of these judges must convict.

use std::format;
use std::println;
use std::string::{String, ToString};
use std::vec::Vec;

use qiyong_protocol::card::codes::CardNumber;
use qiyong_protocol::card::date::Timestamp;
use qiyong_protocol::centre::{Batch, Deal, Lease, Original, Policy, WorkingKey};
use qiyong_protocol::ecr::TEST_TRANSPORT_KEY;
use qiyong_protocol::rules::money::Fen;

use super::*;
use crate::faults::choose;
use crate::journal::tests::flash::Flash;
use crate::keyring::{Name, Stand};
use crate::terminal::{Closed, Memory, Owed, Settings};

type Memory9 = Store<Flash, 3, 0, 6>;
type Verdict = Result<(), String>;
type Judge = fn(&mut u32) -> Verdict;

static FIRST: X919 = X919::new([0x31; 16]);
static SECOND: X919 = X919::new([0x32; 16]);
static THIRD: X919 = X919::new([0x34; 16]);

fn name(number: u8) -> Name {
    (InstitutionCode::new("P32010000017").unwrap(), TerminalId([b'0' + number; 8]))
}

fn load(number: u8, key: &X919, under: &X919) -> KeyLoad {
    KeyLoad::seal(name(number).0, name(number).1, key, under)
}

fn open(flash: &Flash) -> Memory9 {
    Store::open(flash.clone(), None)
}

/// Name and key, in a form that can be compared.
fn shown(stand: Option<Stand>) -> Option<(u8, [u8; 16])> {
    stand.map(|((_, TerminalId([number, ..])), key)| (number - b'0', *key.expose()))
}

type Keys = (Option<(u8, [u8; 16])>, Option<(u8, [u8; 16])>);

fn keys(memory: &Memory9) -> Keys {
    let Keyring { present, former } = memory.keyring();
    (shown(present), shown(former))
}

fn expect(what: &str, found: Keys, present: Option<(u8, &X919)>, former: Option<(u8, &X919)>) -> Verdict {
    let bytes = |stand: Option<(u8, &X919)>| stand.map(|(number, key)| (number, *key.with_odd_parity().expose()));
    if found == (bytes(present), bytes(former)) { Ok(()) } else { Err(format!("{what}: {found:?}")) }
}

fn is(what: &str, found: Result<(), Refused>, expected: Result<(), Refused>) -> Verdict {
    if found == expected { Ok(()) } else { Err(format!("{what}: {found:?}")) }
}

/// Signs in under a name and begins something there, which is owed then.
fn sell(memory: &mut Memory9, number: u8) -> Verdict {
    let settings = Settings::at(name(number).0, name(number).1);
    let card = CardNumber::new(b"X00000019").unwrap();
    let original = Original { card, total: Fen(5), time: Timestamp::UNSET };
    let told = |error: crate::terminal::MemoryError| error.to_string();
    memory.keep_lease(&settings, Lease { batch: Batch(1), next: Stan(1) }).map_err(told)?;
    memory.begin(&settings, original, Deal::Purchase).map(drop).map_err(told)
}

/// The first key, the next one, and what is said again.
fn taken(cases: &mut u32) -> Verdict {
    let flash = Flash::new(9);
    let mut memory = open(&flash);
    is("a first key", memory.load_key(&load(1, &FIRST, &TEST_TRANSPORT_KEY), &TEST_TRANSPORT_KEY), Ok(()))?;
    for (key, under) in [(&SECOND, &FIRST), (&THIRD, &SECOND)] {
        expect("after a start", keys(&Store::recall(flash.clone())), Some((1, under)), None)?;
        let next = load(1, key, under);
        is("the next key", memory.load_key(&next, &TEST_TRANSPORT_KEY), Ok(()))?;
        let before = flash.bytes();
        is("said again", memory.load_key(&next, &TEST_TRANSPORT_KEY), Ok(()))?;
        if flash.bytes() != before {
            return Err("what is said again is written again".to_string());
        }
        *cases += 1;
    }
    expect("in the end", keys(&Store::recall(flash)), Some((1, &THIRD)), None)
}

/// What is refused changes nothing.
fn refused(cases: &mut u32) -> Verdict {
    let even = X919::new([0; 16]);
    let other = X919::new([0x38; 16]);
    let good = |under: &X919| load(1, &SECOND, under);
    let wrong = |under: &X919| {
        let check = [1, 2, 3];
        let even_key = KeyLoad { enciphered: under.encipher(&even), check: even.check_value(), ..good(under) };
        let WorkingKey { enciphered, check: of_working } = WorkingKey::new(under, &THIRD.with_odd_parity());
        [
            ("under another key", good(&other), Refused::OtherKey),
            ("a wrong check value", KeyLoad { check, ..good(under) }.proved(under), Refused::CheckValue),
            ("a wrong parity", even_key.proved(under), Refused::Parity),
            ("a working key", KeyLoad { enciphered, check: of_working, ..good(under) }, Refused::OtherKey),
            ("for another name", KeyLoad { terminal: name(2).1, ..good(under) }, Refused::OtherKey),
        ]
    };
    let flash = Flash::new(9);
    let mut memory = open(&flash);
    let mut all: Vec<_> = wrong(&TEST_TRANSPORT_KEY).map(|one| (None, one)).into();
    all.extend(wrong(&FIRST).map(|one| (Some(&FIRST), one)));
    all.push((Some(&FIRST), ("under the transport key", good(&TEST_TRANSPORT_KEY), Refused::OtherKey)));
    for (present, (what, load_one, why)) in all {
        if let Some(first) = present {
            memory
                .load_key(&load(1, first, &TEST_TRANSPORT_KEY), &TEST_TRANSPORT_KEY)
                .map_err(|why| format!("{why:?}"))?;
        }
        let before = flash.bytes();
        is(what, memory.load_key(&load_one, &TEST_TRANSPORT_KEY), Err(why))?;
        expect(what, keys(&memory), present.map(|key| (1, key)), None)?;
        if flash.bytes() != before {
            return Err(format!("{what}: something was written"));
        }
        *cases += 1;
    }
    Ok(())
}

/// docs/centre.md §18: a terminal is moved while something is owed under its old name.
fn moved(cases: &mut u32) -> Verdict {
    let flash = Flash::new(9);
    let mut memory = open(&flash);
    let told = |error: crate::terminal::MemoryError| error.to_string();
    let mut give = |memory: &mut Memory9, number, key: &X919, under: &X919| {
        *cases += 1;
        memory.load_key(&load(number, key, under), &TEST_TRANSPORT_KEY)
    };
    is("a key", give(&mut memory, 1, &FIRST, &TEST_TRANSPORT_KEY), Ok(()))?;
    sell(&mut memory, 1)?;
    is("a move", give(&mut memory, 2, &SECOND, &FIRST), Ok(()))?;
    // Across a power cut, and however often something else is written.
    for _ in 0..4 {
        memory = open(&flash);
        expect("moved", keys(&memory), Some((2, &SECOND)), Some((1, &FIRST)))?;
        match memory.owed() {
            Ok(Some(Owed::Reverse(transaction))) if (transaction.institution, transaction.terminal) == name(1) => {}
            other => return Err(format!("{other:?}")),
        }
    }
    // Another key for the same name lets the old one be.
    is("rekeyed", give(&mut memory, 2, &THIRD, &SECOND), Ok(()))?;
    expect("rekeyed", keys(&open(&flash)), Some((2, &THIRD)), Some((1, &FIRST)))?;
    memory = open(&flash);
    // It is parked, and something is sold under the new name, too: a third key has no place.
    memory.missed(1).map_err(told)?;
    sell(&mut memory, 2)?;
    is("a third name", give(&mut memory, 3, &FIRST, &THIRD), Err(Refused::Owing))?;
    expect("a third name", keys(&open(&flash)), Some((2, &THIRD)), Some((1, &FIRST)))?;
    memory = open(&flash);
    memory.close(Closed::Reversed, None).map_err(told)?;
    is("a third name", give(&mut memory, 3, &FIRST, &THIRD), Ok(()))?;
    expect("a third name", keys(&open(&flash)), Some((3, &FIRST)), Some((1, &FIRST)))?;
    // Paid: the next record has the old key no longer.
    memory = open(&flash);
    memory.resume();
    memory.close(Closed::Reversed, None).map_err(told)?;
    expect("paid", keys(&open(&flash)), Some((3, &FIRST)), None)
}

/// The power fails at every byte of a key's write, with and without a page to be erased for it: the terminal has the one key or the
/// other, whole, and what is owed keeps its own.
fn cut(cases: &mut u32) -> Verdict {
    for starts in 0..3 {
        let flash = Flash::new(9);
        let mut memory = open(&flash);
        is("a key", memory.load_key(&load(1, &FIRST, &TEST_TRANSPORT_KEY), &TEST_TRANSPORT_KEY), Ok(()))?;
        sell(&mut memory, 1)?;
        (0..starts).for_each(|_| drop(open(&flash)));
        for (number, owing) in [(1, None), (2, Some((1, &FIRST)))] {
            let next = load(number, &SECOND, &FIRST);
            let whole = flash.copy();
            let before = whole.work();
            is("a key", Memory9::recall(whole.clone()).load_key(&next, &TEST_TRANSPORT_KEY), Ok(()))?;
            for bytes in 1..=whole.work() - before {
                *cases += 1;
                let torn = flash.copy();
                let mut memory = Memory9::recall(torn.clone());
                torn.cut_after(bytes, bytes as u32);
                let said = memory.load_key(&next, &TEST_TRANSPORT_KEY);
                torn.power_on();
                let mut memory = open(&torn);
                let found = keys(&memory);
                let what = format!("cut after {bytes} of {number} after {starts}, {said:?}");
                let is_new = expect(&what, found, Some((number, &SECOND)), owing);
                let is_old = expect(&what, found, Some((1, &FIRST)), None);
                match (is_new, is_old) {
                    (Ok(()), _) => {}
                    // Who was told that the key is there may forget the old one.
                    (_, Ok(())) if said.is_err() => {}
                    (why, _) => return why,
                }
                // The till says it once more.
                is(&what, memory.load_key(&next, &TEST_TRANSPORT_KEY), Ok(()))?;
                expect(&what, keys(&open(&torn)), Some((number, &SECOND)), owing)?;
            }
        }
    }
    Ok(())
}

const JUDGES: [(&str, Judge); 4] = [("taken", taken), ("refused", refused), ("moved", moved), ("cut", cut)];

#[test]
fn keys_are_taken_refused_and_outlive_a_move_and_a_power_cut() {
    let mut cases = 0;
    for (name, judge) in JUDGES {
        judge(&mut cases).unwrap_or_else(|why| panic!("{name}: {why}"));
    }
    println!("keys: {cases} cases, power cuts at every byte of a key's write among them");
    assert!(cases > 1_000, "{cases}");
}

/// A proof that cannot fail is none.
#[test]
fn every_deliberate_fault_of_the_keys_is_convicted() {
    let faults = [
        Fault::CheckValueIgnored,
        Fault::ParityIgnored,
        Fault::KeyMacIgnored,
        Fault::TransportKeyReplaces,
        Fault::OldKeyForgotten,
        Fault::ThirdKeyTaken,
        Fault::KeyInRam,
    ];
    for fault in faults {
        choose(Some(fault));
        let convicted = JUDGES.iter().find_map(|(name, judge)| judge(&mut 0).err().map(|why| (name, why)));
        choose(None);
        let (name, why) = convicted.unwrap_or_else(|| panic!("nobody convicts {fault:?}"));
        println!("{:<22} {name:<8} {:.70}", format!("{fault:?}"), why);
    }
    println!("keys: {0} of {0} deliberate faults convicted", faults.len());
}

/// A record of a terminal of the version before, which has no key: it keeps all that it had, and takes one.
#[test]
fn a_terminal_of_the_version_before_keeps_its_numbers_and_takes_a_key() {
    let mut record = b"QY\x03\0\x04\x03\x02\x01P3201000001700000001\x02\0\0\0\x08\0\0\0".to_vec();
    record.resize(64, 0);
    record.extend(b"a token!\x05\0\0\0\x01\0\0\0");
    record.resize(104, 0);
    let mut item = std::vec![0; 8];
    item.extend(crate::pages::checksum(&record).to_le_bytes());
    item.extend([104, 0, 0x17, 0xF7]);
    item.extend(&record);
    let flash = Flash::new(9);
    flash.put(0, &item);
    let mut memory = open(&flash);
    let place = (name(1).0, TerminalId(*b"00000001"));
    let settings = Settings::at(place.0, place.1);
    for key in [None, Some(*FIRST.with_odd_parity().expose())] {
        let kept = memory.keyring().present.map(|(own, key)| (own == place, *key.expose()));
        assert_eq!(kept, key.map(|key| (true, key)));
        assert_eq!(
            (memory.batch(&settings), memory.next(), memory.policy()),
            (Some(Batch(2)), Stan(8), Policy::DEFAULT)
        );
        let load = KeyLoad::seal(place.0, place.1, &FIRST, &TEST_TRANSPORT_KEY);
        assert_eq!(memory.load_key(&load, &TEST_TRANSPORT_KEY), Ok(()));
        memory = open(&flash);
    }
    assert_eq!(memory.starts(), 8);
}

/// What an area laid down outlives a start: what is owed is owed before the next sign-in.
#[test]
fn the_policy_of_a_sign_in_outlives_a_start() {
    let flash = Flash::new(9);
    let policy = Policy { tries: 5, rounds: 2, wait: 30, pause: 7 };
    let settings = Settings { policy, ..Settings::at(name(1).0, name(1).1) };
    let lease = Lease { batch: Batch(1), next: Stan(1) };
    open(&flash).keep_lease(&settings, lease).unwrap();
    assert_eq!(open(&flash).policy(), policy);
    open(&flash).keep_lease(&Settings::at(name(1).0, name(1).1), lease).unwrap();
    assert_eq!(open(&flash).policy(), Policy::DEFAULT);
}
