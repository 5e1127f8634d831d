//! How far the terminal's characters must be from those before them: guard time, turnaround, block guard time.

use super::atr::{Says, rate};
use super::rule::Rule;
use super::seen::{By, Rate, Span};

/// A character that went before.
#[derive(Clone, Copy, Debug)]
pub(super) struct Last {
    /// Its leading edge.
    pub(super) edge: u64,
    /// Who sent it.
    pub(super) by: By,
    /// The length of its moments.
    pub(super) rate: Rate,
}

/// What the character after it belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Use {
    /// A PPS request.
    Pps,
    /// T=0.
    T0,
    /// T=1.
    T1,
}

/// The least span from the leading edge of `last` to that of a character that the terminal sends at `now`, and the rule for it.
pub(super) fn least(says: &Says, last: Last, now: Rate, usage: Use) -> (Span, Rule) {
    let both = if usage == Use::T1 { 11 } else { 12 };
    let guard = match says.n {
        // N = 255: the least in both directions, 12 etu in T=0 and 11 in T=1 (clauses 8.3 and 11.2).
        255 => last.rate.etu(both),
        n => last.rate.etu(12) + extra(says, last.rate, now) * u64::from(n),
    };
    match (last.by, usage) {
        (By::Terminal, _) => (guard, Rule::Guard),
        (By::Card, Use::T0) if last.rate.etu(16) >= guard => (last.rate.etu(16), Rule::Turnaround),
        (By::Card, Use::T1) if last.rate.etu(22) >= guard => (last.rate.etu(22), Rule::BlockGuard),
        (By::Card, _) => (guard, Rule::GuardAfterCard),
    }
}

/// The time that one of N stands for (clause 8.3): R is Fi / Di of TA1 if the ATR has a T=15, else F / D in use. Where these
/// change between two characters the standard names neither, so the shorter one counts.
fn extra(says: &Says, before: Rate, now: Rate) -> Span {
    match says.t15 {
        true => rate(says.ta1.unwrap_or(0x11)).unwrap_or(Rate::DEFAULT).etu(1),
        false => before.etu(1).min(now.etu(1)),
    }
}
