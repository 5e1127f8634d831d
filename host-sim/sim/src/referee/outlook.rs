//! What is due on the line: for who sees a wire, and not who drives it.

use super::judge::Referee;
use super::seen::{By, Rate};
use super::session::Stage;

/// Whose turn it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// The card's.
    Card,
    /// The terminal's.
    Terminal,
    /// The bytes do not tell.
    Either,
    /// Nothing more is judged until the next reset.
    Over,
}

/// What is due.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outlook {
    /// Whose turn it is.
    pub turn: Turn,
    /// The length of the moments in force.
    pub rate: Rate,
    /// Others that a party may use by mistake: the default, that of TA1, that of a PPS request.
    pub others: Vec<Rate>,
    /// Wrong parity is not signalled.
    pub t1: bool,
    /// The inverse convention; known from TS on.
    pub inverse: Option<bool>,
    /// Who sent the last character, its leading edge in ticks, and the length of its moments.
    pub last: Option<(By, u64, Rate)>,
    /// The answer to reset is not whole.
    pub within_atr: bool,
    /// Nothing has come since reset.
    pub before_ts: bool,
    /// The terminal has sent nothing since reset.
    pub before_command: bool,
}

impl Referee {
    /// What is due now; `None` while the card is without power or held in reset.
    pub fn outlook(&self) -> Option<Outlook> {
        let session = self.session.as_ref()?;
        let last = session.last.map(|last| (last.by, last.edge, last.rate));
        let by = |by| if by == By::Card { Turn::Card } else { Turn::Terminal };
        let turn = match &session.stage {
            _ if session.over => Turn::Over,
            Stage::Atr => Turn::Card,
            Stage::Ready(_) | Stage::Failed => Turn::Terminal,
            Stage::Pps(pps) => {
                if pps.asked() {
                    Turn::Card
                } else {
                    Turn::Terminal
                }
            }
            Stage::T0(t0) => t0.sender().map_or(Turn::Either, by),
            Stage::T1(t1) => {
                if t1.awaits_block() || t1.within_answer() {
                    Turn::Card
                } else {
                    Turn::Terminal
                }
            }
            Stage::Other => Turn::Over,
        };
        Some(Outlook {
            turn,
            rate: session.expected(),
            others: session.rates(),
            t1: matches!(session.stage, Stage::T1(_)),
            inverse: session.inverse,
            last,
            within_atr: matches!(session.stage, Stage::Atr),
            before_ts: last.is_none(),
            before_command: matches!(session.stage, Stage::Atr | Stage::Ready(None)),
        })
    }

    /// Whether the card has had the time that it is given for its next character, by the tick `at`.
    pub fn has_waited(&self, at: u64) -> bool {
        let wait = self.session.as_ref().and_then(|session| session.wait);
        wait.is_some_and(|wait| self.time.longest(wait.since, at) >= wait.least)
    }

    /// The answer to reset, TS first, once it is whole.
    pub fn atr(&self) -> Option<Vec<u8>> {
        self.session.as_ref()?.atr()
    }
}
