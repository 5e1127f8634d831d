//! How a visit ended, for programs: the same facts under the same names, whoever tells them.

use serde::Serialize;

use qiyong_firmware::terminal::Report;
use qiyong_protocol::card::status::CardStatus;
use qiyong_protocol::rules::decision::{CardRecord, Operation};

/// What a visit came to. Amounts are in fen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct VisitTold {
    /// What the terminal was to do: apply, settle, purchase or query; or sign-off, echo or settle-batch, for which nobody comes.
    pub operation: &'static str,
    /// approved, refused, failed, cancelled or timed-out.
    #[cfg_attr(feature = "schema", schemars(extend("enum" = ["approved", "refused", "failed", "cancelled", "timed-out"])))]
    pub outcome: &'static str,
    /// Why it was not approved; null if it was.
    pub reason: Option<&'static str>,
    /// What exactly was wrong with the card or the way to the centre, where more is known than the reason says.
    pub cause: Option<String>,
    /// Whether this visit put the card into use.
    pub activated: bool,
    /// Whether this visit put the bank account into use.
    pub activated_financial: bool,
    /// The card's status at the centre before the visit; null if nobody has asked the centre.
    pub status_before: Option<&'static str>,
    /// The card's status at the centre after the visit; null if nobody has asked the centre.
    pub status_after: Option<&'static str>,
    /// What the personal account paid, in fen.
    pub charge: u64,
    /// The personal account's balance afterwards, in fen; null if the centre has not told it.
    pub balance: Option<u64>,
    /// The transaction's number; null if none was sent.
    pub stan: Option<u32>,
    /// Whether the holder replaced the initial PIN.
    pub pin_changed: bool,
    /// At a bank: why the offer to replace the PIN came to nothing, unless the holder declined it.
    pub pin_unchanged: Option<&'static str>,
}

impl VisitTold {
    /// As the terminal alone can tell it. `operation` is its word.
    pub fn by_terminal(operation: &'static str, report: &Report) -> Self {
        let before = report.standing.map(|standing| standing.status);
        // What the centre has approved is so from then on: a first payment or application has found the card inactive.
        let (before, after) = match (report.effects.activates, report.reason) {
            (true, _) => (Some(CardStatus::Inactive), Some(CardStatus::Active)),
            (false, None) if Self::needs_an_active_card(operation) => {
                (Some(CardStatus::Active), Some(CardStatus::Active))
            }
            _ => (before, before),
        };
        Self::new(operation, report, before, after)
    }

    /// With what the centre knows of the card before and after the visit.
    pub fn by_centre(operation: &Operation, report: &Report, records: [Option<&CardRecord>; 2]) -> Self {
        let [before, after] = records.map(|record| record.map(|record| record.status));
        Self::new(operation.as_str(), report, before, after)
    }

    /// Whether it is approved of a card in use only, unless it puts it into use.
    fn needs_an_active_card(operation: &str) -> bool {
        ["apply", "settle", "purchase"].contains(&operation)
    }

    fn new(operation: &'static str, report: &Report, before: Option<CardStatus>, after: Option<CardStatus>) -> Self {
        let Report { outcome, reason, cause, effects, balance, stan, pin_changed, pin_unchanged, .. } = report;
        Self {
            operation,
            outcome: outcome.as_str(),
            reason: reason.map(|reason| reason.as_str()),
            cause: cause.map(|cause| cause.to_string()),
            activated: effects.activates,
            activated_financial: effects.activates_financial,
            status_before: before.map(CardStatus::as_str),
            status_after: after.map(CardStatus::as_str),
            charge: effects.charge.0,
            balance: balance.map(|balance| balance.0),
            stan: stan.map(|stan| stan.0),
            pin_changed: *pin_changed,
            pin_unchanged: pin_unchanged.map(|reason| reason.as_str()),
        }
    }
}
