//! Terminal against card over a line that damages blocks.

use std::vec;
use std::vec::Vec;

use hex_literal::hex;
use proptest::prelude::*;

use super::super::pair::{Arrived, Damage, Pair, Way};
use super::super::*;
use super::blocks::block;
use crate::iso7816::atr::Edc;
use crate::iso7816::chance;

type Card = CardSide<2048>;

/// What a card does by itself, one letter for each occasion: `w` asks for time, `i` for another IFSC, `a` ends its
/// chain.
struct Habits(std::vec::IntoIter<char>);

/// One test run: a card, its answers, the commands it received, and the damage to the blocks on the line, in the order
/// in which either side sends them.
struct Visit {
    card: Card,
    habits: Habits,
    damages: vec::IntoIter<Option<Damage>>,
    answer: Vec<u8>,
    executed: Vec<Vec<u8>>,
}

impl Visit {
    fn new(card: Card, habits: &str, damages: Vec<Option<Damage>>) -> Self {
        let habits = Habits(habits.chars().collect::<Vec<_>>().into_iter());
        Self { card, habits, damages: damages.into_iter(), answer: vec![], executed: vec![] }
    }
}

impl Pair<2048> for Visit {
    fn card(&mut self) -> &mut Card {
        &mut self.card
    }

    fn carry(&mut self, _: Way, sent: &[u8]) -> Arrived {
        Damage::arrived(self.damages.next().flatten(), sent)
    }

    fn execute(&mut self) -> CardStep {
        match self.habits.0.next() {
            Some('w') => self.card.ask_for_time(2),
            habit => {
                if habit == Some('i') {
                    self.card.ask_for_ifsc(1 + self.answer.len() as u8 % 254);
                }
                self.executed.push(self.card.command().to_vec());
                let step = self.card.respond(&self.answer);
                if habit == Some('a') {
                    self.card.abort();
                }
                step
            }
        }
    }
}

fn parameters(ifsc: u8, edc: Edc) -> Parameters {
    Parameters { ifsc, edc, ..Parameters::default() }
}

fn damage() -> impl Strategy<Value = Damage> {
    prop_oneof![
        (any::<usize>(), any::<u8>()).prop_map(|(at, bit)| Damage::Flip(at, bit)),
        any::<usize>().prop_map(Damage::Parity),
        any::<usize>().prop_map(Damage::Cut),
        Just(Damage::Lose),
    ]
}

fn flip() -> impl Strategy<Value = Damage> {
    prop_oneof![
        (any::<usize>(), any::<u8>()).prop_map(|(at, bit)| Damage::Flip(at, bit)),
        any::<usize>().prop_map(Damage::Parity),
    ]
}

/// One or two damaged blocks in succession, then enough whole blocks for progress. Rule 7 can repair this.
fn recoverable() -> impl Strategy<Value = Vec<Option<Damage>>> {
    let burst = (prop::collection::vec(damage(), 1..=2), 5usize..12);
    prop::collection::vec(burst, 0..12).prop_map(|bursts| {
        let spread =
            |(damages, whole): (Vec<_>, _)| damages.into_iter().map(Some).chain(std::iter::repeat_n(None, whole));
        bursts.into_iter().flat_map(spread).collect()
    })
}

fn edc() -> impl Strategy<Value = Edc> {
    prop_oneof![Just(Edc::Lrc), Just(Edc::Crc)]
}

fn ifs() -> impl Strategy<Value = u8> {
    prop_oneof![1u8..=8, 1u8..=254, Just(254)]
}

fn bytes(least: usize, most: usize) -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![prop::collection::vec(any::<u8>(), least..20), prop::collection::vec(any::<u8>(), least..most)]
}

/// A command, and a response with a status word.
fn pair(most: usize) -> impl Strategy<Value = (Vec<u8>, Vec<u8>)> {
    (bytes(0, most), bytes(2, most))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn what_the_rules_can_mend_is_mended_and_the_command_carried_out_once(
        pairs in prop::collection::vec(pair(700), 1..4),
        card_ifsc in ifs(),
        ifsd in prop::option::of(ifs()),
        edc in edc(),
        damages in recoverable(),
        habits in "[wi-]{0,6}",
        bulk: bool,
    ) {
        let mut connection = Connection::new(parameters(card_ifsc, edc));
        // Before the first block without error there is no resynchronisation (rule 7.4.1), but two failures are
        // repaired.
        let mut visit = Visit::new(Card::new(card_ifsc, edc), &habits, damages);
        if let Some(ifsd) = ifsd {
            let limits = Limits { repetitions: u16::MAX, ..Limits::new(&connection, 0, 0) };
            prop_assert_eq!(visit.run(connection.negotiate_ifsd(ifsd, limits), bulk), Ok(ifsd.into()));
            prop_assert_eq!((connection.ifsd(), visit.card.ifsd()), (ifsd, ifsd));
        }
        for (command, answer) in pairs {
            let mut buffer = vec![0xEE; answer.len()];
            let limits = Limits { repetitions: u16::MAX, budget: u32::MAX, ..Limits::new(&connection, command.len(), answer.len()) };
            visit.answer = answer.clone();
            visit.executed.clear();
            let result = visit.run(connection.exchange(&command, &mut buffer, limits), bulk);
            prop_assert_eq!(result, Ok(answer.len()));
            prop_assert_eq!(&buffer, &answer);
            prop_assert_eq!(&visit.executed, &vec![command]);
            prop_assert!(connection.is_ready());
        }
    }

    /// As long as every block arrives, damaged or not: a card that has answered has more to say than an R-block.
    #[test]
    fn no_damage_has_a_command_carried_out_twice(
        pairs in prop::collection::vec(pair(100), 1..4),
        card_ifsc in ifs(),
        edc in edc(),
        damages in prop::collection::vec(prop::option::weighted(0.7, flip()), 0..400),
    ) {
        let mut connection = Connection::new(parameters(card_ifsc, edc));
        let mut visit = Visit::new(Card::new(card_ifsc, edc), "", damages);
        for (command, answer) in pairs {
            let mut buffer = vec![0xEE; answer.len()];
            let limits = Limits::new(&connection, command.len(), answer.len());
            visit.answer = answer.clone();
            visit.executed.clear();
            let result = visit.run(connection.exchange(&command, &mut buffer, limits), true);
            prop_assert!(visit.executed.len() <= 1, "{:?} after {} times", result, visit.executed.len());
        }
    }

    #[test]
    fn beyond_that_it_ends_and_nothing_wrong_is_delivered(
        pairs in prop::collection::vec(pair(100), 1..4),
        card_ifsc in ifs(),
        damages in prop::collection::vec(prop::option::weighted(0.6, damage()), 0..400),
        habits in "[wi-]{0,6}",
    ) {
        let mut connection = Connection::new(parameters(card_ifsc, Edc::Crc));
        let mut visit = Visit::new(Card::new(card_ifsc, Edc::Crc), &habits, damages);
        for (command, answer) in pairs {
            let mut buffer = vec![0xEE; answer.len()];
            let limits = Limits::new(&connection, command.len(), answer.len());
            let ready = connection.is_ready();
            visit.answer = answer.clone();
            visit.executed.clear();
            let result = visit.run(connection.exchange(&command, &mut buffer, limits), true);
            match result {
                Ok(len) => prop_assert_eq!(&buffer[..len], &answer[..]),
                Err(error) => prop_assert_eq!(error == T1Error::NeedsReset, !ready, "{}", error),
            }
            prop_assert!(visit.executed.iter().all(|executed| *executed == command));
        }
    }
}

/// Gives the card one block at a time, without a line between.
fn talk(card: &mut Card, block: &[u8]) -> CardStep {
    block.iter().fold(CardStep::Await, |_, byte| card.received(*byte))
}

fn sends(pcb: Pcb, inf: &[u8]) -> CardStep {
    let bytes = block(pcb, inf, Edc::Lrc);
    CardStep::Send(heapless::Vec::from_slice(&bytes).unwrap())
}

const I00: Pcb = Pcb::I { ns: false, more: false };
const I01: Pcb = Pcb::I { ns: false, more: true };
const I10: Pcb = Pcb::I { ns: true, more: false };

fn r(nr: bool, complaint: Complaint) -> Pcb {
    Pcb::R { nr, complaint }
}

fn lrc(pcb: Pcb, inf: &[u8]) -> Vec<u8> {
    block(pcb, inf, Edc::Lrc)
}

#[test]
fn a_card_that_is_asked_again_sends_the_same_block() {
    let mut card = Card::new(32, Edc::Lrc);
    assert_eq!(talk(&mut card, &lrc(I00, &hex!("0084000008"))), CardStep::Execute);
    assert_eq!(card.command(), hex!("0084000008"));
    assert_eq!(card.respond(&hex!("A19000")), sends(I00, &hex!("A19000")));
    assert_eq!(talk(&mut card, &lrc(r(false, Complaint::Redundancy), &[])), sends(I00, &hex!("A19000")));
    // The next command acknowledges the response. If the card is asked for a block that it does not have yet, it says
    // which block it expects.
    assert_eq!(talk(&mut card, &lrc(r(true, Complaint::Other), &[])), sends(r(true, Complaint::Other), &[]));
    assert_eq!(talk(&mut card, &lrc(I10, &hex!("00840000"))), CardStep::Execute);
    assert_eq!(card.respond(&hex!("9000")), sends(I10, &hex!("9000")));
}

/// Clauses 11.3.1, 11.3.2.1 and 11.3.4: length, addresses and error detection code.
#[test]
fn a_card_complains_of_what_is_invalid_once_it_is_over() {
    let mut card = Card::new(32, Edc::Lrc);
    let mut bad = lrc(I00, &hex!("0084000008"));
    *bad.last_mut().unwrap() ^= 1;
    assert_eq!(talk(&mut card, &bad), CardStep::Await);
    assert_eq!(card.timed_out(), sends(r(false, Complaint::Redundancy), &[]));
    assert_eq!(card.timed_out(), CardStep::Await);
    assert_eq!(talk(&mut card, &hex!("000005")), CardStep::Await);
    assert_eq!(card.timed_out(), sends(r(false, Complaint::Other), &[]));
    assert_eq!(talk(&mut card, &lrc(I10, &hex!("0084000008"))), sends(r(false, Complaint::Other), &[]));
    assert_eq!(
        talk(&mut card, &lrc(Pcb::Response(Supervisory::Wtx), &hex!("02"))),
        sends(r(false, Complaint::Other), &[])
    );
    assert_eq!(talk(&mut card, &hex!("00C400C4")), sends(r(false, Complaint::Other), &[]));
    // More than IFSC.
    assert_eq!(talk(&mut card, &lrc(I00, &[0; 33])), CardStep::Await);
    assert_eq!(card.timed_out(), sends(r(false, Complaint::Other), &[]));
}

#[test]
fn a_card_asks_again_until_it_is_granted() {
    let mut card = Card::new(32, Edc::Lrc);
    talk(&mut card, &lrc(I00, &hex!("0084000008")));
    let request = sends(Pcb::Request(Supervisory::Wtx), &hex!("03"));
    assert_eq!(card.ask_for_time(3), request);
    assert_eq!(talk(&mut card, &lrc(r(false, Complaint::Redundancy), &[])), request);
    assert_eq!(talk(&mut card, &lrc(Pcb::Response(Supervisory::Wtx), &hex!("02"))), request);
    assert_eq!(talk(&mut card, &lrc(Pcb::Response(Supervisory::Wtx), &hex!("03"))), CardStep::Execute);
    card.ask_for_ifsc(1);
    assert_eq!(card.respond(&hex!("9000")), sends(Pcb::Request(Supervisory::Ifs), &hex!("01")));
    assert_eq!(talk(&mut card, &lrc(Pcb::Response(Supervisory::Ifs), &hex!("01"))), sends(I00, &hex!("9000")));
    assert_eq!(talk(&mut card, &lrc(I10, &hex!("0084"))), CardStep::Await, "IFSC is 1 now");
}

#[test]
fn a_card_that_has_more_to_say_takes_no_command() {
    let mut card = Card::new(32, Edc::Lrc);
    talk(&mut card, &lrc(I00, &hex!("0084000008")));
    assert_eq!(card.respond(&[0x55; 40]), sends(I01, &[0x55; 32]));
    assert_eq!(talk(&mut card, &lrc(I10, &hex!("00840000"))), sends(r(true, Complaint::Other), &[]));
    assert_eq!(talk(&mut card, &lrc(r(true, Complaint::None), &[])), sends(I10, &[0x55; 8]));
}

#[test]
fn a_card_resynchronises_and_forgets_what_was_under_way() {
    let mut card = Card::new(32, Edc::Lrc);
    assert_eq!(talk(&mut card, &lrc(I01, &hex!("0084"))), sends(r(true, Complaint::None), &[]));
    let resynch = lrc(Pcb::Request(Supervisory::Resynch), &[]);
    assert_eq!(talk(&mut card, &resynch), sends(Pcb::Response(Supervisory::Resynch), &[]));
    assert_eq!(talk(&mut card, &lrc(I00, &hex!("00A40000"))), CardStep::Execute);
    assert_eq!(card.command(), hex!("00A40000"));
    card.ask_for_time(1);
    assert_eq!(talk(&mut card, &lrc(Pcb::Response(Supervisory::Wtx), &hex!("01"))), CardStep::Execute);
    assert_eq!(card.respond(&[0x90, 0]), sends(I00, &hex!("9000")));
    talk(&mut card, &lrc(Pcb::Request(Supervisory::Ifs), &hex!("FE")));
    assert_eq!(card.ifsd(), 254);
    assert_eq!(talk(&mut card, &resynch), sends(Pcb::Response(Supervisory::Resynch), &[]));
    assert_eq!(card.ifsd(), 32);
    assert_eq!(talk(&mut card, &lrc(I00, &hex!("00B00000"))), CardStep::Execute);
    assert_eq!(card.command(), hex!("00B00000"));
}

#[test]
fn both_sides_abort_both_chains_and_go_on() {
    let long: Vec<u8> = (0..100).collect();
    for (by_card, of_command) in [(false, false), (false, true), (true, false), (true, true)] {
        let mut connection = Connection::new(parameters(16, Edc::Lrc));
        let mut visit = Visit::new(Card::new(16, Edc::Lrc), if by_card && !of_command { "a" } else { "" }, vec![]);
        let (command, answer) = if of_command { (&long[..], &[0x90, 0][..]) } else { (&[0, 1, 2, 3][..], &long[..]) };
        visit.answer = answer.to_vec();
        let mut buffer = [0; 256];
        let limits = Limits::new(&connection, command.len(), buffer.len());
        let mut exchange = connection.exchange(command, &mut buffer, limits);
        if by_card && of_command {
            visit.card.abort();
        } else if !by_card {
            // The caller aborts while the first block is on its way, and this block is lost too.
            while !matches!(exchange.step(), Step::Receive(_)) {
                exchange.sent();
            }
            exchange.abort();
        }
        let error = if by_card { T1Error::AbortedByCard } else { T1Error::Aborted };
        let result = visit.run(exchange, true);
        assert_eq!(result, Err(error), "by card {by_card}, of the command {of_command}");
        assert!(connection.is_ready());
        visit.answer = vec![0x90, 0];
        assert_eq!(
            visit.run(connection.exchange(&[0, 1, 2, 3], &mut buffer, limits), true),
            Ok(2),
            "{by_card} {of_command}"
        );
        assert_eq!(visit.executed.last().unwrap(), &[0, 1, 2, 3]);
    }
}

/// Clauses 11.3.2.3 and 11.4: a block has at most 254 information bytes.
#[test]
fn extended_apdus_pass_in_254_byte_blocks() {
    let command: Vec<u8> = (0..65_544u32).map(|i| i as u8).collect();
    let answer: Vec<u8> = (0..65_538u32).map(|i| (i >> 4) as u8).collect();
    let mut connection = Connection::new(parameters(254, Edc::Crc));
    let mut card = std::boxed::Box::new(CardSide::<65_544>::new(254, Edc::Crc));
    let mut buffer = vec![0; answer.len()];
    let limits = Limits::new(&connection, command.len(), answer.len());
    let mut exchange = connection.exchange(&command, &mut buffer, limits);
    let mut step = CardStep::Await;
    let result = loop {
        match exchange.step() {
            Step::Done(result) => break result,
            Step::Send(bytes) => {
                step = bytes.iter().fold(CardStep::Await, |_, byte| card.received(*byte));
                exchange.sent();
            }
            Step::Receive(_) => {
                if step == CardStep::Execute {
                    assert_eq!(card.command(), command);
                    step = card.respond(&answer);
                }
                let CardStep::Send(bytes) = &step else { panic!("the card is silent") };
                exchange.received_slice(bytes, 12 * bytes.len() as u32);
                exchange.timed_out();
            }
        }
    };
    assert_eq!(result, Ok(answer.len()));
    assert_eq!(buffer, answer);
}

/// Many sessions from one seed. For more sessions, use for instance `QIYONG_SESSIONS=10000000 cargo test --release -p
/// qiyong-protocol many_sessions -- --nocapture`.
#[test]
fn many_sessions_end_and_deliver_nothing_wrong() {
    let mut next = chance::numbers(0x9E37_79B9_7F4A_7C15);
    let (mut delivered, mut given_up) = (0u64, 0u64);
    for _ in 0..chance::sessions() {
        let edc = if next() & 1 == 0 { Edc::Lrc } else { Edc::Crc };
        let ifsc = 1 + (next() % 254) as u8;
        let fault_in = next() % 8;
        let damages = (0..next() % 40).map(|_| {
            (next() % 8 < fault_in).then(|| match next() % 4 {
                0 => Damage::Flip(next() as usize, next() as u8),
                1 => Damage::Parity(next() as usize),
                2 => Damage::Cut(next() as usize),
                _ => Damage::Lose,
            })
        });
        let damages = damages.collect();
        let mut visit = Visit::new(Card::new(ifsc, edc), ["", "w", "i", "wi"][(next() % 4) as usize], damages);
        let command: Vec<u8> = (0..next() % 40).map(|i| i as u8).collect();
        visit.answer = (0..2 + next() % 40).map(|i| !i as u8).collect();
        let mut connection = Connection::new(parameters(ifsc, edc));
        let mut buffer = [0; 64];
        let limits = Limits::new(&connection, command.len(), buffer.len());
        match visit.run(connection.exchange(&command, &mut buffer, limits), next() & 1 == 0) {
            Ok(len) => {
                assert_eq!(buffer[..len], visit.answer);
                delivered += 1;
            }
            Err(_) => given_up += 1,
        }
        assert!(visit.executed.iter().all(|executed| *executed == command));
    }
    std::println!("{delivered} delivered, {given_up} given up with a reason");
}
