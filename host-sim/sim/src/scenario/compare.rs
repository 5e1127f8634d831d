//! Compares what came of a scenario with its expectations: one sentence for each difference.

use qiyong_firmware::terminal::Report;

use super::file::{Expected, ExpectedCard};
use super::stage::PlayedCard;

/// Notes a difference, if the scenario expects a value and another one came.
fn differ<T: PartialEq + std::fmt::Display>(
    place: &str,
    what: &str,
    expected: Option<T>,
    got: T,
    differences: &mut Vec<String>,
) {
    if let Some(expected) = expected.filter(|expected| *expected != got) {
        differences.push(format!("{place}: {what} should be {expected}, but is {got}"));
    }
}

/// Notes the differences of a step.
pub(super) fn compare_step(report: &Report, expected: &Expected, place: &str, differences: &mut Vec<String>) {
    let reason = report.reason.map_or("none", |reason| reason.as_str());
    let because = report.cause.map_or(String::new(), |cause| format!(" ({cause})"));
    let outcome = expected.outcome.map(|outcome| outcome.as_str());
    let mut own = Vec::new();
    differ(place, "outcome", outcome, report.outcome.as_str(), &mut own);
    // An outcome without a reason was expected: then an approved visit must have no reason, and any other visit may
    // have any.
    differ(place, "reason", expected.reason.map(|reason| reason.as_str()), reason, &mut own);
    if !own.is_empty() {
        own.iter_mut().for_each(|difference| difference.push_str(&because));
        if expected.reason.is_none() && report.reason.is_some() {
            own.iter_mut().for_each(|difference| difference.push_str(&format!(", reason {reason}")));
        }
    }
    differ(place, "activated", expected.activated, report.effects.activates, &mut own);
    differ(place, "pin_changed", expected.pin_changed, report.pin_changed, &mut own);
    match (expected.balance, report.balance) {
        (Some(balance), Some(got)) => differ(place, "balance", Some(balance), got.0, &mut own),
        (Some(balance), None) => own.push(format!("{place}: balance should be {balance}, but there is none")),
        (None, _) => {}
    }
    differences.append(&mut own);
}

/// Notes the differences of a card at the end.
pub(super) fn compare_card(card: &PlayedCard, expected: &ExpectedCard, place: &str, differences: &mut Vec<String>) {
    differ(place, "pin_tries_left", expected.pin_tries_left, card.pin_tries_left, differences);
    let ExpectedCard { status, social, financial, account, pin_is_initial, pin_tries_left: _ } = *expected;
    let Some(record) = &card.record else {
        if status.is_some() || social.is_some() || financial.is_some() || account.is_some() || pin_is_initial.is_some()
        {
            differences.push(format!("{place}: the centre does not know this card"));
        }
        return;
    };
    differ(place, "status", status.map(|status| status.as_str()), record.status.as_str(), differences);
    differ(place, "social", social, record.social, differences);
    differ(place, "financial", financial, record.financial, differences);
    differ(place, "account", account, record.account.0, differences);
    differ(place, "pin_is_initial", pin_is_initial, record.pin_is_initial, differences);
}
