//! The end of a visit, as the till is told it, in the form in which the terminal reports it.

use qiyong_firmware::terminal::{CauseCode, Report};
use qiyong_protocol::ecr::Ended;
use qiyong_protocol::rules::reason::Outcome;

/// What the terminal has reported, as far as the till is told: not which card it was.
#[must_use]
pub fn report(ended: &Ended) -> Report {
    let Ended { reference: _, reason, effects, balance, stan, standing, pin_changed, pin_unchanged, cause } = *ended;
    Report {
        outcome: reason.map_or(Outcome::Approved, |reason| reason.outcome()),
        reason,
        cause: cause.map(CauseCode),
        effects,
        balance,
        standing,
        card: None,
        stan,
        pin_changed,
        pin_unchanged,
    }
}
