//! How cards end: cancelled, or superseded by another; and the account that the bank then closes.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use qiyong_protocol::card::codes::CardNumber;

use super::super::bank::BankAct;
use super::super::card_act::CardAct;
use super::super::card_file::{self, CardFile};
use super::super::place::Place;
use super::super::refusal::LifeRefusal;
use super::super::replacement::ReplaceReason;
use super::{By, change_bank, change_social, of_own_bank, open_own, place_of, write};
use crate::access::acts::Done;
use crate::acts::Act;
use crate::acts::desk::Desk;
use crate::acts::fields::CardNo;
use crate::acts::office::Office;
use crate::acts::refusal::Refusal;
use crate::acts::role::Role;
use crate::error::CentreError;
use crate::persons;
use crate::store::value::words;

words! {
    /// Why a card is cancelled.
    pub enum CancelReason {
        /// 死亡: the holder died.
        Death,
        /// 出国定居: the holder settled abroad.
        SettledAbroad,
        /// 转出本省: the holder left the province.
        LeftProvince,
        /// 制卡错误: the card was made wrong.
        MadeWrong,
    }
}

/// Cancels a card for good: first the social function, then the bank closes the account, which is blocked at once.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Cancel {
    /// The card's number
    pub card: CardNo,
    /// Why. With the first three the person is no longer one of the area
    pub why: CancelReason,
}

impl Act for Cancel {
    const NAME: &'static str = "life.cancel";
    const ROLES: &'static [Role] = &[Role::Issuer];
    type Answer = Done;

    fn carry_out(&self, desk: &mut Desk<'_>) -> Result<Done, Refusal> {
        let (office, mut card) = open_own(desk, self.card)?;
        let word: &str = self.why.into();
        let by = By::desk(desk, Some(word));
        let changed = end(&office, &mut card, CardAct::Cancel, &by, word)?;
        if changed && self.why != CancelReason::MadeWrong {
            end_person(&office, &card.person)?;
        }
        Ok(Done { changed })
    }
}

/// Closes the bank account of a card that has ended.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CloseAccount {
    /// The card's number
    pub card: CardNo,
}

impl Act for CloseAccount {
    const NAME: &'static str = "life.close-account";
    const ROLES: &'static [Role] = &[Role::BankCounter];
    type Answer = Done;

    fn carry_out(&self, desk: &mut Desk<'_>) -> Result<Done, Refusal> {
        let (office, mut card) = open_own(desk, self.card)?;
        let by = By::desk(desk, None);
        of_own_bank(&office, &card, &by)?;
        let closed = change_bank(&office, &mut card, BankAct::Close, &by)?;
        Ok(Done { changed: write(&office, &card, &[closed])? })
    }
}

/// Ends a card because another one takes its place, which is being handed over at `desk`; its account is blocked. `false`:
/// it had ended before.
///
/// # Errors
/// There is no such card, or its status does not allow it.
pub fn supersede(desk: &Desk<'_>, old: CardNumber, why: ReplaceReason) -> Result<bool, Refusal> {
    let mut card = card_file::find(desk.store(), desk.vault(), old)?.ok_or(LifeRefusal::Unknown)?;
    let office = desk.office().of_area(card.area);
    let word: &str = why.into();
    // Whoever hands over cards does it at a bank or at a window.
    let place = if place_of(desk.operator().role) == Place::Bank { Place::Bank } else { Place::Window };
    let by = By { operator: &desk.operator().id, outlet: desk.outlet(), place, note: Some(word) };
    end(&office, &mut card, CardAct::Supersede, &by, word)
}

/// Ends a card and blocks its bank function.
pub(super) fn end(
    office: &Office<'_>,
    card: &mut CardFile,
    act: CardAct,
    by: &By<'_>,
    why: &str,
) -> Result<bool, Refusal> {
    let ended = change_social(office, card, act, by)?;
    if ended.is_none() {
        return Ok(false);
    }
    card.ended_because = Some(why.to_owned());
    let blocked = change_bank(office, card, BankAct::Block, by)?;
    Ok(write(office, card, &[ended, blocked])?)
}

fn end_person(office: &Office<'_>, number: &str) -> Result<(), CentreError> {
    if let Some(mut person) = persons::get(office, number)?
        && person.until.is_none()
    {
        person.until = Some(office.today());
        persons::update(office, &person)?;
    }
    Ok(())
}
