//! A PC/SC reader as the terminal's card slot.
//!
//! From `connect` to `disconnect` only the terminal can use the card: a transaction keeps other programs out, a reset
//! at the beginning clears what they had done, and at the end the card loses its power.

use std::ffi::{CStr, CString};
use std::time::{Duration, Instant};

use ::pcsc::{
    Card, Context, Disposition, Error, MAX_ATR_SIZE, PNP_NOTIFICATION, Protocol, Protocols, ReaderState, ShareMode,
    State,
};

use qiyong_firmware::slot::{CardSlot, SlotError};
use qiyong_firmware::terminal::{OfPad, OnPad, PinPad};
use qiyong_protocol::iso7816::apdu::{ApduError, Command, Response};
use qiyong_protocol::iso7816::atr::Atr;
use qiyong_protocol::iso7816::t0::{Direction, T0Error, Tpdus};
use zeroize::Zeroizing;

use crate::pin_pad::{self, NoPad};
use crate::reader_error::ReaderError;
use crate::{service, turn};

/// Whether the PC/SC service still answers, which its client library does not ask: it would wait for ever.
pub fn service_answers() -> bool {
    service::answers().is_ok()
}

/// The most bytes of a command besides its data: header, Lc and Le in their extended forms.
const AROUND_DATA: usize = 4 + 3 + 2;
/// The least room for a response: that of any short command, and of any TPDU.
const SHORT_RESPONSE: usize = 258;

/// How long another program's transaction is waited for, unless somebody says.
const PATIENCE: Duration = Duration::from_secs(60);
/// How long the holder of a terminal's card may take at a pad, in seconds.
const PAD_S: u8 = 60;

/// Room for the names of one reader.
const NAMES_MAX: usize = 4096;

/// The slot.
pub struct ReaderSlot<T: Fn(ReaderError)> {
    context: Context,
    /// A part of the reader's name; `None` for any reader.
    wanted: Option<String>,
    /// A part of the names of readers that are not meant.
    unwanted: Option<String>,
    /// The reader that had a card at the last wait.
    reader: Option<CString>,
    card: Option<(Card, Protocol)>,
    atr: Vec<u8>,
    /// How long another program's transaction is waited for.
    patience: Duration,
    on_trouble: T,
}

impl<T: Fn(ReaderError)> ReaderSlot<T> {
    /// The reader whose name contains `name`; `any` is any reader. From then on, `on_trouble` is called with whatever
    /// goes wrong with reader or service. The terminal sees this as a card that does not work.
    ///
    /// # Errors
    /// There is no PC/SC service, no reader, or no reader of this name.
    pub fn open(name: &str, on_trouble: T) -> Result<Self, ReaderError> {
        Self::open_but(name, None, on_trouble)
    }

    /// The same, without the readers whose name contains `not`.
    ///
    /// # Errors
    /// As [`ReaderSlot::open`].
    pub fn open_but(name: &str, not: Option<&str>, on_trouble: T) -> Result<Self, ReaderError> {
        let context = service::context()?;
        let names = context.list_readers_owned().map_err(ReaderError::looking)?;
        let wanted = Some(name.to_string()).filter(|name| name != "any");
        let unwanted = not.map(str::to_string);
        let slot = Self {
            context,
            wanted,
            unwanted,
            reader: None,
            card: None,
            atr: Vec::new(),
            patience: PATIENCE,
            on_trouble,
        };
        if !names.iter().any(|name| slot.is_wanted(name)) {
            let there: Vec<_> = names.iter().map(|name| name.to_string_lossy().into_owned()).collect();
            return Err(match there.as_slice() {
                [] => ReaderError::NoReader,
                _ => ReaderError::NotCalled { wanted: name.into(), there },
            });
        }
        Ok(slot)
    }

    /// How long [`CardSlot::connect`] waits for another program's transaction to end; at first a minute. A card that
    /// is not let go by then is [`ReaderError::Taken`]: open another slot after that.
    pub const fn wait_for_others(&mut self, patience: Duration) {
        self.patience = patience;
    }

    /// Has the holder key on the reader's own pad, for at most so many seconds, and the powered card answer. The PIN does not come
    /// here. `None`: the reader has no pad that does this.
    ///
    /// # Errors
    /// The card, the reader, or the service; what the holder does is in the answer.
    pub fn key_on_pad(&self, what: OnPad, seconds: u8) -> Result<Option<OfPad>, SlotError> {
        let (card, _) = self.card.as_ref().ok_or(SlotError::NotConnected)?;
        match pin_pad::ask(card, what, seconds) {
            Ok(keyed) => Ok(Some(keyed)),
            Err(NoPad::None) => Ok(None),
            Err(NoPad::Of(error)) => Err(self.failure(error)),
        }
    }

    fn is_wanted(&self, name: &CStr) -> bool {
        let name = name.to_string_lossy();
        self.wanted.as_ref().is_none_or(|wanted| name.contains(wanted.as_str()))
            && self.unwanted.as_ref().is_none_or(|unwanted| !name.contains(unwanted.as_str()))
    }

    /// Waits for a card in a suitable reader; such a reader may come and go during the wait. A card that another program
    /// has to itself is an error: at once if nobody could put a card in elsewhere, otherwise when the time is over.
    fn find_card(&mut self, within: Duration) -> Result<bool, ReaderError> {
        let end = Instant::now() + within;
        let mut known: Vec<ReaderState> = vec![ReaderState::new(PNP_NOTIFICATION(), State::UNAWARE)];
        loop {
            known.retain(|state| !is_gone(state));
            for name in self.context.list_readers_owned().map_err(ReaderError::using)? {
                if self.is_wanted(&name) && !known.iter().any(|state| state.name() == name.as_c_str()) {
                    known.push(ReaderState::new(name, State::UNAWARE));
                }
            }
            known.iter_mut().for_each(ReaderState::sync_current_state);
            let left = end.saturating_duration_since(Instant::now());
            let over = match self.context.get_status_change(left, &mut known) {
                Ok(()) | Err(Error::UnknownReader) => left.is_zero(),
                Err(Error::Timeout) => true,
                Err(error) => return Err(ReaderError::using(error)),
            };
            let readers = || known.iter().filter(|state| state.name() != PNP_NOTIFICATION());
            let count = |place| readers().filter(|state| Place::of(state) == place).count();
            if let Some(state) = readers().find(|state| Place::of(state) == Place::Card) {
                self.reader = Some(state.name().to_owned());
                return Ok(true);
            }
            match (count(Place::Taken), count(Place::Free)) {
                (1.., 0) => return Err(ReaderError::Taken),
                (1.., _) if over => return Err(ReaderError::Taken),
                _ if over => return Ok(false),
                _ => {}
            }
        }
    }

    fn power_up(&mut self) -> Result<(), Error> {
        let reader = self.reader.as_deref().ok_or(Error::NoSmartcard)?;
        let mut card = turn::take(&self.context, reader, self.patience)?;
        card.reconnect(ShareMode::Shared, Protocols::ANY, Disposition::ResetCard)?;
        // Room for both at once: to ask for their lengths first would be a call of the service more.
        let (mut names, mut atr) = ([0; NAMES_MAX], [0; MAX_ATR_SIZE]);
        let status = card.status2(&mut names, &mut atr)?;
        let protocol = status.protocol2().ok_or(Error::ProtoMismatch)?;
        self.atr = status.atr().to_vec();
        self.card = Some((card, protocol));
        Ok(())
    }

    /// What a reader's error means to the terminal. An error that is not the card's fault is also kept in words.
    fn failure(&self, error: Error) -> SlotError {
        of_the_card(error).unwrap_or_else(|| {
            (self.on_trouble)(ReaderError::using(error));
            SlotError::Reader
        })
    }

    /// The card's answer to a command.
    fn exchange<'b>(&self, command: &Command<'_>, buffer: &'b mut [u8]) -> Result<Response<'b>, SlotError> {
        let (card, protocol) = self.card.as_ref().ok_or(SlotError::NotConnected)?;
        if *protocol == Protocol::T0 { self.by_tpdus(card, command, buffer) } else { self.whole(card, command, buffer) }
    }

    /// T=1: the reader takes the APDU as it is.
    fn whole<'b>(&self, card: &Card, command: &Command<'_>, buffer: &'b mut [u8]) -> Result<Response<'b>, SlotError> {
        let mut bytes = Zeroizing::new(vec![0; command.data.len() + AROUND_DATA]);
        let bytes = command.encode(&mut bytes).map_err(SlotError::Command)?;
        let mut room = vec![0; SHORT_RESPONSE.max(command.ne + 2)];
        let response = card.transmit(bytes, &mut room).map_err(|error| self.failure(error))?;
        let response = Response::decode(response).map_err(SlotError::Response)?;
        let place = buffer.get_mut(..response.data.len()).ok_or(SlotError::Response(ApduError::TooLong))?;
        place.copy_from_slice(response.data);
        Ok(Response { data: place, sw: response.sw })
    }

    /// T=0: the reader takes TPDUs, and the terminal decides which is next (ISO/IEC 7816-3 clause 12.2).
    fn by_tpdus<'b>(
        &self,
        card: &Card,
        command: &Command<'_>,
        buffer: &'b mut [u8],
    ) -> Result<Response<'b>, SlotError> {
        let envelope = Atr::new(&self.atr).parameters().extended_lengths();
        let mut tpdus = Tpdus::new(*command, envelope, Tpdus::FOLLOW_UPS).map_err(SlotError::T0)?;
        let mut room = [0; SHORT_RESPONSE];
        loop {
            let tpdu = tpdu(&mut tpdus);
            let part = card.transmit(&tpdu, &mut room).map_err(|error| self.failure(error))?;
            let part = Response::decode(part).map_err(SlotError::Response)?;
            let filled = tpdus.response_len();
            let counted = tpdus.received(part.data.len());
            let place = buffer.get_mut(filled..filled + counted).ok_or(SlotError::T0(T0Error::BufferTooSmall))?;
            place.iter_mut().zip(part.data).for_each(|(to, from)| *to = *from);
            if let Some(sw) = tpdus.status(part.sw).map_err(SlotError::T0)? {
                return Ok(Response { data: buffer.get(..tpdus.response_len()).unwrap_or_default(), sw });
            }
        }
    }

    fn let_go(&mut self) {
        if let Some((card, _)) = self.card.take() {
            // If this fails too, the card is out or the service is gone.
            let _ = card.disconnect(Disposition::UnpowerCard);
        }
    }
}

/// The current TPDU in the form for a reader: the header, and the data that goes to the card. A TPDU without data has
/// no P3 (case 1).
fn tpdu(tpdus: &mut Tpdus<'_>) -> Zeroizing<Vec<u8>> {
    let [cla, ins, p1, p2, p3] = *tpdus.header();
    let mut bytes = Zeroizing::new(Vec::with_capacity(5 + tpdus.to_send()));
    bytes.extend([cla, ins, p1, p2]);
    if tpdus.direction() == Direction::FromCard || tpdus.to_send() > 0 {
        bytes.push(p3);
    }
    while tpdus.to_send() > 0 {
        let piece = tpdus.data(tpdus.to_send());
        bytes.extend(piece);
        let count = piece.len();
        tpdus.sent(count);
    }
    bytes
}

/// What a reader's error says of the card; `None` if the error concerns the reader or the service.
const fn of_the_card(error: Error) -> Option<SlotError> {
    match error {
        Error::RemovedCard | Error::NoSmartcard => Some(SlotError::Removed),
        Error::UnresponsiveCard => Some(SlotError::Mute),
        // Readers say this of a card that does not answer a command.
        Error::NotTransacted => Some(SlotError::Silent),
        Error::UnpoweredCard => Some(SlotError::Unpowered),
        Error::ResetCard => Some(SlotError::Reset),
        _ => None,
    }
}

/// What a reader is to somebody who looks for a card.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    /// A card is in it that can be used.
    Card,
    /// A card is in it that another program has to itself.
    Taken,
    /// A card can be put in.
    Free,
    /// None of these.
    Useless,
}

impl Place {
    fn of(state: &ReaderState) -> Self {
        let now = state.event_state();
        match (now.contains(State::PRESENT), now.contains(State::EXCLUSIVE)) {
            _ if now.contains(State::UNAVAILABLE) => Self::Useless,
            (true, true) => Self::Taken,
            (true, false) => Self::Card,
            (false, true) => Self::Useless,
            (false, false) => Self::Free,
        }
    }
}

fn is_gone(state: &ReaderState) -> bool {
    state.event_state().intersects(State::UNKNOWN | State::IGNORE)
}

impl<T: Fn(ReaderError)> CardSlot for ReaderSlot<T> {
    async fn wait_for_card(&mut self, seconds: u16) -> bool {
        let found = self.find_card(Duration::from_secs(seconds.into()));
        found.unwrap_or_else(|error| {
            (self.on_trouble)(error);
            false
        })
    }

    async fn connect(&mut self) -> Result<&[u8], SlotError> {
        self.let_go();
        match self.power_up() {
            Ok(()) => Ok(&self.atr),
            // The card has just been powered, and gave no answer to reset.
            Err(Error::UnpoweredCard) => Err(SlotError::Mute),
            Err(error) => Err(self.failure(error)),
        }
    }

    async fn transmit<'b>(&mut self, command: &Command<'_>, buffer: &'b mut [u8]) -> Result<Response<'b>, SlotError> {
        self.exchange(command, buffer)
    }

    async fn disconnect(&mut self) {
        self.let_go();
    }
}

impl<T: Fn(ReaderError)> PinPad for ReaderSlot<T> {
    async fn key(&mut self, what: OnPad) -> Result<OfPad, SlotError> {
        self.key_on_pad(what, PAD_S)?.ok_or_else(|| {
            (self.on_trouble)(ReaderError::NoPad);
            SlotError::Reader
        })
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
