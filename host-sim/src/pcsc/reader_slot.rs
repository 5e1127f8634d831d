//! A PC/SC reader as the terminal's card slot.
//!
//! From `connect` to `disconnect` the card is the terminal's alone: a transaction keeps other programs out, a reset at the
//! beginning forgets what they had done, and at the end power is taken from the card.

use std::ffi::{CStr, CString};
use std::time::{Duration, Instant};

use ::pcsc::{
    Card, Context, Disposition, Error, PNP_NOTIFICATION, Protocol, Protocols, ReaderState, Scope, ShareMode, State,
};

use qiyong_firmware::slot::{CardSlot, SlotError};
use qiyong_protocol::iso7816::apdu::{ApduError, Case, Command, Response};
use qiyong_protocol::iso7816::sw::StatusWord;
use qiyong_protocol::iso7816::t0::{GET_RESPONSE, T0Error};

use super::readers::{explain, service};
use crate::till::Trouble;

/// What a command has besides its data, at most: header, Lc and Le in their extended forms.
const AROUND_DATA: usize = 4 + 3 + 2;
/// The least room for a response: that of any short command.
const SHORT_RESPONSE: usize = 258;
/// No card of ours needs more GET RESPONSEs for one command; one that does would never end.
const STEPS_MAX: usize = 16;

/// The slot.
pub(crate) struct ReaderSlot {
    context: Context,
    /// A part of the reader's name; `None` for any reader.
    wanted: Option<String>,
    /// The reader that had a card when it was last waited for.
    reader: Option<CString>,
    card: Option<(Card, Protocol)>,
    atr: Vec<u8>,
    trouble: Trouble,
}

impl ReaderSlot {
    /// # Errors
    /// When there is no PC/SC service, no reader, or none of this name; in words, with what to do.
    pub(crate) fn open(name: &str, trouble: Trouble) -> Result<Self, String> {
        let context = Context::establish(Scope::User).map_err(service)?;
        let names = context.list_readers_owned().map_err(service)?;
        let wanted = Some(name.to_string()).filter(|name| name != "any");
        let mut slot = Self { context, wanted, reader: None, card: None, atr: Vec::new(), trouble };
        if !names.iter().any(|name| slot.is_wanted(name)) {
            let names: Vec<_> = names.iter().map(|name| name.to_string_lossy()).collect();
            return Err(match names.as_slice() {
                [] => "there is no PC/SC reader: plug one in, or run `qiyong pcscd`".into(),
                names => format!("no reader is called {name}; there are: {}", names.join(", ")),
            });
        }
        slot.reader = None;
        Ok(slot)
    }

    fn is_wanted(&self, name: &CStr) -> bool {
        self.wanted.as_ref().is_none_or(|wanted| name.to_string_lossy().contains(wanted.as_str()))
    }

    /// Waits for a card in a reader that is wanted; such a reader may come and go meanwhile.
    fn find_card(&mut self, within: Duration) -> Result<bool, Error> {
        let end = Instant::now() + within;
        let mut known: Vec<ReaderState> = vec![ReaderState::new(PNP_NOTIFICATION(), State::UNAWARE)];
        loop {
            known.retain(|state| !is_gone(state));
            for name in self.context.list_readers_owned()? {
                if self.is_wanted(&name) && !known.iter().any(|state| state.name() == name.as_c_str()) {
                    known.push(ReaderState::new(name, State::UNAWARE));
                }
            }
            known.iter_mut().for_each(ReaderState::sync_current_state);
            let left = end.saturating_duration_since(Instant::now());
            match self.context.get_status_change(left, &mut known) {
                Ok(()) | Err(Error::UnknownReader) => {}
                Err(Error::Timeout) => return Ok(false),
                Err(error) => return Err(error),
            }
            let usable = |state: &&ReaderState| {
                let now = state.event_state();
                now.contains(State::PRESENT) && !now.intersects(State::EXCLUSIVE | State::UNAVAILABLE)
            };
            if let Some(state) = known.iter().filter(|state| state.name() != PNP_NOTIFICATION()).find(usable) {
                self.reader = Some(state.name().to_owned());
                return Ok(true);
            }
            if left.is_zero() {
                return Ok(false);
            }
        }
    }

    fn power_up(&mut self) -> Result<(), Error> {
        let reader = self.reader.as_deref().ok_or(Error::NoSmartcard)?;
        let mut card = self.context.connect(reader, ShareMode::Shared, Protocols::ANY)?;
        // Never ended by itself: SCardDisconnect ends it, and so does the end of this program.
        std::mem::forget(card.transaction()?);
        card.reconnect(ShareMode::Shared, Protocols::ANY, Disposition::ResetCard)?;
        let status = card.status2_owned()?;
        self.atr = status.atr().to_vec();
        let protocol = status.protocol2().ok_or(Error::ProtoMismatch)?;
        self.card = Some((card, protocol));
        Ok(())
    }

    /// What an error of the reader means to the terminal. What is no fault of the card's is also kept in words.
    fn failure(&self, error: Error) -> SlotError {
        of_the_card(error).unwrap_or_else(|| {
            self.trouble.borrow_mut().get_or_insert_with(|| explain(error));
            SlotError::Reader
        })
    }

    /// The card's answer to a command, with what T=0 needs: Le left out of case 4, 61xx and 6Cxx followed
    /// (ISO/IEC 7816-3 clause 12.2).
    fn exchange(&self, command: &Command<'_>, buffer: &mut [u8]) -> Result<usize, SlotError> {
        let (card, protocol) = self.card.as_ref().ok_or(SlotError::NotConnected)?;
        let is_t0 = *protocol == Protocol::T0;
        let first = if is_t0 && command.case() == Case::Four { command.expecting(0) } else { *command };
        let mut next = first;
        let mut filled = 0;
        for _ in 0..STEPS_MAX {
            let mut bytes = zeroize::Zeroizing::new(vec![0; next.data.len() + AROUND_DATA]);
            let bytes = next.encode(&mut bytes).map_err(SlotError::Command)?;
            let mut part = vec![0; SHORT_RESPONSE.max(next.ne + 2)];
            let part = card.transmit(bytes, &mut part).map_err(|error| self.failure(error))?;
            let response = Response::decode(part).map_err(SlotError::Response)?;
            let room = buffer.get_mut(filled..).unwrap_or_default();
            if response.data.len() + 2 > room.len() {
                return Err(SlotError::Response(ApduError::TooLong));
            }
            room.iter_mut().zip(response.data).for_each(|(to, from)| *to = *from);
            filled += response.data.len();
            let len = usize::from(response.sw.sw2());
            let len = if len == 0 { 256 } else { len };
            match response.sw.sw1() {
                0x61 if is_t0 && command.ne > 0 && filled < command.ne => {
                    next = Command::new(0, GET_RESPONSE, 0, 0).expecting(len.min(command.ne - filled));
                }
                0x6C if is_t0 && response.data.is_empty() => next = next.expecting(len),
                _ => {
                    filled = if is_t0 { filled.min(command.ne) } else { filled };
                    let sw =
                        if is_t0 && response.sw.sw1() == 0x61 && filled > 0 { StatusWord::OK } else { response.sw };
                    let end = buffer.get_mut(filled..filled + 2).unwrap_or_default();
                    end.iter_mut().zip(sw.0.to_be_bytes()).for_each(|(to, from)| *to = from);
                    return Ok(filled + 2);
                }
            }
        }
        // Only T=0 goes round more than once.
        Err(SlotError::T0(T0Error::TooManyFollowUps))
    }

    fn let_go(&mut self) {
        if let Some((card, _)) = self.card.take() {
            // If even that fails the card is out, or the service is gone.
            let _ = card.disconnect(Disposition::UnpowerCard);
        }
    }
}

/// What an error of the reader says of the card; `None` if it is the reader's or the service's.
const fn of_the_card(error: Error) -> Option<SlotError> {
    match error {
        Error::RemovedCard | Error::NoSmartcard => Some(SlotError::Removed),
        Error::UnresponsiveCard => Some(SlotError::Mute),
        // What readers say of a card that does not answer a command.
        Error::NotTransacted => Some(SlotError::Silent),
        Error::UnpoweredCard => Some(SlotError::Unpowered),
        Error::ResetCard => Some(SlotError::Reset),
        _ => None,
    }
}

fn is_gone(state: &ReaderState) -> bool {
    state.event_state().intersects(State::UNKNOWN | State::IGNORE)
}

impl CardSlot for ReaderSlot {
    async fn wait_for_card(&mut self, seconds: u16) -> bool {
        let found = self.find_card(Duration::from_secs(seconds.into()));
        found.unwrap_or_else(|error| {
            self.trouble.borrow_mut().get_or_insert_with(|| explain(error));
            false
        })
    }

    async fn connect(&mut self) -> Result<&[u8], SlotError> {
        self.let_go();
        match self.power_up() {
            Ok(()) => Ok(&self.atr),
            // It was to be powered just now, and gave no answer to reset.
            Err(Error::UnpoweredCard) => Err(SlotError::Mute),
            Err(error) => Err(self.failure(error)),
        }
    }

    async fn transmit<'b>(&mut self, command: &Command<'_>, buffer: &'b mut [u8]) -> Result<Response<'b>, SlotError> {
        let len = self.exchange(command, buffer)?;
        Response::decode(buffer.get(..len).unwrap_or_default()).map_err(SlotError::Response)
    }

    async fn disconnect(&mut self) {
        self.let_go();
    }
}

#[cfg(test)]
mod tests {
    use qiyong_protocol::advice::Advice;

    use super::*;

    #[test]
    fn each_error_of_a_card_is_one_of_the_slots_and_none_of_another() {
        let ours = [
            (Error::RemovedCard, SlotError::Removed, Advice::AskHolder),
            (Error::NoSmartcard, SlotError::Removed, Advice::AskHolder),
            (Error::UnresponsiveCard, SlotError::Mute, Advice::AskHolder),
            (Error::NotTransacted, SlotError::Silent, Advice::TryAgain),
            (Error::UnpoweredCard, SlotError::Unpowered, Advice::TryAgain),
            (Error::ResetCard, SlotError::Reset, Advice::TryAgain),
        ];
        for (error, slot, advice) in ours {
            assert_eq!(of_the_card(error), Some(slot), "{error}");
            assert_eq!(slot.advice(), advice, "{error}");
        }
        for error in [Error::ReaderUnavailable, Error::NoService, Error::SharingViolation, Error::ProtoMismatch] {
            assert_eq!(of_the_card(error), None, "{error}");
        }
    }
}
