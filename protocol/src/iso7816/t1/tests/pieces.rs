//! A command sent in pieces gives the same bytes as the same command encoded in one.

use std::boxed::Box;
use std::vec;
use std::vec::Vec;

use proptest::prelude::*;

use super::super::pair::{Arrived, Damage, Pair, Way};
use super::super::*;
use crate::iso7816::apdu::{ApduError, Command};
use crate::iso7816::atr::Edc;

type Card = CardSide<{ 66 * 1024 }>;

/// A card that answers with `answer`, and a line that loses some of the blocks and records what the terminal sent.
struct Recorded<'t> {
    card: Box<Card>,
    answer: &'t [u8],
    /// Which of the card's blocks do not arrive.
    lost: core::slice::Iter<'t, bool>,
    sent: Vec<u8>,
}

impl Pair<{ 66 * 1024 }> for Recorded<'_> {
    fn card(&mut self) -> &mut Card {
        &mut self.card
    }

    fn carry(&mut self, to: Way, sent: &[u8]) -> Arrived {
        let lost = match to {
            Way::ToCard => {
                self.sent.extend_from_slice(sent);
                false
            }
            Way::ToTerminal => self.lost.next() == Some(&true),
        };
        Damage::arrived(lost.then_some(Damage::Lose), sent)
    }

    fn execute(&mut self) -> CardStep {
        self.card.respond(self.answer)
    }
}

/// Runs an exchange with such a card; returns everything that the terminal sent, and how the exchange ended.
fn run(exchange: Exchange<'_>, card: Box<Card>, answer: &[u8], lost: &[bool]) -> (Vec<u8>, Result<usize, T1Error>) {
    let mut pair = Recorded { card, answer, lost: lost.iter(), sent: vec![] };
    let result = pair.run(exchange, true);
    (pair.sent, result)
}

fn data() -> impl Strategy<Value = Vec<u8>> {
    let bytes = |lengths| prop::collection::vec(any::<u8>(), lengths);
    prop_oneof![4 => Just(vec![]), 4 => bytes(0..=20), 4 => bytes(230..=270), 1 => bytes(65_000..=65_535)]
}

fn ne() -> impl Strategy<Value = usize> {
    prop_oneof![Just(0), 1..=255usize, Just(256), 257..=65_535usize, Just(65_536)]
}

proptest! {
    #[test]
    fn in_pieces_or_encoded_the_same_characters_go_out(
        header: [u8; 4],
        data in data(),
        ne in ne(),
        answer in prop::collection::vec(any::<u8>(), 2..80),
        ifsc in prop_oneof![1..=12u8, 1..=254u8],
        crc: bool,
        nad: u8,
        lost in prop::collection::vec(prop::bool::weighted(0.2), 0..30),
    ) {
        let [cla, ins, p1, p2] = header;
        let command = Command { cla, ins, p1, p2, data: &data, ne };
        let mut buffer = vec![0; 66_000];
        let encoded = command.encode(&mut buffer).unwrap();
        let edc = if crc { Edc::Crc } else { Edc::Lrc };
        let card = || Box::new(Card::new(ifsc, edc));
        let connection = || Connection::new(Parameters { ifsc, edc, ..Parameters::default() }).with_nad(nad);

        let (mut one, mut response) = (connection(), [0; 80]);
        let limits = Limits::new(&one, encoded.len(), response.len());
        let (in_one, result) = run(one.exchange(encoded, &mut response, limits), card(), &answer, &lost);
        let (mut other, mut other_response) = (connection(), [0; 80]);
        let exchange = other.command(&command, &mut other_response, limits).unwrap();
        let (in_pieces, other_result) = run(exchange, card(), &answer, &lost);

        prop_assert_eq!(in_pieces, in_one);
        prop_assert_eq!(other_result, result);
        prop_assert_eq!(other_response, response);
        if result == Ok(answer.len()) {
            prop_assert_eq!(&response[..answer.len()], &answer);
        }
    }
}

#[test]
fn command_data_goes_out_from_where_it_lies() {
    let data = [0x5A; 700];
    let command = Command::new(0, 0xD6, 0, 0).with_data(&data).expecting(65_536);
    let (mut connection, mut response) = (Connection::new(Parameters::default()), [0; 2]);
    let limits = Limits::new(&connection, data.len(), response.len());
    let mut exchange = connection.command(&command, &mut response, limits).unwrap();
    let mut card = Box::new(Card::new(32, Edc::Lrc));
    let mut borrowed = 0;
    while let Step::Send(bytes) = exchange.step() {
        if data.as_ptr_range().contains(&bytes.as_ptr()) {
            borrowed += bytes.len();
        }
        let answer = bytes.iter().map(|byte| card.received(*byte)).last();
        exchange.sent();
        if let Some(CardStep::Send(block)) = answer {
            exchange.received_slice(&block, 12);
            exchange.timed_out();
        }
    }
    assert_eq!(borrowed, data.len());
    assert_eq!(Command::decode(card.command()), Ok(command));
}

#[test]
fn a_command_that_cannot_be_written_is_refused() {
    let data = vec![0; 65_536];
    let (mut connection, mut response) = (Connection::new(Parameters::default()), [0; 2]);
    let limits = Limits::new(&connection, 0, 0);
    for command in [Command::new(0, 0, 0, 0).with_data(&data), Command::new(0, 0, 0, 0).expecting(65_537)] {
        assert_eq!(connection.command(&command, &mut response, limits).err(), Some(ApduError::TooLong));
        assert!(connection.is_ready());
    }
}
