//! A forgotten or blocked PIN is set back at a window.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use qiyong_protocol::card::codes::IdentCode;
use qiyong_protocol::card::keys::Algorithm;
use qiyong_protocol::card::pin::Pin;

use super::super::deeds::CardAct;
use super::super::refusal::LifeRefusal;
use super::hand::{By, Holder, change_social, open_handed_over, verified, write};
use crate::acts::Act;
use crate::acts::desk::Desk;
use crate::acts::fields::{CardNo, Private};
use crate::acts::refusal::Refusal;
use crate::acts::role::Role;
use crate::error::CentreError;
use crate::production::settings::Production;
use crate::store::value::words;

words! {
    /// The algorithm of a card's keys.
    pub enum CardAlgorithm {
        /// Triple DES: versions 1.00 and 2.00.
        TripleDes,
        /// SM4: version 3.00.
        Sm4,
    }
}

/// Sets a card's PIN back to an initial one, for its holder, who is there with a valid document. The answer is a command
/// that the window's terminal passes to the card at once. From now on the holder must change the PIN before paying, whether
/// or not the card has taken the command.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ResetPin {
    /// The card's number
    pub card: CardNo,
    /// The holder
    pub holder: Holder,
    /// The ident code that was read from the card, 32 hexadecimal digits
    pub ident: String,
    /// The historical bytes of its ATR, 2 to 30 hexadecimal digits
    pub historical: String,
    /// The algorithm of its keys
    pub algorithm: CardAlgorithm,
    /// The eight bytes that the card gave to GET CHALLENGE just before, 16 hexadecimal digits
    pub challenge: String,
}

/// What the terminal passes on.
#[derive(Debug, Serialize, ToSchema)]
pub struct PinCommand {
    /// The command RELOAD PIN, in hexadecimal digits; the card takes it right after its challenge and never again
    pub command: Private,
    /// The initial PIN, for the holder
    pub pin: Private,
}

impl Act for ResetPin {
    const NAME: &'static str = "life.reset-pin";
    const ROLES: &'static [Role] = &[Role::Issuer];
    type Answer = PinCommand;

    fn carry_out(&self, desk: &mut Desk<'_>) -> Result<PinCommand, Refusal> {
        let (office, mut card) = open_handed_over(desk, self.card)?;
        verified(&office, &card, &self.holder)?;
        let ident = bytes::<16>("ident", &self.ident, ("32 hexadecimal digits", "应为32位十六进制数"))?;
        let challenge = bytes::<8>("challenge", &self.challenge, ("16 hexadecimal digits", "应为16位十六进制数"))?;
        let historical = hex::decode(&self.historical).ok().filter(|bytes| (1..=15).contains(&bytes.len()));
        let historical = historical.ok_or(LifeRefusal::Field {
            field: "historical",
            en: "2 to 30 hexadecimal digits, two for each byte",
            zh: "应为2至30位十六进制数",
        })?;
        if IdentCode::new(ident) != Ok(card.ident) {
            return Err(LifeRefusal::NotGenuine.into());
        }
        let settings: Production = office.parameter()?;
        let pin = settings.initial_pin.draw(getrandom::fill).map_err(|_| CentreError::NoRandom)?;
        let initial = Pin::new(pin.as_bytes()).ok_or(LifeRefusal::Field {
            field: "production.settings",
            en: "the area's initial PIN must have 4 to 16 digits",
            zh: "统筹区初始密码应为4至16位数字",
        })?;
        let algorithm = match self.algorithm {
            CardAlgorithm::TripleDes => Algorithm::TripleDes,
            CardAlgorithm::Sm4 => Algorithm::Sm4,
        };
        let command = office.hsm().reload_pin(algorithm, &historical, card.area, challenge, &initial);
        let reset = change_social(&office, &mut card, CardAct::ResetPin, &By::desk(desk, None))?;
        card.pin_is_initial = true;
        write(&office, &card, &[reset])?;
        Ok(PinCommand { command: Private(hex::encode_upper(&*command)), pin: Private(pin.as_str().to_owned()) })
    }
}

fn bytes<const N: usize>(
    field: &'static str,
    digits: &str,
    (en, zh): (&'static str, &'static str),
) -> Result<[u8; N], Refusal> {
    let mut bytes = [0; N];
    hex::decode_to_slice(digits, &mut bytes).map_err(|_| LifeRefusal::Field { field, en, zh })?;
    Ok(bytes)
}
