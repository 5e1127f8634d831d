//! The card's electrical side: power and reset, PPS, and characters in and out by T=0 or T=1.
//!
//! Cards also misbehave here: [`Misbehaviour`] replaces what a good card would send. Time is handled by the line.

use rand_chacha::ChaCha8Rng;
use rand_core::{Rng, SeedableRng};

use qiyong_firmware::slot::VoltageClass;
use qiyong_protocol::card::commands::takes_data;
use qiyong_protocol::card::files::Generation;
use qiyong_protocol::iso7816::apdu::Command;
use qiyong_protocol::iso7816::atr::{Atr, ClockStop, Edc, Parameters, decode_di, decode_fi};
use qiyong_protocol::iso7816::character::Convention;
use qiyong_protocol::iso7816::pps;
use qiyong_protocol::iso7816::sw::StatusWord;
use qiyong_protocol::iso7816::t0::{AckStyle, CardSide, CardStep, NULL};
use qiyong_protocol::iso7816::t1;

use super::os::VirtualCard;

/// The longest command and response: a photo of 4096 bytes in one extended APDU, with what surrounds it.
const APDU_MAX: usize = 4112;
/// Fi and Di after a reset.
const DEFAULT_RATE: (u16, u8) = (372, 1);

/// A way in which a card is broken or hostile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Misbehaviour {
    /// No answer to reset.
    Mute,
    /// An answer to reset, and nothing after it.
    MuteAfterAtr,
    /// Random characters instead of an answer to reset.
    RubbishAtr,
    /// Random characters instead of every answer.
    Rubbish,
    /// NULL, "wait", for ever.
    NullForever,
    /// 61 00, "256 bytes are waiting", for ever.
    GetResponseForever,
    /// 6C with another length than the requested one, for ever.
    WrongLengthForever,
    /// In T=1: S(WTX request), "wait longer", for ever instead of a response.
    ExtensionForever,
    /// In T=1: every I- and R-block has the wrong sequence number.
    WrongNumbers,
}

impl Misbehaviour {
    /// Every kind.
    pub const ALL: [Self; 9] = [
        Self::Mute,
        Self::MuteAfterAtr,
        Self::RubbishAtr,
        Self::Rubbish,
        Self::NullForever,
        Self::GetResponseForever,
        Self::WrongLengthForever,
        Self::ExtensionForever,
        Self::WrongNumbers,
    ];

    /// The kind's word in files.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Mute => "mute",
            Self::MuteAfterAtr => "mute-after-atr",
            Self::RubbishAtr => "rubbish-atr",
            Self::Rubbish => "rubbish",
            Self::NullForever => "null-forever",
            Self::GetResponseForever => "get-response-forever",
            Self::WrongLengthForever => "wrong-length-forever",
            Self::ExtensionForever => "extension-forever",
            Self::WrongNumbers => "wrong-numbers",
        }
    }

    /// Whether it has an effect on a card that speaks T=1 (`t1`) or T=0.
    pub const fn concerns(self, t1: bool) -> bool {
        t1 || !matches!(self, Self::ExtensionForever | Self::WrongNumbers)
    }

    /// The kind that [`Misbehaviour::as_str`] calls `word`.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }
}

/// How a card answers a PPS request (ISO/IEC 7816-3 clause 9).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PpsStyle {
    /// Agrees to the rate that its ATR offers.
    Agrees,
    /// Leaves PPS1 out: it stays at the default rate.
    StaysAtDefault,
    /// Sends nothing.
    Silent,
    /// Sends a response that does not fit the request.
    Wrong,
}

/// A card that can be put into a slot.
pub struct ContactCard {
    /// The card itself.
    pub card: VirtualCard,
    /// How it asks for command data.
    pub ack: AckStyle,
    /// How it is broken, if it is.
    pub misbehaviour: Option<Misbehaviour>,
    /// How it answers a PPS request.
    pub pps: PpsStyle,
    /// What its ATR says.
    says: Parameters,
    /// How it misbehaves until its next reset.
    spell: Option<Misbehaviour>,
    t0: Box<CardSide<APDU_MAX>>,
    /// The T=1 engine, which replaces T=0 if the ATR offers T=1 first.
    t1: Option<Box<t1::CardSide<APDU_MAX>>>,
    /// Fi and Di in force.
    rate: (u16, u8),
    /// The PPS request so far; `None` once the first command has begun.
    request: Option<Vec<u8>>,
    noise: ChaCha8Rng,
    /// Characters since the header of the current command, for cards that misbehave.
    heard: usize,
}

impl ContactCard {
    /// A good card.
    pub fn new(card: VirtualCard) -> Self {
        let ack = AckStyle::All;
        Self {
            says: Atr::new(&card.atr).parameters(),
            card,
            ack,
            misbehaviour: None,
            pps: PpsStyle::Agrees,
            spell: None,
            t0: Box::new(CardSide::new(ack)),
            t1: None,
            rate: DEFAULT_RATE,
            request: Some(Vec::new()),
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

    /// Makes it misbehave like this until its next reset.
    pub const fn misbehave_until_reset(&mut self, kind: Misbehaviour) {
        self.spell = Some(kind);
        // As if the header of a command had just arrived: the card sends next.
        self.heard = 5;
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
        *self.t0 = CardSide::new(self.ack);
        self.says = Atr::new(&self.card.atr).parameters();
        let Self { says, .. } = self;
        let t1 = says.preferred_protocol() == Some(1);
        self.t1 = t1.then(|| Box::new(t1::CardSide::new(says.ifsc(), says.edc())));
        self.rate = DEFAULT_RATE;
        self.request = Some(Vec::new());
        self.heard = 0;
        match self.misbehaviour {
            Some(Misbehaviour::Mute) => Vec::new(),
            Some(Misbehaviour::RubbishAtr) => self.rubbish(8),
            _ => self.card.atr.clone(),
        }
    }

    /// A character arrived from the terminal: returns what the card sends next, possibly nothing yet.
    pub fn received(&mut self, byte: u8) -> Vec<u8> {
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
        let mut step = self.t0.received(byte, takes_data);
        loop {
            match step {
                CardStep::Await => return Vec::new(),
                CardStep::Send => return self.t0.burst().to_vec(),
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
        if self.misbehaves().is_some_and(|kind| kind.concerns(false)) {
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

    /// Etu from the terminal's last character to the card's first: the least that is allowed, BGT in T=1 (clause 11.2),
    /// 16 in T=0 (clause 10.2). A real card takes longer; with this one, a run shows how well the terminal uses the
    /// line.
    pub const fn turnaround(&self) -> u64 {
        if self.t1.is_some() { 22 } else { 16 }
    }

    fn t1_step(&mut self, mut step: t1::CardStep) -> Vec<u8> {
        let misbehaves = self.misbehaves();
        loop {
            match (step, &mut self.t1) {
                (t1::CardStep::Send(block), _) if misbehaves == Some(Misbehaviour::WrongNumbers) => {
                    return with_wrong_number(&block, self.says.edc());
                }
                (t1::CardStep::Send(block), _) => return block.to_vec(),
                (t1::CardStep::Execute, Some(t1)) if misbehaves == Some(Misbehaviour::ExtensionForever) => {
                    step = t1.ask_for_time(1);
                }
                (t1::CardStep::Execute, Some(t1)) => {
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
        let offered = self.says.ta1();
        let asked = match *request.as_slice() {
            [_, _, pps1, _] if Some(pps1) == offered => decode_fi(pps1).zip(decode_di(pps1)),
            _ => None,
        };
        Some(match (self.pps, asked) {
            (PpsStyle::Silent, _) => Vec::new(),
            (PpsStyle::Wrong, _) => vec![0xFF, 0x11, 0x18, 0xF6],
            (PpsStyle::Agrees, Some(rate)) => {
                self.rate = rate;
                request
            }
            (PpsStyle::StaysAtDefault, _) | (PpsStyle::Agrees, None) => vec![0xFF, 0x00, 0xFF],
        })
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
