//! A card in a PC/SC reader, through the terminal's own slot for such readers. It never waits for a card: a caller asks again.
//!
//! The connection to the service stays for the next call ([`kept`]): to look for service, readers and card takes longer than to read
//! the card.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use std::{mem, process};

use embassy_futures::block_on;
use qiyong_firmware::slot::{CardSlot, ResponseBuffer, SlotError};
use qiyong_firmware::terminal::{OfPad, OnPad as OnReadersPad};
use qiyong_pcsc::reader_slot::{ReaderSlot, service_answers};
use qiyong_pcsc::readers::ReaderError;
use qiyong_protocol::iso7816::apdu::Command;
use qiyong_protocol::iso7816::sw::StatusWord;
use zeroize::Zeroizing;

use crate::apdu::{Card, OnPad};
use crate::code::Code;
use crate::failure::Failure;

/// What last went wrong with reader or service.
type Trouble = Arc<Mutex<Option<ReaderError>>>;
/// A reader's slot that notes its trouble.
type Slot = ReaderSlot<Box<dyn Fn(ReaderError) + Send>>;

/// A part of the reader's name, and one that its name has not.
type Name = (String, Option<String>);

/// A service that answered within this time is not asked whether it does.
const FRESH: Duration = Duration::from_secs(1);

/// A slot between two calls.
struct Kept {
    name: Name,
    slot: Slot,
    trouble: Trouble,
    /// When the service last answered.
    answered: Instant,
    /// A process that was forked has the connection, too, and must not use it.
    process: u32,
}

/// The slot of the last call.
static KEPT: Mutex<Option<Kept>> = Mutex::new(None);

/// A card in a reader, from which other programs are kept out.
pub(super) struct ReaderCard {
    name: Name,
    /// `None` only while it is dropped.
    slot: Option<Slot>,
    trouble: Trouble,
    /// The card has power already.
    atr: Option<Vec<u8>>,
}

/// The card in the reader of this name, which has not the other one. Another program's transaction is waited for so long.
pub(super) fn open(name: &str, not: Option<&str>, busy: Duration) -> Result<ReaderCard, Failure> {
    let name = (name.to_string(), not.map(str::to_string));
    if let Some(outcome) = kept(&name, busy) {
        return outcome;
    }
    let trouble = Trouble::default();
    let noted = Arc::clone(&trouble);
    let note = move |error| *noted.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
    let mut slot = Slot::open_but(&name.0, not, Box::new(note)).map_err(|error| of_reader(&error))?;
    slot.wait_for_others(busy);
    let mut card = ReaderCard { name, slot: Some(slot), trouble, atr: None };
    if block_on(card.slot()?.wait_for_card(0)) { Ok(card) } else { Err(card.reason(Code::NoCard)) }
}

/// The card in the reader of the last call, with power, if all is as it was. Otherwise the reader is looked for anew, and that tells
/// what is wrong; but another program that has the card was waited for already.
fn kept(name: &Name, busy: Duration) -> Option<Result<ReaderCard, Failure>> {
    let kept = KEPT.lock().unwrap_or_else(PoisonError::into_inner).take()?;
    // Neither another process's connection nor one to a service that is mute can be closed: libpcsclite says so to the service.
    if kept.process != process::id() || (kept.answered.elapsed() > FRESH && !service_answers()) {
        mem::forget(kept);
        return None;
    }
    if kept.name != *name {
        return None;
    }
    let mut slot = kept.slot;
    slot.wait_for_others(busy);
    let mut card = ReaderCard { name: kept.name, slot: Some(slot), trouble: kept.trouble, atr: None };
    match card.power() {
        Ok(atr) => {
            card.atr = Some(atr);
            Some(Ok(card))
        }
        Err(failure) => {
            // It is not kept once more.
            card.slot = None;
            (failure.code == Code::Busy).then_some(Err(failure))
        }
    }
}

impl ReaderCard {
    fn slot(&mut self) -> Result<&mut Slot, Failure> {
        self.slot.as_mut().ok_or_else(|| Code::NotConnected.into())
    }

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

impl Card for ReaderCard {
    fn power(&mut self) -> Result<Vec<u8>, Failure> {
        if let Some(atr) = self.atr.take() {
            return Ok(atr);
        }
        let atr = block_on(self.slot()?.connect()).map(<[u8]>::to_vec);
        atr.map_err(|error| self.failure(error))
    }

    fn transmit(&mut self, command: &Command<'_>) -> Result<(Zeroizing<Vec<u8>>, StatusWord), Failure> {
        let mut buffer: Zeroizing<ResponseBuffer> = Zeroizing::new([0; 258]);
        match block_on(self.slot()?.transmit(command, &mut *buffer)) {
            Ok(response) => Ok((Zeroizing::new(response.data.to_vec()), response.sw)),
            Err(error) => Err(self.failure(error)),
        }
    }

    fn key_on_pad(&mut self, what: OnPad, seconds: u8) -> Result<StatusWord, Failure> {
        let what = match what {
            OnPad::Verify => OnReadersPad::Verify,
            OnPad::Change => OnReadersPad::Change,
        };
        let keyed = self.slot()?.key_on_pad(what, seconds).map_err(|error| self.failure(error))?;
        match keyed.ok_or_else(|| Code::NotSupported.with("读卡器没有密码键盘"))? {
            OfPad::Answered(sw) => Ok(sw),
            OfPad::TimedOut => Err(Code::TimeOver.into()),
            OfPad::Cancelled => Err(Code::Cancelled.into()),
            OfPad::Differ => Err(Code::PinsDiffer.into()),
            OfPad::Length => Err(Code::PinLength.into()),
        }
    }
}

impl Drop for ReaderCard {
    fn drop(&mut self) {
        let Some(mut slot) = self.slot.take() else { return };
        block_on(slot.disconnect());
        if self.trouble.lock().unwrap_or_else(PoisonError::into_inner).is_none() {
            let (name, trouble) = (mem::take(&mut self.name), Arc::clone(&self.trouble));
            let kept = Kept { name, slot, trouble, answered: Instant::now(), process: process::id() };
            *KEPT.lock().unwrap_or_else(PoisonError::into_inner) = Some(kept);
        }
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
