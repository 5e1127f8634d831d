//! Before a card is made: the bank opens its account, or does not (银行预开户).

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use zeroize::Zeroizing;

use super::{advance, making};
use crate::access::acts::Done;
use crate::acts::Act;
use crate::acts::desk::Desk;
use crate::acts::fields::{Private, Text};
use crate::acts::refusal::Refusal;
use crate::acts::role::Role;
use crate::agency::jurisdiction::own_outlet;
use crate::application::rules::Banks;
use crate::orders::{self, OrderStep};
use crate::production::bank::{BankReason, is_bank_card};
use crate::production::refusal::ProductionRefusal;
use crate::production::rows;
use crate::production::stage::{Stage, Step};

/// Begins the making of a card: asks the bank to open its account. Done again it asks again, at another bank if one is named.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OpenProduction {
    /// The application's number
    pub application: Text,
    /// Another bank than that of the application: its code, 5 digits
    pub bank: Option<Text>,
}

/// Where a card in the making stands.
#[derive(Debug, Serialize, ToSchema)]
pub struct Standing {
    /// This act changed something
    pub changed: bool,
    /// Where it stands
    pub stage: Stage,
}

impl Act for OpenProduction {
    const NAME: &'static str = "production.open";
    const ROLES: &'static [Role] = &[Role::Producer, Role::Clerk];
    type Answer = Standing;

    fn carry_out(&self, desk: &mut Desk<'_>) -> Result<Standing, Refusal> {
        let application = &self.application.0;
        desk.subject(format!("application {application}"));
        let order = orders::get(desk, application)?.ok_or(ProductionRefusal::NotReady)?;
        by_its_outlet(desk, &order.of.outlet)?;
        let known = rows::get(desk, application)?;
        // One that was given up begins anew only with a new application.
        if let Some(making) = known.as_ref().filter(|making| making.stage.after(Step::AskBank).is_none()) {
            return Err(ProductionRefusal::Stage(making.stage).into());
        }
        let begins = known.as_ref().is_none_or(|making| making.stage == Stage::SentBack);
        if begins {
            advance(desk, application, OrderStep::Produce)?;
        }
        let chosen = self.bank.as_ref().map(|bank| bank.0.clone());
        let before = known.filter(|_| !begins).map(|making| making.bank);
        let bank = chosen.or(before).unwrap_or_else(|| order.of.bank.clone());
        let served: Banks = desk.parameter()?;
        if !served.banks.iter().any(|known| known.code == bank) {
            return Err(ProductionRefusal::Bank.into());
        }
        if begins {
            rows::begin(desk, application, &order.of.outlet, &bank)?;
        }
        let mut making = making(desk, application)?;
        (making.bank_card, making.reason) = (None, None);
        making.bank.clone_from(&bank);
        rows::take(desk, &mut making, Step::AskBank, Some(&bank))?;
        Ok(Standing { changed: true, stage: making.stage })
    }
}

/// Takes down what the bank answers: the number of the card's account, or why it opens none. A bank's counter answers for its
/// own bank. Done again it changes nothing.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BankAnswers {
    /// The application's number
    pub application: Text,
    /// The bank card's number, 16 to 19 digits
    pub bank_card: Option<Private>,
    /// Why the bank opens none
    pub reason: Option<BankReason>,
}

impl Act for BankAnswers {
    const NAME: &'static str = "production.bank-answer";
    const ROLES: &'static [Role] = &[Role::BankCounter, Role::Producer];
    type Answer = Standing;

    fn carry_out(&self, desk: &mut Desk<'_>) -> Result<Standing, Refusal> {
        let mut making = making(desk, &self.application.0)?;
        if desk.operator().role == Role::BankCounter
            && !desk.parameter::<Banks>()?.is_counter_of(&making.bank, desk.outlet())
        {
            return Err(ProductionRefusal::OtherBank.into());
        }
        let card = self.bank_card.as_ref().map(|card| Zeroizing::new(card.expose().to_owned()));
        let reason = self.reason.map(|reason| <&'static str>::from(reason).to_owned());
        if card.is_some() == reason.is_some() {
            return Err(ProductionRefusal::BankAnswer.into());
        }
        if card.as_ref().is_some_and(|card| !is_bank_card(card)) {
            return Err(ProductionRefusal::BankCard.into());
        }
        let step = if card.is_some() { Step::BankOpens } else { Step::BankRefuses };
        if making.stage != Stage::BankOpening {
            let same = making.bank_card == card && (card.is_some() || making.reason == reason);
            return if same {
                Ok(Standing { changed: false, stage: making.stage })
            } else {
                Err(ProductionRefusal::BankAnswered.into())
            };
        }
        (making.bank_card, making.reason) = (card, reason);
        let note = making.reason.clone();
        rows::take(desk, &mut making, step, note.as_deref())?;
        Ok(Standing { changed: true, stage: making.stage })
    }
}

/// Sends an application back to be corrected, since the bank refuses what it says. It comes again when it is approved again;
/// its fee stays paid.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SendBack {
    /// The application's number
    pub application: Text,
}

impl Act for SendBack {
    const NAME: &'static str = "production.send-back";
    const ROLES: &'static [Role] = &[Role::Producer];
    type Answer = Done;

    fn carry_out(&self, desk: &mut Desk<'_>) -> Result<Done, Refusal> {
        leave(desk, &self.application, Step::SendBack, OrderStep::SendBack)
    }
}

/// Gives an application up whose card has not been made. Its fee can then be given back (slip.cancel). Done again it changes
/// nothing.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct GiveUp {
    /// The application's number
    pub application: Text,
}

impl Act for GiveUp {
    const NAME: &'static str = "production.give-up";
    const ROLES: &'static [Role] = &[Role::Producer, Role::Clerk];
    type Answer = Done;

    fn carry_out(&self, desk: &mut Desk<'_>) -> Result<Done, Refusal> {
        leave(desk, &self.application, Step::GiveUp, OrderStep::GiveUp)
    }
}

/// Producers act for all outlets, others for their own and those below it.
fn by_its_outlet(desk: &Desk<'_>, outlet: &str) -> Result<(), Refusal> {
    if desk.operator().role == Role::Producer { Ok(()) } else { own_outlet(desk, outlet) }
}

/// Leaves production in this way; once.
fn leave(desk: &mut Desk<'_>, application: &Text, step: Step, of_order: OrderStep) -> Result<Done, Refusal> {
    let mut making = making(desk, &application.0)?;
    by_its_outlet(desk, &making.outlet)?;
    let there = match step {
        Step::SendBack => Stage::SentBack,
        _ => Stage::GivenUp,
    };
    if making.stage == there {
        return Ok(Done { changed: false });
    }
    rows::take(desk, &mut making, step, None)?;
    if let Some((batch, line)) = &making.batch {
        rows::forget_pin(desk, batch, *line)?;
    }
    advance(desk, &application.0, of_order)?;
    Ok(Done { changed: true })
}
