//! Terminal against card, for tests here and in other packages (feature `testing`): each side receives what the other
//! one sent, as the line between them delivers it. The test judges the result.

use std::vec::Vec;

use super::card::{CardSide, CardStep};
use super::error::T1Error;
use super::terminal::{Exchange, Step};
use crate::iso7816::Turn;

/// Etu from one character to the next.
const CHARACTER: u32 = 12;
/// An exchange with more steps than this counts as one that does not end.
const STEPS_MAX: usize = 1_000_000;

/// A block as it arrives: characters, and whether their parity is right.
pub type Arrived = Vec<(u8, bool)>;

/// What the line does to a block. A place beyond the block's length counts modulo this length.
#[derive(Clone, Copy, Debug)]
pub enum Damage {
    /// A bit of this character is inverted.
    Flip(usize, u8),
    /// This character has wrong parity.
    Parity(usize),
    /// The block ends before this character.
    Cut(usize),
    /// Nothing arrives.
    Lose,
}

impl Damage {
    /// What arrives of `sent` with this damage; without damage, all of it.
    pub fn arrived(damage: Option<Self>, sent: &[u8]) -> Arrived {
        let mut arrived: Arrived = sent.iter().map(|byte| (*byte, true)).collect();
        let length = sent.len().max(1);
        match damage {
            Some(Self::Flip(at, bit)) => {
                let at = at % length;
                // An LRC does not always detect a wrong LEN, because another character may then serve as LRC. Parity
                // detects it.
                let lrc = matches!(*sent, [_, _, len, ..] if length == 4 + usize::from(len));
                if let Some((byte, parity_ok)) = arrived.get_mut(at) {
                    *byte ^= 1 << (bit % 8);
                    *parity_ok = !(lrc && at == 2);
                }
            }
            Some(Self::Parity(at)) => {
                if let Some((_, parity_ok)) = arrived.get_mut(at % length) {
                    *parity_ok = false;
                }
            }
            Some(Self::Cut(at)) => arrived.truncate(at % length),
            Some(Self::Lose) => arrived.clear(),
            None => {}
        }
        arrived
    }
}

/// Which way a block goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// The terminal sent it.
    ToCard,
    /// The card sent it.
    ToTerminal,
}

/// A card, the line to it, and what the card does with a command.
pub trait Pair<const N: usize> {
    /// The card.
    fn card(&mut self) -> &mut CardSide<N>;

    /// Carries a block; returns what arrives of it.
    fn carry(&mut self, to: Way, sent: &[u8]) -> Arrived;

    /// The card is to carry out a command. Returns what the card does, see [`CardStep::Execute`].
    fn execute(&mut self) -> CardStep;

    /// Runs an exchange to its end. `bulk`: the terminal receives the answer in one call where all parity is right.
    fn run(&mut self, mut exchange: Exchange<'_>, bulk: bool) -> Result<usize, T1Error> {
        let mut heard: Arrived = Vec::new();
        let mut steps = 0;
        loop {
            steps += 1;
            assert!(steps < STEPS_MAX, "the exchange does not end");
            match exchange.step() {
                Step::Done(result) => return result,
                Step::Send(_) => {
                    let mut sent = Vec::new();
                    while let Turn::Part(bytes) = exchange.turn() {
                        sent.extend_from_slice(bytes);
                        exchange.sent();
                    }
                    if let Turn::Send(bytes, _) = exchange.turn() {
                        sent.extend_from_slice(bytes);
                    }
                    let arrived = self.carry(Way::ToCard, &sent);
                    heard = self.card_hears(arrived);
                    if bulk && heard.iter().all(|(_, parity_ok)| *parity_ok) {
                        let bytes: Vec<u8> = heard.drain(..).map(|(byte, _)| byte).collect();
                        exchange.answered(&bytes, CHARACTER);
                    } else {
                        exchange.sent();
                    }
                }
                Step::Receive(_) if heard.is_empty() => exchange.timed_out(),
                Step::Receive(_) => match heard.remove(0) {
                    (byte, true) => exchange.received(byte, CHARACTER),
                    (_, false) => exchange.parity_error(CHARACTER),
                },
            }
        }
    }

    /// Gives a block to the card; returns what arrives at the terminal of the answer.
    fn card_hears(&mut self, arrived: Arrived) -> Arrived {
        let mut step = CardStep::Await;
        for (byte, parity_ok) in arrived {
            step = if parity_ok { self.card().received(byte) } else { self.card().parity_error() };
        }
        if step == CardStep::Await {
            step = self.card().timed_out();
        }
        loop {
            match step {
                CardStep::Await => return Vec::new(),
                CardStep::Send(block) => return self.carry(Way::ToTerminal, &block),
                CardStep::Execute => step = self.execute(),
            }
        }
    }
}
