//! What a file's access conditions ask of a caller, and how it gets the rights: by the PIN, or by the PSAM (docs/card.md §1.5, §1.7).

use qiyong_protocol::card::files::{Access, Df, key};
use qiyong_protocol::card::psam::Named;
use qiyong_protocol::iso7816::sw::StatusWord;

use crate::card::Powered;
use crate::code::Code;
use crate::failure::Failure;
use crate::pin::{self, Keyboard};
use crate::psam::Psam;
use crate::settings::Settings;

/// What is needed for some records.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Needs {
    pub(crate) pin: bool,
    /// The key's identifier on the card.
    pub(crate) key: Option<u8>,
}

impl Needs {
    /// For one condition; where either would do, the PIN if `prefers_pin`.
    ///
    /// # Errors
    /// Nothing opens it.
    pub(crate) fn of(access: Access, prefers_pin: bool) -> Result<Self, Failure> {
        match access {
            Access::Free => Ok(Self::default()),
            Access::PinOrKey(_) if prefers_pin => Ok(Self { pin: true, key: None }),
            Access::PinOrKey(id) | Access::Key(id) => Ok(Self { pin: false, key: Some(id) }),
            Access::PinAndKey(id) => Ok(Self { pin: true, key: Some(id) }),
            Access::Never => Err(StatusWord::SECURITY_NOT_SATISFIED.into()),
        }
    }

    /// For both.
    pub(crate) fn and(self, other: Self) -> Self {
        Self { pin: self.pin || other.pin, key: self.key.or(other.key) }
    }
}

/// The rights of a call: what opens files one after the other.
pub(crate) struct Rights {
    psam: Option<Psam>,
    /// The application and the key by which the caller has proved itself; leaving the application ends it.
    held: Option<(Df, u8)>,
}

impl Rights {
    /// Prepares what `needs` asks for: first the PSAM, since without one no PIN is keyed in vain.
    pub(crate) fn prepare(
        settings: &Settings,
        keyboard: Keyboard,
        card: &mut Powered,
        needs: Needs,
    ) -> Result<Self, Failure> {
        let psam = needs.key.map(|_| Psam::open(settings, card)).transpose()?;
        if needs.pin {
            pin::present(settings, keyboard, card)?;
        }
        Ok(Self { psam, held: None })
    }

    /// The PSAM, if one was needed.
    pub(crate) const fn psam(&mut self) -> Option<&mut Psam> {
        self.psam.as_mut()
    }

    /// Enters the application and proves the caller there, if that is needed.
    pub(crate) fn enter(
        &mut self,
        card: &mut Powered,
        df: Df,
        needs: Needs,
        named: Option<Named>,
    ) -> Result<(), Failure> {
        card.enter(df)?;
        let Some(id) = needs.key.filter(|id| self.held != Some((df, *id))) else { return Ok(()) };
        let psam = self.psam.as_mut().ok_or(Code::NoPsam)?;
        let named = named.ok_or_else(|| Code::PsamLevel.with("PSAM无此文件的密钥"))?;
        psam.authenticate(card, named, id)?;
        self.held = Some((df, id));
        Ok(())
    }

    /// Whether the caller has proved itself so that a card of version 3.00 shows its number.
    pub(crate) fn shows_number(&self) -> bool {
        self.held == Some((Df::Ssse, key::READ_SSSE))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// docs/card.md §1.5.
    #[test]
    fn each_condition_has_its_needs() {
        let needs = |access, prefers_pin| Needs::of(access, prefers_pin).map(|needs| (needs.pin, needs.key));
        assert_eq!(needs(Access::Free, true), Ok((false, None)));
        assert_eq!(needs(Access::PinOrKey(1), true), Ok((true, None)));
        assert_eq!(needs(Access::PinOrKey(1), false), Ok((false, Some(1))));
        assert_eq!(needs(Access::PinAndKey(1), true), Ok((true, Some(1))));
        assert_eq!(needs(Access::Key(1), true), Ok((false, Some(1))));
        assert_eq!(needs(Access::Never, true).unwrap_err().code.number(), -27010);
        let both = Needs { pin: true, key: None }.and(Needs { pin: false, key: Some(2) });
        assert_eq!(both, Needs { pin: true, key: Some(2) });
    }
}
