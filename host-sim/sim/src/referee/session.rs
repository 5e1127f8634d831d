//! From one reset to the next: the answer to reset, PPS, and a protocol, character by character.

use super::atr::{Reading, Says, rate, read};
use super::clock::Time;
use super::note::Notes;
use super::pps::{Agreed, PPSS, Pps};
use super::remark::Remark;
use super::repetition::Repetition;
use super::rule::Rule;
use super::seen::{By, CYCLE, Character, Rate, Span};
use super::spacing::{self, Last, Use};
use super::t0::{T0, Turn};
use super::t1::T1;
use super::wait::{End, Wait};

/// The moments of TS (clause 8.1), in direct and inverse convention.
const DIRECT: u16 = 0b1_0011_1011;
const INVERSE: u16 = 0b1_0000_0011;
/// The answer to reset begins within this (clause 6.2.2).
const FIRST_CHARACTER: Span = 40_000 * CYCLE;
/// The answer to reset does not begin before this (clause 6.2.2).
const NOT_BEFORE: Span = 400 * CYCLE;
/// What lies between characters of opposite directions in T=0, in etu (clause 10.2).
const OPPOSITE_ETU: u64 = 16;
/// The initial waiting time in etu (clause 8.1), also that of PPS.
const INITIAL_ETU: u64 = 9600;
/// Nobody need wait longer for an answer to reset, in etu: what EMV allows for the whole of it, and a twentieth.
const ATR_ETU: u64 = 20_160;

/// A session.
#[derive(Clone, Debug)]
pub(super) struct Session {
    /// When the answer to reset or the present exchange began.
    began: u64,
    /// The convention is the inverse one; known from TS on.
    pub(super) inverse: Option<bool>,
    after_ts: Vec<u8>,
    pub(super) says: Option<Says>,
    pub(super) stage: Stage,
    pub(super) rate: Rate,
    rate_rule: Rule,
    pub(super) last: Option<Last>,
    pub(super) wait: Option<Wait>,
    repetition: Repetition,
    /// The card has broken the standard or is gone, or the terminal has: what follows from that is not judged.
    pub(super) over: bool,
}

/// What the session has come to.
#[derive(Clone, Debug)]
pub(super) enum Stage {
    /// The answer to reset is coming.
    Atr,
    /// It is whole, and the terminal has sent nothing yet. After PPS, with the protocol agreed on.
    Ready(Option<u8>),
    Pps(Pps),
    /// PPS has failed.
    Failed,
    T0(T0),
    T1(Box<T1>),
    /// A protocol that is not judged.
    Other,
}

impl Session {
    /// RST goes high at `at`.
    pub(super) fn new(at: u64) -> Self {
        let (early, late) = (Rule::FirstCharacter, Rule::FirstCharacterLate);
        Self {
            began: at,
            inverse: None,
            after_ts: Vec::new(),
            says: None,
            stage: Stage::Atr,
            rate: Rate::DEFAULT,
            rate_rule: Rule::RateDefault,
            last: None,
            wait: Some(Wait { since: at, least: FIRST_CHARACTER, early, late, sends: true }),
            repetition: Repetition::default(),
            over: false,
        }
    }

    /// What the card says, once that is known.
    pub(super) const fn says(&self) -> Option<&Says> {
        self.says.as_ref()
    }

    /// The last character's leading edge and the length of its moments.
    pub(super) fn last(&self) -> Option<(u64, Rate)> {
        self.last.map(|last| (last.edge, last.rate))
    }

    /// The card is gone or has no power: nothing that follows is judged.
    pub(super) const fn excuse(&mut self) {
        self.over = true;
    }

    /// The terminal resets the card or takes its power.
    pub(super) fn ends(&mut self, at: u64, time: Time, notes: &mut Notes) {
        self.waited(at, End::Reset, time, notes);
        self.over = true;
    }

    /// The wait for the card, if there is one, ends.
    fn waited(&mut self, at: u64, end: End, time: Time, notes: &mut Notes) {
        if let Some(wait) = self.wait.take().filter(|_| !self.over) {
            self.over |= !wait.ends(at, end, self.began, time, notes);
        }
    }

    /// The card breaks the standard: what follows from that is not judged.
    fn strays(&mut self, remark: Remark, at: u64, notes: &mut Notes) {
        notes.remark(remark, at);
        self.over = true;
    }

    fn breaks(&mut self, rule: Rule, at: u64, notes: &mut Notes) {
        notes.expect(false, rule, at);
        self.over = true;
    }

    /// A character, and whether it is hidden, with `class` the bit of the present class.
    pub(super) fn character(
        &mut self,
        at: u64,
        (character, hidden): (Character, bool),
        class: u8,
        time: Time,
        notes: &mut Notes,
    ) {
        let end = if character.by == By::Card { End::Card } else { End::Terminal };
        self.waited(at, end, time, notes);
        if !self.over {
            match character.by {
                By::Card => self.card_sends(at, (character, hidden), time, notes),
                By::Terminal => self.terminal_sends(at, (character, hidden), class, time, notes),
            }
        }
        self.last = Some(Last { edge: at, by: character.by, rate: character.rate });
    }

    fn decode(&self, moments: u16) -> (u8, bool) {
        let inverse = self.inverse.unwrap_or(false);
        let ones = if inverse { !moments & 0x1FF } else { moments };
        let data = (ones & 0xFF) as u8;
        (if inverse { data.reverse_bits() } else { data }, ones.count_ones().is_multiple_of(2))
    }

    /// The byte, and whether its parity is right. Of a hidden one it is, unless its receiver says no.
    fn read(&self, character: Character, hidden: bool) -> (u8, bool) {
        if hidden { (0, character.signal.is_none()) } else { self.decode(character.moments) }
    }

    fn card_sends(&mut self, at: u64, (character, hidden): (Character, bool), time: Time, notes: &mut Notes) {
        if character.rate != self.rate {
            // Nobody can understand it.
            return self.strays(Remark::CardRate, at, notes);
        }
        let soon =
            self.last.filter(|last| last.by == By::Terminal && matches!(self.stage, Stage::T0(_) | Stage::Pps(_)));
        if soon.is_some_and(|last| time.longest(last.edge, at) < last.rate.etu(OPPOSITE_ETU)) {
            notes.remark(Remark::TooSoon, at);
        }
        let signals = match self.stage {
            Stage::Atr if self.inverse.is_none() => {
                // TS (clause 8.1), which announces the convention.
                self.inverse = match character.moments {
                    DIRECT => Some(false),
                    INVERSE => Some(true),
                    _ => None,
                };
                if self.inverse.is_none() {
                    notes.remark(Remark::Ts, at);
                } else if time.longest(self.began, at) < NOT_BEFORE {
                    notes.remark(Remark::AtrEarly, at);
                }
                self.over = self.inverse.is_none();
                self.began = at;
                notes.expect(character.signal.is_none(), Rule::SignalNotDue, at);
                return self.awaits(at, time);
            }
            Stage::Atr | Stage::Ready(_) | Stage::Pps(_) | Stage::T0(_) => true,
            Stage::T1(_) => false,
            Stage::Failed | Stage::Other => return,
        };
        let (byte, parity_ok) = self.read(character, hidden);
        if let Err(rule) = self.repetition.card_sends(character, parity_ok, signals) {
            return self.breaks(rule, at, notes);
        }
        if character.signal.is_some() {
            // It comes again; after several attempts nobody need wait for that.
            return match self.repetition.hopeless() {
                true => self.strays(Remark::Damaged, at, notes),
                false => self.awaits(at, time),
            };
        }
        match &mut self.stage {
            Stage::Atr => {
                self.after_ts.push(byte);
                match read(&self.after_ts) {
                    Reading::Part => {}
                    Reading::Wrong => self.strays(Remark::AtrBytes, at, notes),
                    Reading::Whole(says) => {
                        if !says.checked {
                            notes.remark(Remark::AtrTck, at);
                        }
                        (self.says, self.stage) = (Some(*says), Stage::Ready(None));
                    }
                }
            }
            // A character too many: the card, or the line, has broken the standard.
            Stage::Ready(_) => self.strays(Remark::Surplus, at, notes),
            Stage::Failed | Stage::Other => {}
            Stage::Pps(pps) => match pps.card(byte) {
                None => {}
                Some(Agreed::Nothing) => {
                    notes.remark(Remark::PpsAnswer, at);
                    self.stage = Stage::Failed;
                }
                Some(Agreed::On(protocol, rate)) => {
                    self.stage = Stage::Ready(Some(protocol));
                    (self.rate, self.rate_rule) = (rate, Rule::RateAgreed);
                }
            },
            Stage::T0(t0) => {
                let surplus = t0.turn() == Turn::Terminal;
                if !t0.card(byte) {
                    self.strays(if surplus { Remark::Surplus } else { Remark::Procedure }, at, notes);
                }
            }
            Stage::T1(t1) => {
                let cwt = self.says.as_ref().map_or(0, |says| cwt(says, self.rate));
                let late = self.last.is_some_and(|last| last.by == By::Card && time.shortest(last.edge, at) > cwt);
                let remark = t1.card((byte, hidden), parity_ok, late);
                remark.into_iter().for_each(|remark| notes.remark(remark, at));
            }
        }
        self.awaits(at, time);
    }

    fn terminal_sends(
        &mut self,
        at: u64,
        (character, hidden): (Character, bool),
        class: u8,
        time: Time,
        notes: &mut Notes,
    ) {
        let Some(says) = self.says.clone() else {
            // It interrupts the answer to reset: the wait for that has been judged.
            return self.over = true;
        };
        let (byte, parity_ok) = self.read(character, hidden);
        if let Stage::Ready(agreed) = self.stage
            && let Err(rule) = self.begins(&says, agreed, byte, (character.rate, class), time)
        {
            return self.breaks(rule, at, notes);
        }
        let usage = match &self.stage {
            Stage::Failed => return self.breaks(Rule::PpsFailed, at, notes),
            Stage::Atr | Stage::Ready(_) | Stage::Other => return self.over = true,
            Stage::Pps(_) => Use::Pps,
            Stage::T0(_) => Use::T0,
            Stage::T1(_) => Use::T1,
        };
        if character.rate != self.rate {
            return self.breaks(self.rate_rule, at, notes);
        }
        if matches!(&self.stage, Stage::T0(t0) if t0.crossed()) {
            return self.over = true;
        }
        let remark = match (parity_ok, character.signal) {
            (true, Some(_)) => Some(Remark::Refused),
            (false, _) if !hidden => Some(Remark::OwnParity),
            _ => None,
        };
        remark.into_iter().for_each(|remark| notes.remark(remark, at));
        if let Some(last) = self.last {
            let (least, rule) = spacing::least(&says, last, self.rate, usage);
            let span = time.longest(last.edge, at);
            if let Err(rule) = self.repetition.terminal_sends(character, byte, span) {
                return self.breaks(rule, at, notes);
            }
            notes.expect(span >= least, rule, at);
            let within = matches!(&self.stage, Stage::T1(t1) if t1.in_block());
            // A card whose N leaves no room within its CWT gets what N demands.
            let most = cwt(&says, self.rate).max(least);
            notes.expect(!within || time.shortest(last.edge, at) <= most, Rule::OwnCharacterWait, at);
        }
        if character.signal.is_some() {
            return;
        }
        let began = match &self.stage {
            Stage::T0(t0) => t0.between(),
            Stage::T1(t1) => t1.between(),
            _ => false,
        };
        if began {
            self.began = at;
        }
        let judged = match &mut self.stage {
            Stage::Pps(pps) => pps.terminal(byte, &says),
            Stage::T0(t0) => {
                let left = t0.leaves(byte);
                left.into_iter().for_each(|remark| notes.remark(remark, at));
                t0.terminal(byte)
            }
            Stage::T1(t1) => t1.terminal(byte, hidden),
            _ => Ok(()),
        };
        match judged {
            Ok(()) => self.awaits(at, time),
            Err(rule) => self.breaks(rule, at, notes),
        }
    }

    /// The first character after the answer to reset, or after PPS: what begins.
    /// It has moments of length `sent`, and comes at the class with the bit `class`.
    fn begins(
        &mut self,
        says: &Says,
        agreed: Option<u8>,
        byte: u8,
        (sent, class): (Rate, u8),
        time: Time,
    ) -> Result<(), Rule> {
        let excluded = says.global.is_some_and(|global| global & 0x3F != 0 && global & class == 0);
        if !says.checked {
            return Err(Rule::AtrCheck);
        }
        if excluded {
            return Err(Rule::ClassAnnounced);
        }
        if says.most_hz().is_some_and(|most| time.hz > most) {
            return Err(Rule::ClockMax);
        }
        let asks = byte == PPSS && agreed.is_none();
        match says.ta2 {
            Some(_) if asks => return Err(Rule::PpsSpecific),
            Some(ta2) if ta2 & 0x10 != 0 && sent == Rate::DEFAULT => return Err(Rule::RateImplicit),
            // Only those who made the card and the slot know them.
            Some(ta2) if ta2 & 0x10 != 0 => (self.rate, self.rate_rule) = (sent, Rule::RateImplicit),
            Some(_) => (self.rate, self.rate_rule) = (says.rate().unwrap_or(Rate::DEFAULT), Rule::RateSpecific),
            None => {}
        }
        self.stage = match agreed.unwrap_or_else(|| says.first_protocol()) {
            _ if asks => Stage::Pps(Pps::default()),
            0 => Stage::T0(T0::default()),
            1 => Stage::T1(Box::new(T1::new(says))),
            _ => Stage::Other,
        };
        Ok(())
    }

    /// What is to be awaited after a character at `at`.
    fn awaits(&mut self, at: u64, time: Time) {
        let initial = Rate::DEFAULT.etu(INITIAL_ETU);
        let (least, early, late, sends) = match (&self.stage, &self.says) {
            (Stage::Atr, _) if time.span(self.began, at) > Rate::DEFAULT.etu(ATR_ETU) - initial => return,
            (Stage::Atr, _) => (initial, Rule::AtrWait, Rule::AtrLate, true),
            (Stage::Pps(pps), _) if pps.asked() => (initial, Rule::PpsWait, Rule::PpsLate, false),
            (Stage::T0(t0), Some(says)) if t0.turn() != Turn::Terminal && says.wi > 0 => {
                (waiting_time(says), Rule::T0Wait, Rule::T0Late, false)
            }
            (Stage::T1(t1), Some(says)) if t1.awaits_block() => {
                let bwt = block_waiting_time(says, self.rate, t1.extension());
                (bwt, Rule::BlockWait, Rule::BlockLate, true)
            }
            (Stage::T1(t1), Some(says)) if t1.awaits_character() => {
                (cwt(says, self.rate), Rule::CharacterWait, Rule::CharacterLate, true)
            }
            _ => return,
        };
        self.wait = Some(Wait { since: at, least, early, late, sends });
    }
}

/// WT: WI x 960 x Fi / f, with the Fi of TA1, whatever F is in use (clause 10.2).
fn waiting_time(says: &Says) -> Span {
    // Fi stands even where Di is reserved.
    let fi = rate(says.ta1.unwrap_or(0x11) & 0xF0 | 1).unwrap_or(Rate::DEFAULT).f;
    u64::from(says.wi) * 960 * u64::from(fi) * CYCLE
}

impl Session {
    /// The answer to reset, TS first, once it is whole.
    pub(super) fn atr(&self) -> Option<Vec<u8>> {
        self.says.as_ref()?;
        let ts = if self.inverse? { 0x3F } else { 0x3B };
        Some([&[ts], self.after_ts.as_slice()].concat())
    }

    /// Fi and Di that a party may send at by mistake, besides those in force.
    pub(super) fn rates(&self) -> Vec<Rate> {
        let asked = match &self.stage {
            Stage::Pps(pps) => pps.rate(),
            _ => None,
        };
        let said = self.says.as_ref().and_then(Says::rate);
        [Some(Rate::DEFAULT), said, asked].into_iter().flatten().filter(|rate| *rate != self.expected()).collect()
    }

    /// The length of the moments that are due.
    pub(super) fn expected(&self) -> Rate {
        match (&self.stage, &self.says) {
            // Specific mode begins with the terminal's first character.
            (Stage::Ready(None), Some(says)) if says.ta2.is_some() => says.rate().unwrap_or(self.rate),
            _ => self.rate,
        }
    }
}

/// CWT: 11 etu and 2 to the power of CWI (clause 11.4.3).
fn cwt(says: &Says, rate: Rate) -> Span {
    rate.etu(11 + (1 << (says.t1[1].unwrap_or(0x4D) & 15)))
}

/// BWT: 11 etu, and 2 to the power of BWI times 960 x 372 / f (clause 11.4.3); the second part as often as the card has asked
/// for (rule 3 of clause 11.6.2).
fn block_waiting_time(says: &Says, rate: Rate, times: u8) -> Span {
    let bwi = (says.t1[1].unwrap_or(0x4D) >> 4).min(9);
    rate.etu(11) + (1 << bwi) * 960 * 372 * CYCLE * u64::from(times)
}
