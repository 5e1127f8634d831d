//! What a card has done on the line since somebody last asked: how it was reset and spoken to, and which of its habits
//! showed. Scenario reports tell it, and say if a habit never showed.

use super::habits::{Habits, PpsHabit};
use super::misbehaviour::Misbehaviour;
use qiyong_protocol::iso7816::t0::AckStyle;
use qiyong_protocol::iso7816::t1::IfsAnswer;

/// Counts, and the state that the last reset led to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Conduct {
    /// What it is to send after a reset.
    pub atr: Vec<u8>,
    /// How often it was reset, at a voltage at which it works.
    pub resets: u32,
    /// The protocol in force, and Fi and Di.
    pub protocol: u8,
    /// See `protocol`.
    pub rate: (u16, u8),
    /// PPS requests and what it answered.
    pub pps: Vec<(Vec<u8>, Vec<u8>)>,
    /// S(IFS request) that it heard.
    pub ifs_requests: u32,
    /// S(WTX request) that it sent.
    pub wtx_requests: u32,
    /// Answers in T=0: of one character or more.
    pub t0_answers: u32,
    /// Answers that came later than they could.
    pub delayed: u32,
    /// Resets in specific mode with implicit Fi and Di.
    pub implicit: u32,
    /// Answers that a misbehaviour replaced or kept back.
    pub misbehaved: u32,
}

impl Conduct {
    /// Takes over what another visit showed.
    pub fn add(&mut self, other: &Self) {
        let Self {
            atr,
            resets,
            protocol,
            rate,
            pps,
            ifs_requests,
            wtx_requests,
            t0_answers,
            delayed,
            implicit,
            misbehaved,
        } = other;
        self.atr.clone_from(atr);
        self.resets += resets;
        (self.protocol, self.rate) = (*protocol, *rate);
        self.pps.extend(pps.iter().cloned());
        self.ifs_requests += ifs_requests;
        self.wtx_requests += wtx_requests;
        self.t0_answers += t0_answers;
        self.delayed += delayed;
        self.implicit += implicit;
        self.misbehaved += misbehaved;
    }

    /// The keys of a card whose values never showed, with what would have shown them.
    pub fn never_shown(
        &self,
        habits: &Habits,
        own_atr: bool,
        misbehaviour: Option<Misbehaviour>,
    ) -> Vec<(&'static str, &'static str)> {
        let default = Habits::default();
        let dead = [
            (own_atr && self.resets == 0, "atr", "the card was never reset"),
            (habits.pps != default.pps && !self.shows_pps(habits.pps), "pps", "no PPS request had another answer"),
            (habits.procedure != AckStyle::All && self.t0_answers == 0, "procedure", "it answered nothing in T=0"),
            (habits.ifs != IfsAnswer::AsAsked && self.ifs_requests == 0, "ifs", "no S(IFS request) came"),
            (habits.wtx.is_some() && self.wtx_requests == 0, "wtx", "it carried out no command in T=1"),
            (habits.response_delay > 0 && self.delayed == 0, "response_delay", "it answered nothing"),
            (habits.implicit.is_some() && self.implicit == 0, "implicit_rate", "its TA2 never said that it counts"),
            (misbehaviour.is_some() && self.misbehaved == 0, "fault", "it never came to that"),
        ];
        dead.into_iter().filter(|(dead, ..)| *dead).map(|(_, key, why)| (key, why)).collect()
    }

    /// Whether some answer was that of the habit and not what a card without habits would have sent.
    fn shows_pps(&self, habit: PpsHabit) -> bool {
        match habit {
            // The answer is the same; what follows differs.
            PpsHabit::Unusable | PpsHabit::UnusableOnce => self.pps.iter().any(|(_, answer)| answer.len() > 3),
            _ => self.pps.iter().any(|(request, answer)| request != answer),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_key_is_dead_until_it_shows() {
        let habits = Habits {
            pps: PpsHabit::Silent,
            procedure: AckStyle::Mixed,
            ifs: IfsAnswer::Nothing,
            wtx: Some(super::super::WtxHabit { times: 1, multiplier: 1, uses: false }),
            response_delay: 1,
            implicit: Some(0x11),
        };
        let keys = |conduct: &Conduct| -> Vec<&str> {
            let dead = conduct.never_shown(&habits, true, Some(Misbehaviour::Mute));
            dead.into_iter().map(|(key, _)| key).collect()
        };
        let all = ["atr", "pps", "procedure", "ifs", "wtx", "response_delay", "implicit_rate", "fault"];
        assert_eq!(keys(&Conduct::default()), all);
        let mut lively = Conduct {
            resets: 1,
            pps: vec![(vec![0xFF, 0x10, 0x96, 0x79], vec![])],
            ifs_requests: 1,
            wtx_requests: 1,
            t0_answers: 1,
            delayed: 1,
            implicit: 1,
            misbehaved: 1,
            ..Conduct::default()
        };
        assert_eq!(keys(&lively), [""; 0]);
        // An answer that any card would give shows nothing.
        lively.pps = vec![(vec![0xFF, 0x00, 0xFF], vec![0xFF, 0x00, 0xFF])];
        assert_eq!(keys(&lively), ["pps"]);
        assert_eq!(Conduct::default().never_shown(&Habits::default(), false, None), []);
    }
}
