//! The run for the day: oral losses whose term is over become what the cards were before. Every reader knows that without
//! it ([`CardFile::status_at`]); the run puts it on record.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::super::card_file::{self, CardFile};
use super::super::deeds::BankAct;
use super::super::deeds::CardAct;
use super::super::place::Place;
use super::hand::{By, event, write};
use crate::acts::Act;
use crate::acts::desk::Desk;
use crate::acts::refusal::Refusal;
use crate::acts::role::Role;
use crate::store::value::values;
use crate::terminal::journal::Function;

/// How many cards a run takes at most, so that it is short.
const PORTION: u16 = 1000;

/// Ends the oral losses whose term is over, at most 1000 in a run. Done again it finds nothing more to do.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Lapse {}

/// What a run has done.
#[derive(Debug, Serialize, ToSchema)]
pub struct Lapsed {
    /// How many losses have lapsed
    pub lapsed: u32,
    /// There may be more: run it again
    pub more: bool,
}

impl Act for Lapse {
    const NAME: &'static str = "life.lapse";
    const ROLES: &'static [Role] = &[Role::Administrator];
    type Answer = Lapsed;

    fn carry_out(&self, desk: &mut Desk<'_>) -> Result<Lapsed, Refusal> {
        let (office, now) = (desk.office(), desk.now());
        let by = By { operator: "-", outlet: desk.outlet(), place: Place::Run, note: None };
        let mut lapsed = 0;
        let social = office.store().rows(
            "SELECT * FROM cards WHERE area = $1 AND loss_until <= $2 ORDER BY loss_until LIMIT $3",
            values![office.area(), now, PORTION],
        )?;
        let financial = office.store().rows(
            "SELECT * FROM cards WHERE area = $1 AND bank_loss_until <= $2 ORDER BY bank_loss_until LIMIT $3",
            values![office.area(), now, PORTION],
        )?;
        let more = [&social, &financial].iter().any(|rows| rows.len() == usize::from(PORTION));
        for row in &social {
            let mut card = card_file::read(office.vault(), row)?;
            let before = card.status;
            let step = CardAct::Lapse.judge(Place::Run, before, Default::default())?;
            let after = step.after(before, card.social);
            card.set_status(after);
            let event = event(&office, Function::Social, CardAct::Lapse.word(), (before.as_str(), after.as_str()), &by);
            lapsed += u32::from(write(&office, &card, &[Some(event)])?);
        }
        for row in &financial {
            let mut card = again(&office, row)?;
            let before = card.bank_status;
            let step = BankAct::Lapse.judge(Place::Run, before, false)?;
            let after = step.after(before, card.financial);
            card.set_bank_status(after);
            let event = event(&office, Function::Financial, BankAct::Lapse.into(), (before.word(), after.word()), &by);
            lapsed += u32::from(write(&office, &card, &[Some(event)])?);
        }
        desk.subject(format!("{lapsed} losses"));
        Ok(Lapsed { lapsed, more })
    }
}

/// The card of a row as it is now: its social function may have lapsed in this run.
fn again(office: &crate::acts::office::Office<'_>, row: &crate::store::value::Row) -> Result<CardFile, Refusal> {
    let number = row.get("number")?;
    let card = card_file::find(office.store(), office.vault(), number)?;
    Ok(card.ok_or(super::super::refusal::LifeRefusal::Unknown)?)
}
