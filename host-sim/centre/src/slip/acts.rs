//! The acts about slips that change something: issue, pay, cancel, remit, void. Payments move money in the ledger: from
//! outside to the fee, and from there to the finance authority.

use jiff::ToSpan;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::check::{number, number_check, payment_code, whole_check};
use super::fee::{Case, Fee};
use super::paper::{Item, Slip};
use super::payment::{Decision, Done, Flow, PaymentState, is_reference};
use super::refusal::SlipRefusal;
use super::rows::{self, Kept};
use super::state::{SlipState, SlipStep};
use crate::acts::Act;
use crate::acts::desk::Desk;
use crate::acts::fields::{Amount, Day, Private, Text};
use crate::acts::general::General;
use crate::acts::refusal::Refusal;
use crate::acts::role::Role;
use crate::agency::jurisdiction::own_outlet;
use crate::ledger::{self, Account, Posting};
use crate::orders::{self, Order, OrderState, OrderStep};
use crate::persons;
use crate::store::value::values;
use crate::store::value::words;

/// Issues the slip of an approved application, or says that nothing is to be paid. Done again it gives the slip that is in
/// force; one whose term has passed is replaced by a new one.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct IssueSlip {
    /// The application's number
    pub application: Text,
}

/// What is to be paid for an application.
#[derive(Debug, Serialize, ToSchema)]
pub struct Issued {
    /// This act settled or issued something
    pub changed: bool,
    /// Nothing is to be paid any more
    pub settled: bool,
    /// The slip; none if the card is free
    pub slip: Option<Slip>,
}

impl Act for IssueSlip {
    const NAME: &'static str = "slip.issue";
    const ROLES: &'static [Role] = &[Role::Cashier, Role::Clerk];
    type Answer = Issued;

    fn carry_out(&self, desk: &mut Desk<'_>) -> Result<Issued, Refusal> {
        desk.subject(format!("application {}", self.application.0));
        let order = orders::get(desk, &self.application.0)?.ok_or(SlipRefusal::NotApproved)?;
        own_outlet(desk, &order.of.outlet)?;
        let last = rows::of_application(desk, &self.application.0)?;
        match (order.state, &last) {
            (OrderState::Approved, _) => {}
            (OrderState::Returned | OrderState::Withdrawn, _) => return Err(SlipRefusal::NotApproved.into()),
            _ => return Ok(Issued { changed: false, settled: true, slip: last.map(|kept| kept.slip) }),
        }
        if let Some(kept) = last {
            match kept.state {
                // It went back and was approved again: its fee is paid.
                SlipState::Paid | SlipState::Remitted => {
                    orders::step(desk, &self.application.0, OrderStep::Pay)?;
                    return Ok(Issued { changed: true, settled: true, slip: Some(kept.slip) });
                }
                SlipState::Unpaid if kept.slip.due.0 >= desk.today() => {
                    return Ok(Issued { changed: false, settled: false, slip: Some(kept.slip) });
                }
                SlipState::Unpaid => rows::set_state(desk, &kept.slip.number, SlipState::Void)?,
                SlipState::Void => {}
            }
        }
        let fee: Fee = desk.parameter()?;
        let total = fee.amount(&case(desk, &order)?).ok_or(SlipRefusal::NoRate)?;
        if total == 0 {
            orders::step(desk, &self.application.0, OrderStep::Pay)?;
            return Ok(Issued { changed: true, settled: true, slip: None });
        }
        let slip = write(desk, &order, fee, total)?;
        rows::add(desk, &slip, desk.outlet())?;
        Ok(Issued { changed: true, settled: false, slip: Some(slip) })
    }
}

/// On what the amount depends.
fn case<'a>(desk: &Desk<'_>, order: &'a Order) -> Result<Case<'a>, Refusal> {
    let old_card_valid = match &order.of.old_card {
        None => None,
        Some(card) => {
            let row = desk
                .store()
                .find("SELECT expires FROM cards WHERE area = $1 AND number = $2", values![desk.area(), card])?;
            row.map(|row| row.get::<Date>("expires")).transpose()?.map(|last| last >= desk.today())
        }
    };
    let of = &order.of;
    Ok(Case { kind: &of.kind, reason: of.reason.as_deref(), exemption: of.exemption, old_card_valid })
}

fn write(desk: &Desk<'_>, order: &Order, fee: Fee, total: i64) -> Result<Slip, Refusal> {
    let today = desk.today();
    let serial = u64::try_from(desk.next_number(&format!("slip-{}", today.year()))?).unwrap_or_default();
    let number = number(desk.area(), today.year(), serial).ok_or(SlipRefusal::NoNumber)?;
    let payer = persons::get(desk, &order.of.person)?.map(|person| person.particulars.name.clone());
    let mut slip = Slip {
        number_check: number_check(&number).ok_or(SlipRefusal::NoNumber)?,
        number,
        whole_check: String::new(),
        payment_code: payment_code(desk.area(), today.year(), serial).ok_or(SlipRefusal::NoNumber)?,
        application: order.of.application.clone(),
        unit: fee.unit,
        payer: Private(payer.unwrap_or_default()),
        items: vec![Item {
            code: fee.item_code,
            name: fee.item_name,
            unit: "张".into(),
            quantity: 1,
            rate: total,
            amount: total,
        }],
        total,
        issued: Day(today),
        due: Day(today.saturating_add(i32::from(fee.due_days).days())),
    };
    slip.whole_check = whole_check(&desk.hash("slip", &slip.canonical()));
    Ok(slip)
}

words! {
    /// How somebody paid.
    pub enum Channel {
        /// Cash at the outlet.
        Cash,
        /// At a bank's counter.
        Bank,
        /// On line, by the payment code.
        Online,
    }
}

/// Registers the payment of a slip (交费登记): a cashier one of the own outlet, a bank's counter one that was paid there or on
/// line. Done again it changes nothing.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PaySlip {
    /// The slip's number, 18 digits
    pub number: Text,
    /// Its number check, 5 digits
    pub number_check: Text,
    /// Its whole-slip check, 5 digits
    pub whole_check: Text,
    /// The payment's reference: 1 to 40 letters, digits and hyphens
    pub reference: Text,
    /// What was paid, in fen
    pub amount: Amount,
    /// The day on which it was paid
    pub paid: Day,
    /// How it was paid
    pub channel: Channel,
}

/// What a message about a payment came to.
#[derive(Debug, Serialize, ToSchema)]
pub struct PaymentAnswer {
    /// Whether it is done now or had been done
    pub result: Done,
    /// Where the slip stands
    pub state: SlipState,
}

impl Act for PaySlip {
    const NAME: &'static str = "slip.pay";
    const ROLES: &'static [Role] = &[Role::Cashier, Role::BankCounter];
    type Answer = PaymentAnswer;

    fn carry_out(&self, desk: &mut Desk<'_>) -> Result<PaymentAnswer, Refusal> {
        desk.subject(format!("slip {}", self.number.0));
        if number_check(&self.number.0).as_deref() != Some(&self.number_check.0) {
            return Err(SlipRefusal::NumberCheck.into());
        }
        let kept = of_reference(desk, &self.number, &self.reference)?;
        let at_bank = desk.operator().role == Role::BankCounter;
        if at_bank && self.channel == Channel::Cash {
            let (en, zh) = (
                "a bank's counter takes no cash for an outlet: bank or online",
                "银行柜面不得登记网点现金，应为 bank 或 online",
            );
            return Err(General::not_allowed("channel", en, zh).into());
        }
        if !at_bank {
            own_outlet(desk, &kept.outlet)?;
        }
        if kept.slip.whole_check != self.whole_check.0 {
            return Err(SlipRefusal::WholeCheck.into());
        }
        let account = rows::account(desk, &kept)?;
        let decision = account.register(&self.reference.0, self.amount.0, self.paid.0, desk.today())?;
        let channel: &'static str = self.channel.into();
        let answer = take(desk, &kept, decision, Some((self.paid.0, channel)))?;
        // Nobody pays for what was withdrawn or sent back meanwhile.
        if answer.result == Done::Done && !orders::step(desk, &kept.slip.application, OrderStep::Pay)? {
            return Err(SlipRefusal::NotApproved.into());
        }
        Ok(answer)
    }
}

/// Cancels the registration of a payment (撤销交费登记); the payer has the money back. A payment that is registered later does
/// not count. Done again it changes nothing.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CancelPayment {
    /// The slip's number
    pub number: Text,
    /// The payment's reference
    pub reference: Text,
}

impl Act for CancelPayment {
    const NAME: &'static str = "slip.cancel";
    const ROLES: &'static [Role] = &[Role::Cashier, Role::BankCounter];
    type Answer = PaymentAnswer;

    fn carry_out(&self, desk: &mut Desk<'_>) -> Result<PaymentAnswer, Refusal> {
        desk.subject(format!("slip {}", self.number.0));
        let kept = of_reference(desk, &self.number, &self.reference)?;
        let account = rows::account(desk, &kept)?;
        // Who took it gives it back: a bank's counter what it told of itself, or what nobody told of yet; an outlet all of its own
        // slips.
        let told_at = rows::told_at(desk, &self.reference.0)?;
        let is_own = told_at.is_none_or(|outlet| outlet.as_deref() == Some(desk.outlet()));
        if desk.operator().role != Role::BankCounter || !is_own {
            own_outlet(desk, &kept.outlet)?;
        }
        let state = orders::get(desk, &kept.slip.application)?.map(|order| order.state);
        let used = matches!(state, Some(OrderState::InProduction | OrderState::Completed));
        let decision = account.cancel(&self.reference.0, used)?;
        let answer = take(desk, &kept, decision, None)?;
        if account.state != SlipState::Unpaid && answer.state == SlipState::Unpaid {
            orders::step(desk, &kept.slip.application, OrderStep::Unpay)?;
        }
        Ok(answer)
    }
}

/// The slip to which a message about this payment is addressed. A reference belongs to one slip.
fn of_reference(desk: &Desk<'_>, number: &Text, reference: &Text) -> Result<Kept, Refusal> {
    if !is_reference(&reference.0) {
        return Err(SlipRefusal::Reference.into());
    }
    let kept = rows::get(desk, &number.0)?;
    match rows::slip_of(desk, &reference.0)? {
        Some(other) if other != kept.slip.number => Err(SlipRefusal::ReferenceUsed.into()),
        _ => Ok(kept),
    }
}

/// Does what was decided.
fn take(
    desk: &Desk<'_>,
    kept: &Kept,
    decision: Decision,
    paid: Option<(Date, &str)>,
) -> Result<PaymentAnswer, Refusal> {
    let Decision::Now { payment, state, flows } = decision else {
        return Ok(PaymentAnswer { result: Done::AlreadyDone, state: kept.state });
    };
    rows::keep_payment(desk, &kept.slip.number, &payment, paid, desk.outlet())?;
    if state != kept.state {
        rows::set_state(desk, &kept.slip.number, state)?;
    }
    for flow in flows {
        post(desk, *flow, kept.slip.total, &kept.slip.number)?;
    }
    // A slip whose payment is withdrawn after its term cannot be paid any more.
    let overdue = payment.state == PaymentState::Cancelled && kept.slip.due.0 < desk.today();
    if overdue && let Some(void) = state.after(SlipStep::Void) {
        rows::set_state(desk, &kept.slip.number, void)?;
    }
    Ok(PaymentAnswer { result: Done::Done, state })
}

/// Moves a fee in the ledger.
fn post(desk: &Desk<'_>, flow: Flow, total: i64, reference: &str) -> Result<(), Refusal> {
    let payers = || Account::Outside("card-fee-payers".into());
    let (reason, from, to) = match flow {
        Flow::CashToFee => ("card-fee", payers(), Account::Fee),
        Flow::FeeToCash => ("card-fee-back", Account::Fee, payers()),
        Flow::FeeToFinance => ("card-fee-remitted", Account::Fee, Account::Finance),
        Flow::FinanceToFee => ("card-fee-returned", Account::Finance, Account::Fee),
    };
    let posting = Posting {
        day: desk.today(),
        reason: reason.into(),
        reference: reference.into(),
        lines: vec![(from, -total), (to, total)],
    };
    // Neither account has a floor, and the lines add up.
    ledger::post(desk, &desk.operator().id, &posting)?.map_err(|_| SlipRefusal::Amount { due: total })?;
    Ok(())
}

/// The most slips that one act remits.
const REMIT_MAX: u16 = 1_000;

/// Hands the money of the outlet's paid slips to the finance authority: those of the oldest thousand.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RemitFees {}

/// What was remitted.
#[derive(Debug, Serialize, ToSchema)]
pub struct Remitted {
    /// How many slips
    pub slips: usize,
    /// Their sum, in fen
    pub total: i64,
    /// There may be more: do it again
    pub more: bool,
}

impl Act for RemitFees {
    const NAME: &'static str = "slip.remit";
    const ROLES: &'static [Role] = &[Role::Cashier];
    type Answer = Remitted;

    fn carry_out(&self, desk: &mut Desk<'_>) -> Result<Remitted, Refusal> {
        let slips = rows::in_state(desk, (SlipState::Paid, desk.outlet()), ("", REMIT_MAX))?;
        let mut total = 0;
        for kept in &slips {
            if let Some(state) = kept.state.after(SlipStep::Remit) {
                rows::set_state(desk, &kept.slip.number, state)?;
                total += kept.slip.total;
            }
        }
        if total > 0 {
            let reference = format!("remittance-{}", desk.next_number("remittance")?);
            post(desk, Flow::FeeToFinance, total, &reference)?;
            desk.subject(reference);
        }
        Ok(Remitted { slips: slips.len(), total, more: slips.len() == usize::from(REMIT_MAX) })
    }
}

/// Withdraws a slip that is not paid. Done again it changes nothing.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct VoidSlip {
    /// The slip's number
    pub number: Text,
}

impl Act for VoidSlip {
    const NAME: &'static str = "slip.void";
    const ROLES: &'static [Role] = &[Role::Cashier];
    type Answer = crate::access::acts::Done;

    fn carry_out(&self, desk: &mut Desk<'_>) -> Result<Self::Answer, Refusal> {
        desk.subject(format!("slip {}", self.number.0));
        let kept = rows::get(desk, &self.number.0)?;
        own_outlet(desk, &kept.outlet)?;
        let changed = kept.state != SlipState::Void;
        if changed {
            let void = kept.state.after(SlipStep::Void).ok_or(SlipRefusal::Paid)?;
            rows::set_state(desk, &self.number.0, void)?;
        }
        Ok(crate::access::acts::Done { changed })
    }
}
