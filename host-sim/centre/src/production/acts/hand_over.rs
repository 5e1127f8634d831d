//! Handing a card over at the outlet, and what a unit's agent does with it.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{advance, holder, making};
use crate::access::acts::Done;
use crate::acts::Act;
use crate::acts::desk::Desk;
use crate::acts::fields::{CardNo, Day, Private, Text};
use crate::acts::refusal::Refusal;
use crate::acts::role::Role;
use crate::application::rules::ApplicationRules;
use crate::orders::{self, Order, OrderStep};
use crate::production::cards;
use crate::production::hand_over::{Claim, Collector, GuardianProof, Holder, Shown};
use crate::production::refusal::ProductionRefusal;
use crate::production::rows::{self, Making};
use crate::production::stage::{Stage, Step};

/// Hands a card over to its holder, to an agent, to a minor's guardian, or to the agent of the unit that applied. Done again
/// it changes nothing, and does not show the initial PIN a second time; who comes instead of another after the hand-over is
/// refused.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct HandOverCard {
    /// The application's number
    pub application: Text,
    /// Who takes the card
    pub collector: Collector,
    /// The collector's own document
    pub document: ShownDocument,
    /// The holder's document, which an agent brings along
    pub holder_document: Option<ShownDocument>,
    /// Where the written authority of an agent is filed
    pub authority: Option<Text>,
    /// By what a guardian proves to be one
    pub proof: Option<GuardianProof>,
    /// The unit for which the collector acts: its code
    pub unit: Option<Text>,
    /// Where the sealed copy of the unit's business licence is filed
    pub licence: Option<Text>,
    /// The collector's telephone number: 5 to 20 digits
    pub phone: Private,
}

/// A document that is shown.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ShownDocument {
    /// Its kind
    pub kind: Text,
    /// Its number
    pub number: Private,
    /// Its last day; none: for ever
    pub expires: Option<Day>,
    /// It is the original, not a copy
    pub original: bool,
}

/// A card that was handed over.
#[derive(Debug, Serialize, ToSchema)]
pub struct HandedOver {
    /// This act handed it over
    pub changed: bool,
    /// Where it stands
    pub stage: Stage,
    /// The card's number
    pub card: CardNo,
    /// The initial PIN, which is shown once: for the holder, in a sealed letter
    pub initial_pin: Option<Private>,
}

impl From<&ShownDocument> for Shown {
    fn from(document: &ShownDocument) -> Self {
        Self {
            kind: document.kind.0.clone(),
            number: document.number.expose().to_owned(),
            expires: document.expires.map(|day| day.0),
            original: document.original,
        }
    }
}

impl Act for HandOverCard {
    const NAME: &'static str = "production.hand-over";
    const ROLES: &'static [Role] = &[Role::Issuer];
    type Answer = HandedOver;

    fn carry_out(&self, desk: &mut Desk<'_>) -> Result<HandedOver, Refusal> {
        let mut making = making(desk, &self.application.0)?;
        if making.outlet != desk.outlet() {
            return Err(ProductionRefusal::OtherOutlet.into());
        }
        let (step, there) = match self.collector {
            Collector::UnitAgent => (Step::HandToUnit, Stage::WithUnit),
            _ => (Step::HandOver, Stage::HandedOver),
        };
        let done = making.stage == there;
        if !done && making.stage.after(step).is_none() {
            return Err(ProductionRefusal::Stage(making.stage).into());
        }
        let who: &'static str = self.collector.into();
        if done && rows::last_note(desk, &self.application.0)?.is_some_and(|before| before != who) {
            return Err(ProductionRefusal::Stage(making.stage).into());
        }
        let order = orders::get(desk, &self.application.0)?.ok_or(ProductionRefusal::NotReady)?;
        let rules: ApplicationRules = desk.parameter()?;
        self.claim().check(&self.holder(desk, &order)?, rules.minor_under, desk.today())?;
        let (batch, number) = making.batch.clone().ok_or(ProductionRefusal::NoBatch)?;
        let line = rows::line(desk, &batch, number)?;
        let mut initial_pin = None;
        if !done {
            rows::take(desk, &mut making, step, Some(who))?;
            rows::forget_pin(desk, &batch, number)?;
            initial_pin = line.pin.as_ref().map(|pin| Private(pin.as_str().to_owned()));
            if there == Stage::HandedOver {
                finish(desk, &order, &making)?;
            }
        }
        Ok(HandedOver { changed: !done, stage: making.stage, card: CardNo(line.card), initial_pin })
    }
}

impl HandOverCard {
    fn claim(&self) -> Claim {
        let text = |text: &Option<Text>| text.as_ref().map(|text| text.0.clone());
        Claim {
            collector: self.collector,
            own: (&self.document).into(),
            holders: self.holder_document.as_ref().map(Into::into),
            authority: text(&self.authority),
            proof: self.proof,
            unit: text(&self.unit),
            licence: text(&self.licence),
            phone: self.phone.expose().to_owned(),
        }
    }

    fn holder(&self, desk: &Desk<'_>, order: &Order) -> Result<Holder, Refusal> {
        let person = holder(desk, &order.of.person)?;
        Ok(Holder {
            document: (person.document_kind.clone(), person.particulars.document.clone()),
            born: person.particulars.born,
            guardian: order.of.particulars.guardian.clone(),
            unit: order.of.particulars.unit.clone(),
        })
    }
}

/// The holder has the card: the application is completed, and the card that this one replaces ends.
fn finish(desk: &Desk<'_>, order: &Order, making: &Making) -> Result<(), Refusal> {
    advance(desk, &order.of.application, OrderStep::HandOver)?;
    let (batch, line) = making.batch.as_ref().ok_or(ProductionRefusal::NoBatch)?;
    cards::hand_over(desk, rows::line(desk, batch, *line)?.card)?;
    match &order.of.old_card {
        Some(old) => cards::supersede(desk, old),
        None => Ok(()),
    }
}

/// Takes down that the unit's agent has given a card to its holder. Done again it changes nothing.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DistributeCard {
    /// The application's number
    pub application: Text,
    /// Where the list with the holder's signature is filed
    pub receipt: Text,
}

impl Act for DistributeCard {
    const NAME: &'static str = "production.distribute";
    const ROLES: &'static [Role] = &[Role::Issuer];
    type Answer = Done;

    fn carry_out(&self, desk: &mut Desk<'_>) -> Result<Done, Refusal> {
        let mut making = at_outlet(desk, &self.application.0)?;
        if making.stage == Stage::HandedOver {
            return Ok(Done { changed: false });
        }
        rows::take(desk, &mut making, Step::Distribute, Some(&self.receipt.0))?;
        let order = orders::get(desk, &self.application.0)?.ok_or(ProductionRefusal::NotReady)?;
        finish(desk, &order, &making)?;
        Ok(Done { changed: true })
    }
}

/// Takes a card back that the unit's agent could not distribute. Done again it changes nothing.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TakeBackCard {
    /// The application's number
    pub application: Text,
}

impl Act for TakeBackCard {
    const NAME: &'static str = "production.take-back";
    const ROLES: &'static [Role] = &[Role::Issuer];
    type Answer = Done;

    fn carry_out(&self, desk: &mut Desk<'_>) -> Result<Done, Refusal> {
        let mut making = at_outlet(desk, &self.application.0)?;
        if making.stage == Stage::AtOutlet {
            return Ok(Done { changed: false });
        }
        rows::take(desk, &mut making, Step::UnitReturns, None)?;
        Ok(Done { changed: true })
    }
}

/// The card in the making for an application of this outlet.
fn at_outlet(desk: &mut Desk<'_>, application: &str) -> Result<Making, Refusal> {
    let making = making(desk, application)?;
    if making.outlet == desk.outlet() { Ok(making) } else { Err(ProductionRefusal::OtherOutlet.into()) }
}
