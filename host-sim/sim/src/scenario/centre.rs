//! What a scenario needs of a centre besides its end of the line: to set it up, and to look at it afterwards.

use qiyong_protocol::card::codes::CardNumber;
use qiyong_protocol::card::date::Timestamp;
use qiyong_protocol::card::issue::{IssuedCard, NewCard};
use qiyong_protocol::rules::decision::{CardRecord, Institution};
use qiyong_protocol::rules::institution::{Channel, InstitutionCode};

use crate::world::centre::{CentreEnd, CentreFailure};

/// A centre that a scenario is played against. It begins without institutions and cards.
pub trait Centre: CentreEnd + 'static {
    /// Makes an institution known.
    ///
    /// # Errors
    /// When the centre failed.
    fn add_institution(&mut self, institution: &Institution) -> Result<(), CentreFailure>;

    /// What is to be written on a new card.
    ///
    /// # Errors
    /// When there can be no such card.
    fn issue(&self, new: &NewCard) -> Result<IssuedCard, CentreFailure>;

    /// Makes a card known.
    ///
    /// # Errors
    /// When the centre failed.
    fn add_card(&mut self, card: &CardRecord) -> Result<(), CentreFailure>;

    /// What the centre knows of a card.
    ///
    /// # Errors
    /// When the centre failed.
    fn card(&self, number: &CardNumber) -> Result<Option<CardRecord>, CentreFailure>;

    /// When and where functions of a card were put into use, oldest first.
    ///
    /// # Errors
    /// When the centre failed.
    fn activations(&self, number: &CardNumber) -> Result<Vec<Activation>, CentreFailure>;
}

/// That a function of a card was put into use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Activation {
    /// The word for the function: social or financial.
    pub function: &'static str,
    /// In which of the three ways.
    pub channel: Channel,
    /// Where.
    pub institution: InstitutionCode,
    /// At which terminal; characters that cannot be printed are escaped.
    pub terminal: String,
    /// When, by the terminal's clock.
    pub time: Timestamp,
    /// It was undone.
    pub reversed: bool,
}
