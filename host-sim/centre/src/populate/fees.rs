//! What an approved application comes to: the order, the slip of its fee, and the payment.

use jiff::ToSpan;
use zeroize::Zeroizing;

use super::papers::{Applying, Filed};
use super::path::Path;
use super::tables;
use super::unit::Unit;
use crate::acts::fields::{Day, Private};
use crate::application::codes::ApplicationKind;
use crate::application::state::Step;
use crate::error::{CentreError, Damage};
use crate::ledger::Account;
use crate::orders::{OrderState, Particulars};
use crate::production::stage::Stage;
use crate::slip::fee::Case;
use crate::slip::payment::PaymentState;
use crate::slip::state::SlipState;
use crate::slip::{Item, Slip, check};
use crate::store::bulk::cells;

/// Places the order, issues the slip, and registers its payment, as far as the person has come; returns what the outlet has
/// handed to the finance authority, in fen.
pub(super) fn order(unit: &mut Unit<'_>, applying: &Applying<'_>, filed: &Filed) -> Result<i64, CentreError> {
    if !applying.path.steps().contains(&Step::Approve) {
        return Ok(0);
    }
    let damaged = |column: &str| CentreError::Damaged(Damage::Column(column.into()));
    let (kind, reason) = match &applying.old {
        Some((_, reason)) => (ApplicationKind::Replacement, Some(<&str>::from(*reason))),
        None => (ApplicationKind::New, None),
    };
    let kind: &str = kind.into();
    let particulars = Particulars {
        id_number: applying.someone.id_text().to_owned(),
        ethnicity: 1,
        guardian: filed.guardian.clone(),
        unit: applying.list.map(|_| applying.employer.0.clone()),
    };
    let text = Zeroizing::new(serde_json::to_string(&particulars).map_err(|_| damaged("orders.sealed"))?);
    let sealed = unit.office.seal(&text)?;
    let old = applying.old.as_ref().map(|(card, _)| card.to_string());
    unit.add(
        &tables::ORDERS,
        cells![
            &filed.number,
            applying.person,
            kind,
            reason,
            None::<&str>,
            old.as_deref(),
            unit.bank(),
            unit.outlet,
            &sealed,
            &unit.day(applying.ago - 1).to_string(),
            <&str>::from(order_state(applying.path)),
        ],
    )?;
    let Some(state) = slip_state(applying.path) else { return Ok(0) };
    let case = Case { kind, reason, exemption: None, old_card_valid: old.as_ref().map(|_| true) };
    let total = unit.rules.fee.amount(&case).unwrap_or(0);
    // A card that is free has no slip.
    if total <= 0 {
        return Ok(0);
    }
    let slip = slip(unit, applying, filed, total)?;
    let text = Zeroizing::new(serde_json::to_string(&slip).map_err(|_| damaged("slips.sealed"))?);
    let sealed = unit.office.seal(&text)?;
    unit.add(
        &tables::SLIPS,
        cells![
            &slip.number,
            &slip.payment_code,
            &filed.number,
            unit.outlet,
            &sealed,
            total,
            &slip.issued.to_string(),
            &slip.due.to_string(),
            <&str>::from(state),
        ],
    )?;
    if !matches!(state, SlipState::Paid | SlipState::Remitted) {
        return Ok(0);
    }
    let paid = unit.day(applying.ago - 2);
    let reference = format!("POP-{}", slip.number);
    let registered: &str = PaymentState::Registered.into();
    unit.add(
        &tables::PAYMENTS,
        cells![&reference, &slip.number, registered, total, &paid.to_string(), "online", unit.outlet],
    )?;
    let payers = Account::Outside("card-fee-payers".into());
    unit.post((paid, "card-fee", &slip.number), (&payers, &Account::Fee), total)?;
    Ok(if state == SlipState::Remitted { total } else { 0 })
}

const fn order_state(path: Path) -> OrderState {
    match path {
        Path::Filing(_) | Path::Approved | Path::Unpaid | Path::Lapsed => OrderState::Approved,
        Path::Paid { .. } => OrderState::Ready,
        Path::Making(Stage::SentBack) => OrderState::Returned,
        Path::Making(Stage::GivenUp | Stage::Destroyed) => OrderState::Withdrawn,
        Path::Making(_) => OrderState::InProduction,
        Path::Held(_) => OrderState::Completed,
    }
}

const fn slip_state(path: Path) -> Option<SlipState> {
    Some(match path {
        Path::Filing(_) | Path::Approved => return None,
        Path::Unpaid => SlipState::Unpaid,
        Path::Lapsed => SlipState::Void,
        Path::Paid { remitted: false } => SlipState::Paid,
        _ => SlipState::Remitted,
    })
}

fn slip(unit: &mut Unit<'_>, applying: &Applying<'_>, filed: &Filed, total: i64) -> Result<Slip, CentreError> {
    let full = || CentreError::Defaults("more slips were issued in a year than there are numbers".into());
    let issued = unit.day(applying.ago - 1);
    let (area, fee) = (unit.office.area(), &unit.rules.fee);
    let serial = u64::try_from(unit.next(&format!("slip-{}", issued.year()))?).unwrap_or_default();
    let number = check::number(area, issued.year(), serial).ok_or_else(full)?;
    let mut slip = Slip {
        number_check: check::number_check(&number).ok_or_else(full)?,
        number,
        whole_check: String::new(),
        payment_code: check::payment_code(area, issued.year(), serial).ok_or_else(full)?,
        application: filed.number.clone(),
        unit: fee.unit.clone(),
        payer: Private(applying.someone.name.clone()),
        items: vec![Item {
            code: fee.item_code.clone(),
            name: fee.item_name.clone(),
            unit: "张".into(),
            quantity: 1,
            rate: total,
            amount: total,
        }],
        total,
        issued: Day(issued),
        due: Day(issued.saturating_add(i32::from(fee.due_days).days())),
    };
    slip.whole_check = check::whole_check(&unit.office.hash("slip", &slip.canonical()));
    Ok(slip)
}
