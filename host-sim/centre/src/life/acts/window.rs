//! A card is put into use at a window or a bank's counter; the agency seals it, locks it, and takes both back.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use qiyong_protocol::rules::institution::InstitutionCode;

use super::super::deeds::BankAct;
use super::super::deeds::CardAct;
use super::super::place::Place;
use super::super::refusal::LifeRefusal;
use super::hand::{By, Holder, change_bank, change_social, open_handed_over, open_own, verified, write};
use crate::access::acts::Done;
use crate::acts::Act;
use crate::acts::desk::Desk;
use crate::acts::fields::{CardNo, Text};
use crate::acts::refusal::Refusal;
use crate::acts::role::Role;
use crate::institution;

/// Puts a card into use for its holder, who is there with a valid document: at a window the social function, at a counter
/// of a bank that issues cards in the area the bank account, too. Done again it changes nothing.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Activate {
    /// The card's number
    pub card: CardNo,
    /// The holder
    pub holder: Holder,
}

impl Act for Activate {
    const NAME: &'static str = "life.activate";
    const ROLES: &'static [Role] = &[Role::Issuer, Role::BankCounter];
    type Answer = Done;

    fn carry_out(&self, desk: &mut Desk<'_>) -> Result<Done, Refusal> {
        let (office, mut card) = open_handed_over(desk, self.card)?;
        verified(&office, &card, &self.holder)?;
        if card.expires < office.today() {
            return Err(LifeRefusal::Expired.into());
        }
        let by = By::desk(desk, None);
        if by.place == Place::Bank {
            let code = InstitutionCode::new(by.outlet).ok();
            let issues = match code {
                Some(code) => institution::records::usable_on(&office, code, office.today())?,
                None => false,
            };
            if !issues {
                return Err(LifeRefusal::NotHere { act: CardAct::Activate, place: Place::Bank }.into());
            }
        }
        let social = change_social(&office, &mut card, CardAct::Activate, &by)?;
        let financial = match by.place {
            Place::Bank => change_bank(&office, &mut card, BankAct::Activate, &by)?,
            _ => None,
        };
        Ok(Done { changed: write(&office, &card, &[social, financial])? })
    }
}

/// An act of the agency on a card, with its reason.
macro_rules! of_the_agency {
    ($($(#[$doc:meta])* $name:ident = $word:literal, $act:expr;)+) => { $(
        $(#[$doc])*
        #[derive(Debug, Serialize, Deserialize, ToSchema)]
        #[serde(deny_unknown_fields)]
        pub struct $name {
            /// The card's number
            pub card: CardNo,
            /// Why; it stands in the card's history
            pub why: Text,
        }

        impl Act for $name {
            const NAME: &'static str = $word;
            const ROLES: &'static [Role] = &[Role::Issuer];
            type Answer = Done;

            fn carry_out(&self, desk: &mut Desk<'_>) -> Result<Done, Refusal> {
                let (office, mut card) = open_own(desk, self.card)?;
                let by = By::desk(desk, Some(&self.why.0));
                let done = change_social(&office, &mut card, $act, &by)?;
                Ok(Done { changed: write(&office, &card, &[done])? })
            }
        }
    )+ };
}

of_the_agency! {
    /// Seals a card: the agency puts it aside, and nobody can use it.
    Seal = "life.seal", CardAct::Seal;
    /// Takes up a sealed card again.
    Unseal = "life.unseal", CardAct::Unseal;
    /// Locks a card's application.
    Lock = "life.lock", CardAct::Lock;
    /// Unlocks a card's application.
    Unlock = "life.unlock", CardAct::Unlock;
}
