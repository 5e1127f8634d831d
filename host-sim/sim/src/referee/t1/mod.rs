//! T=1 as it goes by: the terminal's blocks by the rules of clause 11.6, which `rules` knows.

mod block;
mod rules;

use super::atr::Says;
use super::remark::Remark;
use super::rule::Rule;
use block::{About, Characters, Code, Kind};
use rules::{Rules, Told};

/// A session in T=1.
#[derive(Clone, Debug)]
pub(super) struct T1 {
    code: Code,
    out: Characters,
    come: Characters,
    /// Damage in what came: the block is invalid.
    damaged: bool,
    /// A receiver may or may not take it for valid.
    doubtful: bool,
    /// A character of the terminal's block, or of the card's, was hidden: its error detection code counts as right.
    out_hidden: bool,
    come_hidden: bool,
    rules: Rules,
}

impl T1 {
    pub(super) fn new(says: &Says) -> Self {
        Self {
            code: Code::of(says),
            out: Characters::default(),
            come: Characters::default(),
            damaged: false,
            doubtful: false,
            out_hidden: false,
            come_hidden: false,
            rules: Rules::new(says.t1[0]),
        }
    }

    /// The terminal has sent a whole block, and nothing has come since.
    pub(super) fn awaits_block(&self) -> bool {
        self.out.whole(self.code) && self.come.0.is_empty()
    }

    /// The card is within a block that is not damaged so far.
    pub(super) fn awaits_character(&self) -> bool {
        let within = !self.come.0.is_empty() && !self.come.whole(self.code);
        within && !self.in_block() && !self.damaged && !self.doubtful
    }

    /// The card is within a block, damaged or not.
    pub(super) fn within_answer(&self) -> bool {
        !self.come.0.is_empty() && !self.come.whole(self.code)
    }

    /// The terminal is within a block.
    pub(super) fn in_block(&self) -> bool {
        !self.out.0.is_empty() && !self.out.whole(self.code)
    }

    /// The next character of the terminal begins an exchange.
    pub(super) fn between(&self) -> bool {
        self.rules.free(&self.come)
    }

    /// By how much BWT is extended for the block that is due (rule 3 of clause 11.6.2).
    pub(super) fn extension(&self) -> u8 {
        match (self.out.kind(), self.out.inf()) {
            (Some(Kind::Response(About::Wtx)), [inf]) => *inf,
            _ => 1,
        }
    }

    /// The card's next character, and whether it is hidden; `late`: not within CWT. What is wrong with the block, once it is whole.
    pub(super) fn card(&mut self, (byte, hidden): (u8, bool), parity_ok: bool, late: bool) -> Option<Remark> {
        self.come_hidden |= hidden;
        self.doubtful |= late || self.come.whole(self.code) || self.in_block() || self.out.0.is_empty();
        self.damaged |= !parity_ok;
        self.come.0.push(byte);
        match (self.come.0.as_slice(), self.come.kind()) {
            // Addresses that the terminal has not used: the standard does not say what becomes of the block.
            ([nad], _) => {
                self.doubtful |= self.out.0.first().is_none_or(|ours| (nad ^ ours.rotate_left(4)) & 0x77 != 0)
            }
            ([_, _], None) => self.damaged = true,
            ([_, _, len], Some(kind)) => self.damaged |= !kind.allows(*len),
            _ => {}
        }
        let ends = self.come.expected(self.code) == Some(self.come.0.len()) && parity_ok;
        if ends { self.remark() } else { None }
    }

    /// What is wrong with the card's block, which is whole.
    fn remark(&self) -> Option<Remark> {
        let [nad, pcb, len, ..] = *self.come.0.as_slice() else { return None };
        let exchanged = self.out.0.first().is_none_or(|ours| (nad ^ ours.rotate_left(4)) & 0x77 == 0);
        match Kind::of(pcb) {
            _ if !self.come_hidden && !self.code.holds(&self.come.0) => Some(Remark::BlockEdc),
            _ if !exchanged => Some(Remark::BlockNad),
            None => Some(Remark::BlockPcb),
            Some(kind) if !kind.allows(len) => Some(Remark::BlockLen),
            Some(Kind::I { .. }) if len > self.rules.ifsd() => Some(Remark::BlockIfs),
            Some(Kind::I { ns, .. }) if !self.doubtful && self.rules.numbers_wrong(ns) => Some(Remark::BlockNumber),
            Some(Kind::R { nr }) if self.rules.asked_again(nr) => Some(Remark::BlockAsked),
            Some(_) => None,
        }
    }

    /// The terminal's next character.
    ///
    /// # Errors
    /// The rule that its block breaks.
    pub(super) fn terminal(&mut self, byte: u8, hidden: bool) -> Result<(), Rule> {
        if self.out.whole(self.code) {
            self.out = Characters::default();
            self.out_hidden = false;
        }
        self.out_hidden |= hidden;
        self.out.0.push(byte);
        match (self.out.0.as_slice(), self.out.kind()) {
            // Bits 4 and 8 are 0, and FF would be PPSS (clause 11.3.2.1).
            ([nad], _) if nad & 0x88 != 0 => return Err(Rule::T1Nad),
            ([_, _], None) => return Err(Rule::T1Pcb),
            ([_, _, len], Some(kind)) if !kind.allows(*len) => return Err(Rule::T1Len),
            ([_, _, len], Some(Kind::I { .. })) if *len > self.rules.ifsc() => return Err(Rule::T1Ifs),
            _ => {}
        }
        if !self.out.whole(self.code) {
            return Ok(());
        }
        if !self.out_hidden && !self.code.holds(&self.out.0) {
            return Err(Rule::T1Edc);
        }
        let come = std::mem::take(&mut self.come);
        let valid = come.whole(self.code) && !self.damaged && (self.come_hidden || self.code.holds(&come.0));
        let told = match (valid, self.doubtful) {
            (false, _) => Told::Nothing,
            (true, false) => Told::Block(&come),
            (true, true) => Told::Perhaps(&come),
        };
        (self.damaged, self.doubtful, self.come_hidden) = (false, false, false);
        self.rules.sends(told, &self.out)
    }
}
