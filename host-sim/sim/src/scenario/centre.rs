//! What a scenario needs of a centre besides messages: to set the centre up, and to look at it afterwards.

use qiyong_protocol::card::codes::CardNumber;
use qiyong_protocol::card::date::Timestamp;
use qiyong_protocol::card::issue::{IssuedCard, NewCard};
use qiyong_protocol::rules::decision::{CardRecord, Institution};
use qiyong_protocol::rules::institution::{Channel, InstitutionCode};

use crate::world::centre::{CentreEnd, CentreFailure};

/// A centre against which a scenario is played. At first it has no institutions and no cards.
pub trait Centre: CentreEnd + 'static {
    /// Registers an institution.
    ///
    /// # Errors
    /// The centre failed.
    fn add_institution(&mut self, institution: &Institution) -> Result<(), CentreFailure>;

    /// What is to be written on a new card.
    ///
    /// # Errors
    /// Such a card is impossible.
    fn issue(&self, new: &NewCard) -> Result<IssuedCard, CentreFailure>;

    /// Registers a card.
    ///
    /// # Errors
    /// The centre failed.
    fn add_card(&mut self, card: &CardRecord) -> Result<(), CentreFailure>;

    /// What the centre knows of a card.
    ///
    /// # Errors
    /// The centre failed.
    fn card(&self, number: &CardNumber) -> Result<Option<CardRecord>, CentreFailure>;

    /// When and where functions of a card were put into use, oldest first.
    ///
    /// # Errors
    /// The centre failed.
    fn activations(&self, number: &CardNumber) -> Result<Vec<Activation>, CentreFailure>;
}

/// The record that a function of a card was put into use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Activation {
    /// The function's word: social or financial.
    pub function: &'static str,
    /// The channel through which it was put into use.
    pub channel: Channel,
    /// The institution.
    pub institution: InstitutionCode,
    /// The terminal's name; characters that cannot be printed are escaped.
    pub terminal: String,
    /// The time, by the terminal's clock.
    pub time: Timestamp,
    /// Whether it was undone.
    pub reversed: bool,
}
