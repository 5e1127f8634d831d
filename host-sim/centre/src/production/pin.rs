//! The PIN with which a card leaves the centre.

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use qiyong_protocol::card::pin::{PIN_MAX, PIN_MIN, Pin};
use qiyong_protocol::rules::decision::CardRecord;

use super::settings::Production;
use crate::configuration;
use crate::error::CentreError;
use crate::store::database::Database;

/// How an area chooses the initial PIN (docs/card.md §2.2).
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum InitialPin {
    /// Every card has this one, and everybody knows it.
    Fixed(String),
    /// The security module draws one of so many digits for each card; who takes the card gets it.
    Random(u8),
}

/// Neither kind is shown.
impl std::fmt::Debug for InitialPin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("***")
    }
}

impl InitialPin {
    /// Whether a terminal knows it for an initial one when somebody keys it.
    fn is_common(&self, card: &CardRecord) -> bool {
        let Self::Fixed(pin) = self else { return false };
        let (id_number, number) = (card.id_number.as_bytes(), card.number.as_bytes());
        Pin::new(pin.as_bytes()).is_some_and(|pin| pin.is_commonly_initial(id_number, number))
    }

    /// What is wrong with it; `None`: nothing.
    pub fn problem(&self) -> Option<String> {
        let (length, digits) = match self {
            Self::Fixed(pin) => (pin.len(), pin.bytes().all(|byte| byte.is_ascii_digit())),
            Self::Random(length) => (usize::from(*length), true),
        };
        let fits = digits && (PIN_MIN..=PIN_MAX).contains(&length);
        (!fits).then(|| format!("pin must have {PIN_MIN} to {PIN_MAX} digits"))
    }

    /// The digits of a new card's PIN. `random` fills bytes with random ones.
    ///
    /// # Errors
    /// That of `random`.
    pub fn draw<E>(&self, mut random: impl FnMut(&mut [u8]) -> Result<(), E>) -> Result<Zeroizing<String>, E> {
        let length = match self {
            Self::Fixed(pin) => return Ok(Zeroizing::new(pin.clone())),
            Self::Random(length) => usize::from(*length),
        };
        // 128 random bits for at most 53: no digit is noticeably likelier than another.
        let mut bytes = Zeroizing::new([0; 16]);
        random(bytes.as_mut_slice())?;
        let number = u128::from_le_bytes(*bytes);
        let mut digits = Zeroizing::new(format!("{number:039}"));
        let surplus = digits.len().saturating_sub(length);
        digits.drain(..surplus);
        Ok(digits)
    }
}

/// Whether any initial PIN that this card may have is one that everybody knows. Which settings it was made under, or got a new PIN
/// under, is not kept: all that its area ever had must say so. Of an area that has none nothing is known.
///
/// # Errors
/// The database failed or is damaged.
pub(crate) fn initial_is_common(store: &dyn Database, card: &CardRecord) -> Result<bool, CentreError> {
    let settings = configuration::all::<Production>(store, card.area)?;
    Ok(!settings.is_empty() && settings.iter().all(|settings| settings.initial_pin.is_common(card)))
}
