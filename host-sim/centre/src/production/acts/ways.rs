//! The ways of cards that exist: into stock, to the outlet, back, lost, destroyed. Each act takes up to 1000 cards, and all
//! of them or none.

use jiff::ToSpan;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::advance;
use crate::acts::Act;
use crate::acts::desk::Desk;
use crate::acts::fields::{CardNo, Text};
use crate::acts::refusal::Refusal;
use crate::acts::role::Role;
use crate::orders::OrderStep;
use crate::production::cards;
use crate::production::refusal::ProductionRefusal;
use crate::production::rows::{self, Making};
use crate::production::settings::Production;
use crate::production::stage::{Stage, Step};

/// The most cards of one act.
const CARDS_MAX: usize = 1_000;

/// How many cards moved.
#[derive(Debug, Serialize, ToSchema)]
pub struct Moved {
    /// Cards that this act moved; the others were there already
    pub changed: usize,
}

/// Takes a step with each card that is not where it leads already; `also` does what belongs to it.
fn each(
    desk: &mut Desk<'_>,
    cards: &[CardNo],
    (step, there, note): (Step, Stage, Option<&str>),
    also: impl Fn(&Desk<'_>, &CardNo, &mut Making) -> Result<(), Refusal>,
) -> Result<Moved, Refusal> {
    let numbers: Vec<_> = cards.iter().take(3).map(ToString::to_string).collect();
    desk.subject(format!("{} cards: {}", cards.len(), numbers.join(" ")));
    if !(1..=CARDS_MAX).contains(&cards.len()) {
        return Err(ProductionRefusal::BatchSize.into());
    }
    let mut changed = 0;
    for card in cards {
        let mut making = rows::by_card(desk, card.0)?;
        if making.stage != there {
            also(desk, card, &mut making)?;
            rows::take(desk, &mut making, step, note)?;
            changed += 1;
        }
    }
    Ok(Moved { changed })
}

/// Takes cards that the maker sent into the centre's stock.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StockCards {
    /// The cards' numbers
    #[schema(min_items = 1, max_items = 1000)]
    pub cards: Vec<CardNo>,
}

impl Act for StockCards {
    const NAME: &'static str = "production.stock";
    const ROLES: &'static [Role] = &[Role::Producer];
    type Answer = Moved;

    fn carry_out(&self, desk: &mut Desk<'_>) -> Result<Moved, Refusal> {
        each(desk, &self.cards, (Step::Stock, Stage::InStock, None), |_, _, _| Ok(()))
    }
}

/// Sends cards to their outlet.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DispatchCards {
    /// The outlet's code; all cards must be for it
    pub outlet: Text,
    /// The cards' numbers
    #[schema(min_items = 1, max_items = 1000)]
    pub cards: Vec<CardNo>,
}

impl Act for DispatchCards {
    const NAME: &'static str = "production.dispatch";
    const ROLES: &'static [Role] = &[Role::Producer];
    type Answer = Moved;

    fn carry_out(&self, desk: &mut Desk<'_>) -> Result<Moved, Refusal> {
        each(desk, &self.cards, (Step::Dispatch, Stage::OnTheWay, None), |_, _, making| own(making, &self.outlet.0))
    }
}

/// Receives cards at the outlet.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReceiveCards {
    /// The cards' numbers
    #[schema(min_items = 1, max_items = 1000)]
    pub cards: Vec<CardNo>,
}

impl Act for ReceiveCards {
    const NAME: &'static str = "production.receive";
    const ROLES: &'static [Role] = &[Role::Issuer];
    type Answer = Moved;

    fn carry_out(&self, desk: &mut Desk<'_>) -> Result<Moved, Refusal> {
        let outlet = desk.outlet().to_owned();
        each(desk, &self.cards, (Step::Receive, Stage::AtOutlet, None), |_, _, making| own(making, &outlet))
    }
}

fn own(making: &Making, outlet: &str) -> Result<(), Refusal> {
    if making.outlet == outlet { Ok(()) } else { Err(ProductionRefusal::OtherOutlet.into()) }
}

/// Takes down that cards were lost or damaged before they were handed over: they are void, and made again. An issuer says so
/// of cards of the own outlet.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LoseCards {
    /// The cards' numbers
    #[schema(min_items = 1, max_items = 1000)]
    pub cards: Vec<CardNo>,
    /// What happened
    pub reason: Text,
}

impl Act for LoseCards {
    const NAME: &'static str = "production.lose";
    const ROLES: &'static [Role] = &[Role::Producer, Role::Issuer];
    type Answer = Moved;

    fn carry_out(&self, desk: &mut Desk<'_>) -> Result<Moved, Refusal> {
        let lost = (Step::Lose, Stage::ProductionFailed, Some(self.reason.0.as_str()));
        let outlet = Some(desk.outlet().to_owned()).filter(|_| desk.operator().role == Role::Issuer);
        each(desk, &self.cards, lost, |desk, card, making| {
            outlet.as_ref().map_or(Ok(()), |outlet| own(making, outlet))?;
            // Whoever may not lose it any more is told so before its row changes.
            making.stage.after(Step::Lose).ok_or(ProductionRefusal::Stage(making.stage))?;
            making.reason = Some(self.reason.0.clone());
            end(desk, card, making, "lost-before-hand-over")
        })
    }
}

/// Sends cards that nobody collected in the term back to the centre's stock.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RecallCards {
    /// The cards' numbers
    #[schema(min_items = 1, max_items = 1000)]
    pub cards: Vec<CardNo>,
}

impl Act for RecallCards {
    const NAME: &'static str = "production.recall";
    const ROLES: &'static [Role] = &[Role::Issuer];
    type Answer = Moved;

    fn carry_out(&self, desk: &mut Desk<'_>) -> Result<Moved, Refusal> {
        let outlet = desk.outlet().to_owned();
        let settings: Production = desk.parameter()?;
        each(desk, &self.cards, (Step::Recall, Stage::InStock, None), |desk, _, making| {
            own(making, &outlet)?;
            let last = making.since.saturating_add(i32::from(settings.terms.collect).days());
            let early = making.stage == Stage::AtOutlet && desk.today() <= last;
            if early { Err(ProductionRefusal::CollectTerm { last }.into()) } else { Ok(()) }
        })
    }
}

/// Destroys cards in stock that nobody collected: they are void, and their applications are closed.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DestroyCards {
    /// The cards' numbers
    #[schema(min_items = 1, max_items = 1000)]
    pub cards: Vec<CardNo>,
}

impl Act for DestroyCards {
    const NAME: &'static str = "production.destroy";
    const ROLES: &'static [Role] = &[Role::Producer];
    type Answer = Moved;

    fn carry_out(&self, desk: &mut Desk<'_>) -> Result<Moved, Refusal> {
        each(desk, &self.cards, (Step::Destroy, Stage::Destroyed, None), |desk, card, making| {
            making.stage.after(Step::Destroy).ok_or(ProductionRefusal::Stage(making.stage))?;
            advance(desk, &making.application, OrderStep::GiveUp)?;
            end(desk, card, making, "never-collected")
        })
    }
}

/// A card that nobody will have: its row is void and its PIN forgotten.
fn end(desk: &Desk<'_>, card: &CardNo, making: &Making, why: &str) -> Result<(), Refusal> {
    cards::void(desk, card.0, why)?;
    if let Some((batch, line)) = &making.batch {
        rows::forget_pin(desk, batch, *line)?;
    }
    Ok(())
}
