//! The short way: the thread of the client that sent an APDU passes it to the virtual card.
//!
//! A program sees what it would see with a real reader: a card of T=0 announces response data that nobody requested
//! (61xx) and gets no command that T=0 cannot carry; T=1 carries whole APDUs, short or extended.

use qiyong_protocol::iso7816::apdu::Command;
use qiyong_protocol::iso7816::atr::Atr;
use qiyong_protocol::iso7816::sw::StatusWord;
use qiyong_protocol::iso7816::t0::{GET_RESPONSE, Tpdus};

use qiyong_firmware::slot::SlotError;

use super::{Slot, SlotFailure};
use qiyong_sim::card::desk::DeskCard;

/// A slot with a virtual card directly behind it.
#[derive(Debug, Default)]
pub struct Straight {
    card: Option<DeskCard>,
    powered: bool,
    /// T=0: response data and status word that wait for GET RESPONSE.
    waiting: Option<(Vec<u8>, StatusWord)>,
}

impl Slot for Straight {
    fn insert(&mut self, card: DeskCard) {
        self.power_down();
        self.card = Some(card);
    }

    fn remove(&mut self) {
        self.power_down();
        self.card = None;
    }

    fn reset(&mut self) -> Result<Vec<u8>, SlotFailure> {
        self.power_down();
        let DeskCard { card, mute, .. } = self.card.as_mut().ok_or(SlotFailure::Empty)?;
        card.reset();
        // A card without contacts in a slot is like a mute one.
        if *mute || card.atr.is_empty() {
            return Err(SlotFailure::Mute);
        }
        self.powered = true;
        Ok(card.atr.clone())
    }

    fn power_down(&mut self) {
        self.powered = false;
        self.waiting = None;
    }

    fn transmit(&mut self, command: &[u8], response: &mut Vec<u8>) -> Result<(), SlotFailure> {
        let DeskCard { card, .. } = self.card.as_mut().ok_or(SlotFailure::Empty)?;
        if !self.powered {
            return Err(SlotFailure::Mute);
        }
        let parameters = Atr::new(&card.atr).parameters();
        let is_t0 = parameters.preferred_protocol() != Some(1);
        let decoded = Command::decode(command);
        if let (true, Ok(command)) = (is_t0, decoded) {
            // The firmware's slot sends nothing of such a command, so that the card is as before.
            Tpdus::new(command, parameters.extended_lengths(), Tpdus::FOLLOW_UPS)
                .map_err(|error| SlotFailure::Broken(SlotError::T0(error)))?;
        }
        let waiting = self.waiting.take();
        let (data, sw) = match (decoded, waiting) {
            (Err(_), _) => (Vec::new(), StatusWord::WRONG_LENGTH),
            (Ok(Command { ins: GET_RESPONSE, ne, .. }), Some((data, sw))) => {
                get_response(ne, data, sw, &mut self.waiting)
            }
            // As the card on the virtual line does.
            (Ok(Command { ins: GET_RESPONSE, .. }), None) if is_t0 => {
                (Vec::new(), StatusWord::CONDITIONS_NOT_SATISFIED)
            }
            (Ok(command), _) => {
                let (data, sw) = card.process(&command);
                match (command.ne, data.len()) {
                    (_, 0) => (data, sw),
                    (0, len) if is_t0 && !command.data.is_empty() => {
                        self.waiting = Some((data, sw));
                        (Vec::new(), more(len))
                    }
                    // In T=1 a header alone expects no data; in T=0 it is a wrong length (docs/card.md §1.6).
                    (0, _) if !is_t0 => (Vec::new(), sw),
                    (ne, len) if len > ne => (Vec::new(), StatusWord::new(0x6C, len as u8)),
                    _ => (data, sw),
                }
            }
        };
        response.extend(data);
        response.extend(sw.0.to_be_bytes());
        Ok(())
    }
}

/// Returns part of the waiting data, and keeps the rest.
fn get_response(
    ne: usize,
    mut data: Vec<u8>,
    sw: StatusWord,
    waiting: &mut Option<(Vec<u8>, StatusWord)>,
) -> (Vec<u8>, StatusWord) {
    let have = data.len();
    if ne > have && ne < 256 {
        *waiting = Some((data, sw));
        return (Vec::new(), StatusWord::new(0x6C, have as u8));
    }
    let rest = data.split_off(ne.min(have));
    if rest.is_empty() {
        return (data, sw);
    }
    let left = rest.len();
    *waiting = Some((rest, sw));
    (data, more(left))
}

/// 61xx; 00 stands for 256 bytes or more.
const fn more(len: usize) -> StatusWord {
    StatusWord::new(0x61, if len < 256 { len as u8 } else { 0 })
}
