//! The referee's own reading of an answer to reset (clause 8). It shares nothing with the terminal's, which it judges.

use super::seen::Rate;

/// What an answer to reset says, as far as a rule needs it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Says {
    /// TA1.
    pub(super) ta1: Option<u8>,
    /// TA2: specific mode.
    pub(super) ta2: Option<u8>,
    /// N, the extra guard time of TC1.
    pub(super) n: u8,
    /// WI, of TC2.
    pub(super) wi: u8,
    /// The protocols offered, in order, without T=15.
    pub(super) protocols: Vec<u8>,
    /// T=15 is among the TDi.
    pub(super) t15: bool,
    /// The first TA after T=15: clock stop and class.
    pub(super) global: Option<u8>,
    /// The first TA, TB and TC for T=1: IFSC, BWI with CWI, and the error detection code.
    pub(super) t1: [Option<u8>; 3],
    /// TCK is right, or there need not be any.
    pub(super) checked: bool,
}

impl Says {
    /// The protocol of a card that is not asked (clauses 6.3.1 and 8.2.3).
    pub(super) fn first_protocol(&self) -> u8 {
        match self.ta2 {
            Some(ta2) => ta2 & 0x0F,
            None => self.protocols.first().copied().unwrap_or(0),
        }
    }

    /// Fi and Di of TA1, where it names them (tables 7 and 8); those of the default where there is none.
    pub(super) fn rate(&self) -> Option<Rate> {
        rate(self.ta1.unwrap_or(0x11))
    }

    /// f max in Hz (table 7).
    pub(super) fn most_hz(&self) -> Option<u32> {
        let khz = [4000, 5000, 6000, 8000, 12_000, 16_000, 20_000, 0, 0, 5000, 7500, 10_000, 15_000, 20_000, 0, 0];
        let most = khz[usize::from(self.ta1.unwrap_or(0x11) >> 4)] * 1000;
        (most > 0).then_some(most)
    }
}

/// Fi and Di of a TA1 or PPS1, unless one of them is reserved.
pub(super) fn rate(code: u8) -> Option<Rate> {
    let f = [372, 372, 558, 744, 1116, 1488, 1860, 0, 0, 512, 768, 1024, 1536, 2048, 0, 0][usize::from(code >> 4)];
    let d = [0, 1, 2, 4, 8, 16, 32, 64, 12, 20, 0, 0, 0, 0, 0, 0][usize::from(code & 15)];
    (f > 0 && d > 0).then_some(Rate { f, d })
}

/// How far an answer to reset has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Reading {
    /// More characters are due.
    Part,
    /// It is whole.
    Whole(Box<Says>),
    /// It is none: whatever the terminal does then is not judged, as long as it does not go on with the card.
    Wrong,
}

/// Reads the characters after TS.
pub(super) fn read(after_ts: &[u8]) -> Reading {
    let Some((&t0, mut rest)) = after_ts.split_first() else { return Reading::Part };
    let mut says = Says {
        ta1: None,
        ta2: None,
        n: 0,
        wi: 10,
        protocols: Vec::new(),
        t15: false,
        global: None,
        t1: [None; 3],
        checked: true,
    };
    let (mut present, mut protocol, mut number) = (t0 >> 4, None, 1);
    while present != 0 {
        let mut take = |bit: u8| match (present >> bit & 1, rest.split_first()) {
            (0, _) => Some(None),
            (_, Some((&byte, more))) => {
                rest = more;
                Some(Some(byte))
            }
            (_, None) => None,
        };
        let (Some(ta), Some(tb), Some(tc), Some(td)) = (take(0), take(1), take(2), take(3)) else {
            return if after_ts.len() > 32 { Reading::Wrong } else { Reading::Part };
        };
        match (number, protocol) {
            (1, _) => (says.ta1, says.n) = (ta, tc.unwrap_or(0)),
            (2, _) => (says.ta2, says.wi) = (ta, tc.unwrap_or(10)),
            (_, Some(1)) if says.t1 == [None; 3] => says.t1 = [ta, tb, tc],
            (_, Some(15)) => says.global = says.global.or(ta),
            _ => {}
        }
        let Some(td) = td else { break };
        match td & 0x0F {
            15 if number == 1 => return Reading::Wrong,
            15 => says.t15 = true,
            offered if !says.protocols.contains(&offered) => says.protocols.push(offered),
            _ => {}
        }
        (present, protocol, number) = (td >> 4, Some(td & 0x0F), number + 1);
    }
    if says.protocols.is_empty() {
        says.protocols.push(0);
    }
    let historical = usize::from(t0 & 0x0F);
    let check = usize::from(says.t15 || says.protocols != [0]);
    let whole = after_ts.len() - rest.len() + historical + check;
    match after_ts.len() {
        _ if whole > 32 => Reading::Wrong,
        have if have < whole => Reading::Part,
        _ => {
            says.checked = check == 0 || after_ts.iter().take(whole).fold(0, |sum, byte| sum ^ byte) == 0;
            Reading::Whole(Box::new(says))
        }
    }
}
