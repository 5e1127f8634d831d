//! A card in a PC/SC reader, through the terminal's own slot for such readers. It never waits for a card: a caller asks again.

use std::sync::{Arc, Mutex, PoisonError};

use embassy_futures::block_on;
use qiyong_firmware::slot::{CardSlot, ResponseBuffer, SlotError};
use qiyong_pcsc::reader_slot::ReaderSlot;
use qiyong_pcsc::readers::ReaderError;
use qiyong_protocol::iso7816::apdu::Command;
use qiyong_protocol::iso7816::sw::StatusWord;
use zeroize::Zeroizing;

use crate::apdu::Card;
use crate::code::Code;
use crate::failure::Failure;

/// What last went wrong with reader or service.
type Trouble = Arc<Mutex<Option<ReaderError>>>;

/// A card in a reader, from which other programs are kept out.
pub(super) struct ReaderCard<T: Fn(ReaderError)> {
    slot: ReaderSlot<T>,
    trouble: Trouble,
}

/// The card in the reader of this name, which has not the other one.
pub(super) fn open(name: &str, not: Option<&str>) -> Result<ReaderCard<impl Fn(ReaderError) + Send + use<>>, Failure> {
    let trouble = Trouble::default();
    let noted = Arc::clone(&trouble);
    let note = move |error| *noted.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
    let slot = ReaderSlot::open_but(name, not, note).map_err(|error| of_reader(&error))?;
    let mut card = ReaderCard { slot, trouble };
    if block_on(card.slot.wait_for_card(0)) { Ok(card) } else { Err(card.reason(Code::NoCard)) }
}

impl<T: Fn(ReaderError)> ReaderCard<T> {
    /// What went wrong with the reader, or else this.
    fn reason(&self, otherwise: Code) -> Failure {
        let trouble = self.trouble.lock().unwrap_or_else(PoisonError::into_inner).take();
        trouble.map_or_else(|| otherwise.into(), |error| of_reader(&error))
    }

    fn failure(&self, error: SlotError) -> Failure {
        match error {
            SlotError::Reader => self.reason(Code::Reader),
            SlotError::Removed => Code::NoCard.with("卡已取出"),
            SlotError::Unpowered => Code::NotPowered.into(),
            SlotError::NotConnected | SlotError::Reset => Code::NotConnected.with(error.to_string()),
            error => Code::Mute.with(error.to_string()),
        }
    }
}

impl<T: Fn(ReaderError) + Send> Card for ReaderCard<T> {
    fn power(&mut self) -> Result<Vec<u8>, Failure> {
        let atr = block_on(self.slot.connect()).map(<[u8]>::to_vec);
        atr.map_err(|error| self.failure(error))
    }

    fn transmit(&mut self, command: &Command<'_>) -> Result<(Zeroizing<Vec<u8>>, StatusWord), Failure> {
        let mut buffer: Zeroizing<ResponseBuffer> = Zeroizing::new([0; 258]);
        match block_on(self.slot.transmit(command, &mut *buffer)) {
            Ok(response) => Ok((Zeroizing::new(response.data.to_vec()), response.sw)),
            Err(error) => Err(self.failure(error)),
        }
    }
}

impl<T: Fn(ReaderError)> Drop for ReaderCard<T> {
    fn drop(&mut self) {
        block_on(self.slot.disconnect());
    }
}

fn of_reader(error: &ReaderError) -> Failure {
    let code = match error {
        ReaderError::Taken => Code::Busy,
        ReaderError::Gone | ReaderError::ServiceGone => Code::NotConnected,
        ReaderError::Protocol => Code::Mute,
        _ => Code::Reader,
    };
    code.with(error.to_string())
}
