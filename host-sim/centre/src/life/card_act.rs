//! What may be done to a card in which status, and where: the table of the social function (docs/centre.md §6.9).
//!
//! The place is judged first, then the status, as in `qiyong_protocol::rules::decision`. A card whose loss was reported, or
//! that was locked or sealed, resumes as it was before: active if its social function was put into use, and otherwise not
//! activated. So no status needs to remember another.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use qiyong_protocol::card::status::CardStatus;

use super::place::Place;
use super::refusal::LifeRefusal;
use crate::configuration::Parameter;
use crate::store::value::words;

words! {
    /// An act that concerns a card's social function, or the card as a whole.
    pub enum CardAct {
        /// 启用: put into use, by a person verified (bank, window) or a payment approved (hospital, pharmacy).
        Activate,
        /// The undoing of what put it into use, when a terminal reverses.
        TakeBack,
        /// 口头挂失: reported lost by word of mouth, for a term.
        ReportLoss,
        /// 正式挂失: reported lost in writing, with a document.
        ConfirmLoss,
        /// 解挂: found again.
        Release,
        /// The end of an oral loss that nobody confirmed in its term.
        Lapse,
        /// 封存: put aside by the agency.
        Seal,
        /// 解封: taken up again.
        Unseal,
        /// 应用锁定: the application is locked.
        Lock,
        /// 应用解锁: unlocked.
        Unlock,
        /// 注销: ended for good.
        Cancel,
        /// 补换: another card takes its place, which is being handed over.
        Supersede,
        /// 密码重置: the PIN is set back to an initial one.
        ResetPin,
    }
}

/// What an act does to the card.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// It gets this status.
    To(CardStatus),
    /// It becomes what it was before: active if its social function was put into use, otherwise not activated.
    Resume,
    /// The status stays, and the act is done.
    Stays,
    /// The act was done before; nothing changes (docs/card.md §2.5, answer 01).
    DoneBefore,
}

/// What the area decides about losses; a parameter of the centre.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FormalRelease {
    /// A card that was reported lost in writing may be released if it was found. Some regions only (docs/centre.md §11).
    pub allowed: bool,
}

impl Parameter for FormalRelease {
    const NAME: &'static str = "loss.formal_release";

    fn check(&self) -> Result<(), String> {
        Ok(())
    }
}

impl CardAct {
    /// The word for it in records and lists.
    pub fn word(self) -> &'static str {
        self.into()
    }

    /// Where it may be asked for.
    pub const fn places(self) -> &'static [Place] {
        match self {
            Self::Activate => &[Place::Bank, Place::Hospital, Place::Pharmacy, Place::Window],
            Self::TakeBack => &[Place::Bank, Place::Hospital, Place::Pharmacy],
            Self::ReportLoss | Self::Release => &[Place::Window, Place::Hotline],
            // A bank's outlet hands over cards that are made there at once.
            Self::Supersede => &[Place::Window, Place::Bank],
            Self::Lapse => &[Place::Run],
            Self::ConfirmLoss
            | Self::Seal
            | Self::Unseal
            | Self::Lock
            | Self::Unlock
            | Self::Cancel
            | Self::ResetPin => &[Place::Window],
        }
    }

    /// What the act does to a card in `status`, asked for at `place`.
    ///
    /// # Errors
    /// The act is not offered there, or a card in this status does not allow it.
    pub fn judge(self, place: Place, status: CardStatus, formal: FormalRelease) -> Result<Step, LifeRefusal> {
        if !self.places().contains(&place) {
            return Err(LifeRefusal::NotHere { act: self, place });
        }
        match self {
            Self::Activate => {
                usable(status).map(|in_use| if in_use { Step::DoneBefore } else { Step::To(CardStatus::Active) })
            }
            // Whatever was reported meanwhile stays; only being active ends.
            Self::TakeBack => match status {
                CardStatus::Active => Ok(Step::To(CardStatus::Inactive)),
                _ => Ok(Step::Stays),
            },
            Self::ReportLoss => match status {
                CardStatus::TemporarilyLost | CardStatus::Lost => Ok(Step::DoneBefore),
                other => usable(other).map(|_| Step::To(CardStatus::TemporarilyLost)),
            },
            Self::ConfirmLoss => match status {
                CardStatus::TemporarilyLost => Ok(Step::To(CardStatus::Lost)),
                CardStatus::Lost => Ok(Step::DoneBefore),
                other => usable(other).map(|_| Step::To(CardStatus::Lost)),
            },
            Self::Release => match status {
                CardStatus::TemporarilyLost => Ok(Step::Resume),
                CardStatus::Lost if !formal.allowed => Err(LifeRefusal::FormalReleaseForbidden),
                CardStatus::Lost if place == Place::Window => Ok(Step::Resume),
                // What was reported in writing is not taken back by word of mouth.
                CardStatus::Lost => Err(LifeRefusal::NotHere { act: self, place }),
                other => usable(other).and(Err(LifeRefusal::NotLost)),
            },
            // The run takes what has lapsed; what is no oral loss any more is none of its business.
            Self::Lapse => match status {
                CardStatus::TemporarilyLost => Ok(Step::Resume),
                _ => Ok(Step::DoneBefore),
            },
            Self::Seal => put_aside(status, CardStatus::Sealed),
            Self::Lock => put_aside(status, CardStatus::Locked),
            Self::Unseal => take_up(status, CardStatus::Sealed, LifeRefusal::NotSealed),
            Self::Unlock => take_up(status, CardStatus::Locked, LifeRefusal::NotLocked),
            Self::Cancel => match status {
                CardStatus::Cancelled => Ok(Step::DoneBefore),
                _ => Ok(Step::To(CardStatus::Cancelled)),
            },
            Self::Supersede => match status {
                CardStatus::Lost => Ok(Step::To(CardStatus::Cancelled)),
                CardStatus::Cancelled => Ok(Step::DoneBefore),
                other => usable(other).map(|_| Step::To(CardStatus::Cancelled)),
            },
            Self::ResetPin => usable(status).map(|_| Step::Stays),
        }
    }
}

impl Step {
    /// The status after it, of a card in `status` whose social function was put into use (`social`) or not.
    pub const fn after(self, status: CardStatus, social: bool) -> CardStatus {
        match self {
            Self::To(next) => next,
            Self::Resume if social => CardStatus::Active,
            Self::Resume => CardStatus::Inactive,
            Self::Stays | Self::DoneBefore => status,
        }
    }
}

/// A card that can be used, or could be once it is activated, is put aside.
fn put_aside(status: CardStatus, to: CardStatus) -> Result<Step, LifeRefusal> {
    if status == to { Ok(Step::DoneBefore) } else { usable(status).map(|_| Step::To(to)) }
}

/// A card that was put aside as `from` is taken up again.
fn take_up(status: CardStatus, from: CardStatus, not_so: LifeRefusal) -> Result<Step, LifeRefusal> {
    if status == from { Ok(Step::Resume) } else { usable(status).and(Err(not_so)) }
}

/// Whether a card that nothing stands against is in use; or what stands against it.
const fn usable(status: CardStatus) -> Result<bool, LifeRefusal> {
    match status {
        CardStatus::Inactive => Ok(false),
        CardStatus::Active => Ok(true),
        CardStatus::Lost => Err(LifeRefusal::Lost),
        CardStatus::TemporarilyLost => Err(LifeRefusal::TemporarilyLost),
        CardStatus::Locked => Err(LifeRefusal::Locked),
        CardStatus::Sealed => Err(LifeRefusal::Sealed),
        CardStatus::Cancelled => Err(LifeRefusal::Cancelled),
    }
}
