//! The card's electrical side: power and reset, PPS, and characters in and out by T=0 or T=1.
//!
//! The card speaks the protocol and uses the rate that its ATR says, whatever this is. [`Habits`] are the ways of a sound
//! card; [`Misbehaviour`] replaces what a good card would send. Time is handled by the line.

mod conduct;
pub mod habits;
mod misbehaviour;
mod negotiation;

pub use conduct::Conduct;
pub use habits::{Habits, PpsHabit, WtxHabit};
pub use misbehaviour::Misbehaviour;

use rand_chacha::ChaCha8Rng;
use rand_core::{Rng, SeedableRng};

use qiyong_firmware::slot::VoltageClass;
use qiyong_protocol::card::commands::takes_data;
use qiyong_protocol::card::files::Generation;
use qiyong_protocol::iso7816::apdu::Command;
use qiyong_protocol::iso7816::atr::{Atr, ClockStop, Edc, Parameters};
use qiyong_protocol::iso7816::character::Convention;
use qiyong_protocol::iso7816::pps;
use qiyong_protocol::iso7816::sw::StatusWord;
use qiyong_protocol::iso7816::t0::{CardSide, CardStep, NULL};
use qiyong_protocol::iso7816::t1;

use super::os::VirtualCard;

/// The longest command and response: a photo of 4096 bytes in one extended APDU, with what surrounds it.
const APDU_MAX: usize = 4112;

/// A card that can be put into a slot.
pub struct ContactCard {
    /// The card itself.
    pub card: VirtualCard,
    /// How it is broken, if it is.
    pub misbehaviour: Option<Misbehaviour>,
    /// In T=1, the IFSC that it asks for by S(IFS request) before its first response.
    pub asks_ifsc: Option<u8>,
    /// What its ATR says.
    says: Parameters,
    /// How it misbehaves until its next reset.
    spell: Option<Misbehaviour>,
    /// The protocol in force, 0 to 14.
    protocol: u8,
    t0: Box<CardSide<APDU_MAX>>,
    /// The T=1 engine, if T=1 is in force.
    t1: Option<Box<t1::CardSide<APDU_MAX>>>,
    /// Fi and Di in force.
    rate: (u16, u8),
    /// It agreed to a rate that it cannot use: it hears nothing until it is reset.
    deaf: bool,
    /// It has been so once.
    was_deaf: bool,
    /// The PPS request so far; `None` in specific mode, and once the first command has begun.
    request: Option<Vec<u8>>,
    /// How many more S(WTX request) come before the response.
    wtx_left: u8,
    /// Etu by which the next answer comes later, since the card uses the time that it was granted.
    granted: u64,
    conduct: Conduct,
    noise: ChaCha8Rng,
    /// Characters since the header of the current command, for cards that misbehave.
    heard: usize,
}

impl ContactCard {
    /// A good card.
    pub fn new(card: VirtualCard) -> Self {
        Self {
            says: Atr::new(&card.atr).parameters(),
            misbehaviour: None,
            asks_ifsc: None,
            spell: None,
            protocol: 0,
            t0: Box::new(CardSide::new(card.habits.procedure)),
            card,
            t1: None,
            rate: negotiation::DEFAULT_RATE,
            deaf: false,
            was_deaf: false,
            request: None,
            wtx_left: 0,
            granted: 0,
            conduct: Conduct::default(),
            noise: ChaCha8Rng::seed_from_u64(7),
            heard: 0,
        }
    }

    /// What its ATR says.
    pub const fn parameters(&self) -> Parameters {
        self.says
    }

    /// How its states stand for bits.
    pub fn convention(&self) -> Convention {
        self.says.convention()
    }

    /// The protocol in force, 0 to 14; the card speaks T=0 and T=1.
    pub const fn protocol(&self) -> u8 {
        self.protocol
    }

    /// Fi and Di in force: the rate at which it sends and receives now.
    pub const fn rate(&self) -> (u16, u8) {
        self.rate
    }

    /// Whether its clock may be stopped, and in which state.
    pub fn clock_stop(&self) -> ClockStop {
        self.says.clock_stop()
    }

    /// Whether it signals wrong parity (clause 7.3): not in T=1, once a block has begun.
    pub fn signals_errors(&self) -> bool {
        self.t1.is_none() || self.request.as_ref().is_some_and(|request| !request.is_empty())
    }

    /// The most etu between two characters of a block to the card (CWT, clause 11.4.3); `None` in T=0.
    pub fn character_waiting_time(&self) -> Option<u64> {
        self.t1.as_ref().map(|_| 11 + (1 << self.says.cwi()))
    }

    /// What it has done since the last call, and forgets it.
    pub fn take_conduct(&mut self) -> Conduct {
        let mut conduct = std::mem::take(&mut self.conduct);
        conduct.ifs_requests += self.t1.as_mut().map_or(0, |t1| t1.take_ifs_requests());
        (conduct.protocol, conduct.rate) = (self.protocol, self.rate);
        conduct.atr.clone_from(&self.card.atr);
        conduct
    }

    /// Makes it misbehave like this until its next reset.
    pub const fn misbehave_until_reset(&mut self, kind: Misbehaviour) {
        self.spell = Some(kind);
        // As if the header of a command had just arrived: the card sends next.
        self.heard = 5;
        if matches!(kind, Misbehaviour::NullForever) {
            self.conduct.misbehaved += 1;
        }
    }

    const fn misbehaves(&self) -> Option<Misbehaviour> {
        if self.spell.is_some() { self.spell } else { self.misbehaviour }
    }

    /// Whether it works at this supply voltage. docs/card.md does not say, so this follows the usual chips of each
    /// generation's time.
    pub const fn works_at(&self, class: VoltageClass) -> bool {
        match self.card.generation {
            Generation::V1 => matches!(class, VoltageClass::A),
            Generation::V2 => matches!(class, VoltageClass::A | VoltageClass::B),
            Generation::V3 => true,
        }
    }

    /// RST went high: returns the card's answer, TS first.
    pub fn answer_to_reset(&mut self) -> Vec<u8> {
        self.card.reset();
        self.spell = None;
        self.conduct.resets += 1;
        self.says = Atr::new(&self.card.atr).parameters();
        let (protocol, rate) = negotiation::at_reset(&self.says, &self.card.habits);
        self.take_protocol(protocol);
        self.rate = rate;
        self.deaf = false;
        let mode = self.says.specific_mode();
        self.conduct.implicit += u32::from(mode.is_some_and(|mode| mode.implicit));
        // In specific mode there is no PPS (clause 6.3.1).
        self.request = mode.is_none().then(Vec::new);
        self.heard = 0;
        if matches!(self.misbehaviour, Some(Misbehaviour::Mute | Misbehaviour::RubbishAtr)) {
            self.conduct.misbehaved += 1;
        }
        match self.misbehaviour {
            Some(Misbehaviour::Mute) => Vec::new(),
            Some(Misbehaviour::RubbishAtr) => self.rubbish(8),
            _ => self.card.atr.clone(),
        }
    }

    /// Takes a protocol into use, just reset.
    fn take_protocol(&mut self, protocol: u8) {
        self.protocol = protocol;
        self.conduct.ifs_requests += self.t1.as_mut().map_or(0, |t1| t1.take_ifs_requests());
        *self.t0 = CardSide::new(self.card.habits.procedure);
        self.t1 = (protocol == 1).then(|| {
            // 0 and 255 are RFU (clause 11.4.2): the card then has the default.
            let ifsc = Some(self.says.ifsc()).filter(|ifsc| (1..=t1::IFS_MAX).contains(ifsc));
            let mut side = t1::CardSide::new(ifsc.unwrap_or(t1::IFS_DEFAULT), self.says.edc());
            side.answer_ifs(self.card.habits.ifs);
            if let Some(ifsc) = self.asks_ifsc {
                side.ask_for_ifsc(ifsc);
            }
            Box::new(side)
        });
        self.wtx_left = self.wtx_times();
        self.granted = 0;
    }

    fn wtx_times(&self) -> u8 {
        self.card.habits.wtx.map_or(0, |wtx| wtx.times)
    }

    /// A character arrived from the terminal: returns what the card sends next, possibly nothing yet.
    pub fn received(&mut self, byte: u8) -> Vec<u8> {
        self.granted = 0;
        if self.deaf {
            return Vec::new();
        }
        let answer = self.answer(byte);
        self.conduct.delayed += u32::from(!answer.is_empty() && self.card.habits.response_delay > 0);
        answer
    }

    fn answer(&mut self, byte: u8) -> Vec<u8> {
        if let Some(answer) = self.pps_character(byte) {
            return answer;
        }
        if let Some(misbehaviour) = self.misbehaves().filter(|kind| kind.concerns(false)) {
            return self.misbehave(misbehaviour);
        }
        if let Some(t1) = &mut self.t1 {
            let step = t1.received(byte);
            return self.t1_step(step);
        }
        if self.protocol != 0 {
            // Nobody here speaks the other protocols.
            return Vec::new();
        }
        let mut step = self.t0.received(byte, takes_data);
        loop {
            match step {
                CardStep::Await => return Vec::new(),
                CardStep::Send => {
                    self.conduct.t0_answers += 1;
                    return self.t0.burst().to_vec();
                }
                CardStep::Execute => {
                    let (data, sw) = self.card.process(&self.t0.command());
                    step = self.t0.respond(&data, sw);
                }
            }
        }
    }

    /// A character arrived with wrong parity, and no error signal is due: returns what the card sends next.
    pub fn parity_error(&mut self) -> Vec<u8> {
        self.request = None;
        self.in_t1(t1::CardSide::parity_error)
    }

    /// The terminal has been silent for longer than a character of a block may be late: returns what the card sends
    /// now. Only in T=1 does a card answer silence, after a damaged block.
    pub fn silence(&mut self) -> Vec<u8> {
        self.in_t1(t1::CardSide::timed_out)
    }

    /// Makes a call to the T=1 engine, if the card speaks T=1, and returns what the engine sends.
    fn in_t1(&mut self, tell: impl FnOnce(&mut t1::CardSide<APDU_MAX>) -> t1::CardStep) -> Vec<u8> {
        if self.deaf || self.misbehaves().is_some_and(|kind| kind.concerns(false)) {
            return Vec::new();
        }
        match &mut self.t1 {
            Some(t1) => {
                let step = tell(t1);
                self.t1_step(step)
            }
            None => Vec::new(),
        }
    }

    /// Etu from the terminal's last character to the first of the card's next answer: the least that is allowed, BGT in
    /// T=1 (clause 11.2), 16 in T=0 (clause 10.2), and what the card's habits add. Without habits, a run shows how well the
    /// terminal uses the line.
    pub const fn turnaround(&self) -> u64 {
        let least = if self.t1.is_some() { 22 } else { 16 };
        least + self.card.habits.response_delay as u64 + self.granted
    }

    fn t1_step(&mut self, mut step: t1::CardStep) -> Vec<u8> {
        let misbehaves = self.misbehaves();
        loop {
            match (step, &mut self.t1) {
                (t1::CardStep::Send(block), _) if misbehaves == Some(Misbehaviour::WrongNumbers) => {
                    self.conduct.misbehaved += 1;
                    return with_wrong_number(&block, self.says.edc());
                }
                (t1::CardStep::Send(block), _) => return block.to_vec(),
                (t1::CardStep::Execute, Some(t1)) if misbehaves == Some(Misbehaviour::ExtensionForever) => {
                    self.conduct.misbehaved += 1;
                    step = t1.ask_for_time(1);
                }
                (t1::CardStep::Execute, Some(t1)) if self.wtx_left > 0 => {
                    let Some(WtxHabit { times, multiplier, uses }) = self.card.habits.wtx else { return Vec::new() };
                    // The first one comes in time; the next ones, and the response, when the granted time is nearly over.
                    if uses && self.wtx_left < times {
                        self.granted = negotiation::most_of_bwt(&self.says, self.rate, multiplier);
                    }
                    self.wtx_left -= 1;
                    self.conduct.wtx_requests += 1;
                    step = t1.ask_for_time(multiplier);
                }
                (t1::CardStep::Execute, Some(t1)) => {
                    if let Some(WtxHabit { multiplier, uses: true, .. }) = self.card.habits.wtx {
                        self.granted = negotiation::most_of_bwt(&self.says, self.rate, multiplier);
                    }
                    self.wtx_left = self.card.habits.wtx.map_or(0, |wtx| wtx.times);
                    let (mut data, sw) = match Command::decode(t1.command()) {
                        // T=1 carries all that the card gives; a card that was asked for less says so (docs/card.md
                        // §1.6).
                        Ok(command) => match self.card.process(&command) {
                            (data, _) if data.len() > command.ne && command.ne > 0 => {
                                (Vec::new(), StatusWord::new(0x6C, data.len() as u8))
                            }
                            (_, sw) if command.ne == 0 => (Vec::new(), sw),
                            reply => reply,
                        },
                        Err(_) => (Vec::new(), StatusWord::WRONG_LENGTH),
                    };
                    data.extend(sw.0.to_be_bytes());
                    step = t1.respond(&data);
                }
                (t1::CardStep::Await, _) | (t1::CardStep::Execute, None) => return Vec::new(),
            }
        }
    }

    /// Takes a character if it belongs to a PPS request; `None` if it does not.
    fn pps_character(&mut self, byte: u8) -> Option<Vec<u8>> {
        let mut request = self.request.take()?;
        // PPSS: no command begins with CLA FF (ISO/IEC 7816-4 clause 5.4.1).
        if request.is_empty() && byte != 0xFF {
            return None;
        }
        request.push(byte);
        if pps::expected_len(&request).is_none_or(|whole| request.len() < whole) {
            self.request = Some(request);
            return Some(Vec::new());
        }
        let answer = negotiation::answer(&request, &self.says, self.card.habits.pps);
        self.conduct.pps.push((request, answer.bytes.clone()));
        if let Some(protocol) = answer.protocol.filter(|protocol| *protocol != self.protocol) {
            self.take_protocol(protocol);
        }
        self.rate = answer.rate;
        if answer.deaf && !(self.card.habits.pps == PpsHabit::UnusableOnce && self.was_deaf) {
            (self.deaf, self.was_deaf) = (true, true);
        }
        Some(answer.bytes)
    }

    /// What the card sends by itself after its answer has gone out: a card that sends NULL for ever sends the next one
    /// here.
    pub fn goes_on(&self) -> Vec<u8> {
        match self.misbehaves() {
            Some(Misbehaviour::NullForever) if self.heard >= 5 => vec![NULL],
            _ => Vec::new(),
        }
    }

    fn misbehave(&mut self, misbehaviour: Misbehaviour) -> Vec<u8> {
        self.heard += 1;
        // Every command begins with five characters; a broken card answers after them.
        if !self.heard.is_multiple_of(5) {
            return Vec::new();
        }
        self.conduct.misbehaved += 1;
        match misbehaviour {
            Misbehaviour::Mute | Misbehaviour::MuteAfterAtr => Vec::new(),
            Misbehaviour::RubbishAtr | Misbehaviour::Rubbish => self.rubbish(16),
            Misbehaviour::NullForever => vec![NULL],
            Misbehaviour::GetResponseForever => vec![0x61, 0x00],
            Misbehaviour::WrongLengthForever => vec![0x6C, 0x10],
            // These two concern T=1, and are handled there.
            Misbehaviour::ExtensionForever | Misbehaviour::WrongNumbers => Vec::new(),
        }
    }

    fn rubbish(&mut self, len: usize) -> Vec<u8> {
        let mut bytes = vec![0; len];
        self.noise.fill_bytes(&mut bytes);
        bytes
    }
}

/// An I- or R-block with the other sequence number, and the check characters that belong to it.
fn with_wrong_number(block: &[u8], edc: Edc) -> Vec<u8> {
    let mut bent = block.to_vec();
    let (body, epilogue) = bent.split_at_mut(block.len() - t1::Check::len(edc));
    // Clause 11.3.2.2: N(S) is bit 7 of an I-block, N(R) bit 5 of an R-block.
    body[1] ^= match body[1] >> 6 {
        0 | 1 => 0x40,
        2 => 0x10,
        _ => 0,
    };
    let mut check = t1::Check::new(edc);
    check.update(body);
    epilogue.copy_from_slice(&check.epilogue()[..epilogue.len()]);
    bent
}
