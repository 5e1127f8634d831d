//! The bank function of a card: an account at the bank that issued it. It is put into use, reported lost and closed
//! by itself, at the bank and nowhere else (docs/centre.md §6.9, "two losses"); only its end follows that of the social
//! function: first the social side, then the bank.

use super::deeds::BankAct;
use super::place::Place;
use super::refusal::LifeRefusal;
use crate::store::value::words;

words! {
    /// Where the bank function stands.
    pub enum BankStatus {
        /// The card has none: a temporary card.
        None,
        /// The bank opened it in advance; the holder has not put it into use.
        Inactive,
        /// In use.
        Active,
        /// Reported lost by word of mouth.
        TemporarilyLost,
        /// Reported lost in writing.
        Lost,
        /// Another card took the card's place: the account still has to be closed.
        Blocked,
        /// Closed.
        Closed,
    }
}

/// What an act does to the bank function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BankStep {
    /// It gets this status.
    To(BankStatus),
    /// It becomes active if it was put into use before, otherwise inactive.
    Resume,
    /// Nothing changes: it was done before, or there is nothing to change.
    Stays,
}

impl BankStatus {
    /// The word for it in records and lists.
    pub fn word(self) -> &'static str {
        self.into()
    }
}

impl BankAct {
    /// Where it may be asked for.
    pub const fn places(self) -> &'static [Place] {
        match self {
            Self::Lapse => &[Place::Run],
            // It follows from what is done to the card.
            Self::Block => &[Place::Window, Place::Bank],
            _ => &[Place::Bank],
        }
    }

    /// What the act does to a bank function in `status`, asked for at `place`. `social_ended`: the card's social
    /// function is cancelled.
    ///
    /// # Errors
    /// The act is not offered there, or the status does not allow it.
    pub fn judge(self, place: Place, status: BankStatus, social_ended: bool) -> Result<BankStep, LifeRefusal> {
        use BankStatus as S;
        if !self.places().contains(&place) {
            return Err(LifeRefusal::BankActNotHere { act: self, place });
        }
        match (self, status) {
            // What follows from something else never fails.
            (Self::TakeBack, S::Active) => Ok(BankStep::To(S::Inactive)),
            (Self::Block, S::Inactive | S::Active | S::TemporarilyLost | S::Lost) => Ok(BankStep::To(S::Blocked)),
            (Self::Lapse, S::TemporarilyLost) => Ok(BankStep::Resume),
            (Self::TakeBack | Self::Block | Self::Lapse, _) => Ok(BankStep::Stays),

            (_, S::None) => Err(LifeRefusal::NoBankFunction),

            (Self::Close, S::Closed) => Ok(BankStep::Stays),
            (Self::Close, _) if !social_ended => Err(LifeRefusal::SocialFirst),
            (Self::Close, _) => Ok(BankStep::To(S::Closed)),
            (_, S::Closed) => Err(LifeRefusal::BankClosed),
            (_, S::Blocked) => Err(LifeRefusal::BankBlocked),

            (Self::Activate, S::Inactive) => Ok(BankStep::To(S::Active)),
            (Self::Activate, S::Active) => Ok(BankStep::Stays),
            (Self::Activate, S::TemporarilyLost | S::Lost) => Err(LifeRefusal::BankLost),

            (Self::ReportLoss, S::Inactive | S::Active) => Ok(BankStep::To(S::TemporarilyLost)),
            (Self::ReportLoss, S::TemporarilyLost | S::Lost) | (Self::ConfirmLoss, S::Lost) => Ok(BankStep::Stays),
            (Self::ConfirmLoss, _) => Ok(BankStep::To(S::Lost)),

            // The bank releases what it has recorded itself, oral or written.
            (Self::Release, S::TemporarilyLost | S::Lost) => Ok(BankStep::Resume),
            (Self::Release, _) => Err(LifeRefusal::NotLost),
        }
    }
}

impl BankStep {
    /// The status after it, of a function that was put into use (`used`) or not.
    pub const fn after(self, status: BankStatus, used: bool) -> BankStatus {
        match self {
            Self::To(next) => next,
            Self::Resume if used => BankStatus::Active,
            Self::Resume => BankStatus::Inactive,
            Self::Stays => status,
        }
    }
}
