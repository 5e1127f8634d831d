//! Losses: by word of mouth for a term, in writing for good, and found again. The social function's are reported to the
//! agency or by telephone, in any area; the bank function's at the bank.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use qiyong_protocol::card::status::CardStatus;

use super::super::bank::{BankAct, BankStatus};
use super::super::card_act::CardAct;
use super::super::card_file::{CardFile, CardKind};
use super::super::history::Event;
use super::super::place::Place;
use super::super::refusal::LifeRefusal;
use super::super::term::{Calendar, TemporaryTerm};
use super::{By, Holder, change_bank, change_social, known_as, of_own_bank, open, verified, write};
use crate::access::acts::Done;
use crate::acts::Act;
use crate::acts::desk::Desk;
use crate::acts::fields::{CardNo, Moment};
use crate::acts::office::Office;
use crate::acts::refusal::Refusal;
use crate::acts::role::Role;
use crate::configuration;
use crate::terminal::journal::Function;

const BY_MOUTH: &[Role] = &[Role::Clerk, Role::Issuer, Role::Hotline, Role::BankCounter];
const IN_WRITING: &[Role] = &[Role::Clerk, Role::Issuer, Role::BankCounter];

/// An oral loss that was reported.
#[derive(Debug, Serialize, ToSchema)]
pub struct Reported {
    /// `false`: the card had been reported lost before, and stays so
    pub changed: bool,
    /// When the report lapses unless it is confirmed in writing; left out: it holds until it is released or confirmed
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<Moment>,
}

/// Reports a card lost by word of mouth. Nobody can use it until the term of the area ends, or it is released where it was
/// reported.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReportLoss {
    /// The card's number
    pub card: CardNo,
    /// Who reports it: the card's holder
    pub holder: Holder,
    /// Which function: each is reported by itself
    pub function: Function,
}

impl Act for ReportLoss {
    const NAME: &'static str = "life.report-loss";
    const ROLES: &'static [Role] = BY_MOUTH;
    type Answer = Reported;

    fn carry_out(&self, desk: &mut Desk<'_>) -> Result<Reported, Refusal> {
        let (office, mut card) = open(desk, self.card)?;
        known_as(&office, &card, &self.holder)?;
        let by = By::desk(desk, None);
        let lost = change(&office, &mut card, (CardAct::ReportLoss, BankAct::ReportLoss), self.function, &by)?;
        if lost.is_some() {
            let calendar: Calendar =
                configuration::on(office.store(), office.area(), office.today())?.unwrap_or_default();
            let until = office.parameter::<TemporaryTerm>()?.ends(office.now(), &calendar);
            match self.function {
                Function::Social => (card.loss_place, card.loss_until) = (Some(by.place), until),
                Function::Financial => card.bank_loss_until = until,
            }
        }
        let until = match self.function {
            Function::Social => card.loss_until,
            Function::Financial => card.bank_loss_until,
        };
        Ok(Reported { changed: write(&office, &card, &[lost])?, until: until.map(Moment) })
    }
}

/// Reports a card lost in writing, with a valid document, or confirms an oral report: the card is void, and goes on to its
/// replacement.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ConfirmLoss {
    /// The card's number
    pub card: CardNo,
    /// The holder, who signs
    pub holder: Holder,
    /// Which function
    pub function: Function,
}

impl Act for ConfirmLoss {
    const NAME: &'static str = "life.confirm-loss";
    const ROLES: &'static [Role] = IN_WRITING;
    type Answer = Done;

    fn carry_out(&self, desk: &mut Desk<'_>) -> Result<Done, Refusal> {
        let (office, mut card) = open(desk, self.card)?;
        verified(&office, &card, &self.holder)?;
        let by = By::desk(desk, None);
        let lost = change(&office, &mut card, (CardAct::ConfirmLoss, BankAct::ConfirmLoss), self.function, &by)?;
        Ok(Done { changed: write(&office, &card, &[lost])? })
    }
}

/// Releases a card that was found: an oral loss where it was reported; a written one at the window, where the area allows
/// it.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Release {
    /// The card's number
    pub card: CardNo,
    /// The holder; what was reported in writing is released with a valid document
    pub holder: Holder,
    /// Which function
    pub function: Function,
}

impl Act for Release {
    const NAME: &'static str = "life.release";
    const ROLES: &'static [Role] = BY_MOUTH;
    type Answer = Done;

    fn carry_out(&self, desk: &mut Desk<'_>) -> Result<Done, Refusal> {
        let (office, mut card) = open(desk, self.card)?;
        known_as(&office, &card, &self.holder)?;
        let by = By::desk(desk, None);
        let (status, place) = (card.status_at(office.now()), card.loss_place);
        let in_writing = match self.function {
            Function::Social => status == CardStatus::Lost,
            Function::Financial => card.bank_status == BankStatus::Lost,
        };
        let found = change(&office, &mut card, (CardAct::Release, BankAct::Release), self.function, &by)?;
        if self.function == Function::Social
            && status == CardStatus::TemporarilyLost
            && let Some(place) = place.filter(|place| *place != by.place)
        {
            return Err(LifeRefusal::ReportedElsewhere(place).into());
        }
        if in_writing {
            verified(&office, &card, &self.holder)?;
        }
        Ok(Done { changed: write(&office, &card, &[found])? })
    }
}

fn change(
    office: &Office<'_>,
    card: &mut CardFile,
    (social, bank): (CardAct, BankAct),
    function: Function,
    by: &By<'_>,
) -> Result<Option<Event>, Refusal> {
    if card.handed_over.is_none() {
        return Err(LifeRefusal::NotHandedOver.into());
    }
    match function {
        Function::Social => change_social(office, card, social, by),
        Function::Financial if card.kind == CardKind::Temporary => Err(LifeRefusal::NoBankFunction.into()),
        // A bank acts for the cards of its own area.
        Function::Financial if by.place != Place::Bank => {
            Err(LifeRefusal::BankActNotHere { act: bank, place: by.place }.into())
        }
        Function::Financial => {
            of_own_bank(office, card, by)?;
            change_bank(office, card, bank, by)
        }
    }
}
