//! A reader without contacts, with the virtual card on its antenna (PC/SC part 3, its part for contactless cards).
//!
//! Programs see the ATR that the reader makes of the card's ATS, and a card of T=1: whole APDUs. Commands of class FF are
//! for the reader, and never reach the card. Not here: the block protocol of ISO/IEC 14443-4, of which no program knows.

use qiyong_protocol::iso7816::apdu::Command;
use qiyong_protocol::iso7816::sw::StatusWord;

use super::{Slot, SlotFailure};
use qiyong_sim::card::antenna::Antenna;
use qiyong_sim::card::desk::DeskCard;
use qiyong_sim::card::os::{Reply, VirtualCard};

/// The class of commands for the reader.
const READER: u8 = 0xFF;
/// GET DATA: what the reader knows of the card (PC/SC part 3 clause 3.2.2.1.3).
const GET_DATA: u8 = 0xCA;
/// LOAD KEYS, GENERAL AUTHENTICATE in both forms, READ BINARY and UPDATE BINARY: for storage cards.
const FOR_STORAGE_CARDS: [u8; 5] = [0x82, 0x86, 0x88, 0xB0, 0xD6];
/// The end of the data was reached before Le bytes.
const END_REACHED: StatusWord = StatusWord(0x6282);

/// The reader's slot.
#[derive(Debug, Default)]
pub struct Contactless {
    card: Option<DeskCard>,
    powered: bool,
}

impl Slot for Contactless {
    fn contactless(&self) -> bool {
        true
    }

    fn takes(&self, card: &VirtualCard) -> bool {
        card.antenna.is_some()
    }

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
        // What has no antenna is not noticed at all.
        let antenna = card.antenna.as_ref().ok_or(SlotFailure::Empty)?;
        if *mute {
            return Err(SlotFailure::Mute);
        }
        self.powered = true;
        Ok(antenna.ats.pcsc_atr())
    }

    fn power_down(&mut self) {
        self.powered = false;
    }

    fn transmit(&mut self, command: &[u8], response: &mut Vec<u8>) -> Result<(), SlotFailure> {
        let DeskCard { card, .. } = self.card.as_mut().ok_or(SlotFailure::Empty)?;
        if !self.powered {
            return Err(SlotFailure::Mute);
        }
        let (data, sw) = match (Command::decode(command), &card.antenna) {
            (Err(_), _) => (Vec::new(), StatusWord::WRONG_LENGTH),
            (Ok(command), Some(antenna)) if command.cla == READER => of_reader(&command, antenna),
            (Ok(command), _) => of_card(&command, card),
        };
        response.extend(data);
        response.extend(sw.0.to_be_bytes());
        Ok(())
    }
}

/// The reader's own answer.
fn of_reader(command: &Command<'_>, antenna: &Antenna) -> Reply {
    let only = |sw| (Vec::new(), sw);
    let known = match (command.ins, command.p1, command.p2) {
        (GET_DATA, 0, 0) => &antenna.uid,
        (GET_DATA, 1, 0) => &antenna.ats.historical,
        (GET_DATA, ..) => return only(StatusWord::NOT_SUPPORTED),
        // This is no storage card.
        (ins, ..) if FOR_STORAGE_CARDS.contains(&ins) => return only(StatusWord::NOT_SUPPORTED),
        _ => return only(StatusWord::UNKNOWN_INS),
    };
    match (command.ne, known.len()) {
        _ if !command.data.is_empty() => only(StatusWord::WRONG_LENGTH),
        (0, _) => only(StatusWord::WRONG_LENGTH),
        // Le 00 asks for all there is.
        (256.., _) => (known.clone(), StatusWord::OK),
        (ne, len) if ne < len => only(StatusWord::new(0x6C, len as u8)),
        (ne, len) if ne > len => (known.clone(), END_REACHED),
        _ => (known.clone(), StatusWord::OK),
    }
}

/// The card's answer to a whole APDU, no longer than the program wants it.
fn of_card(command: &Command<'_>, card: &mut VirtualCard) -> Reply {
    let (data, sw) = card.process(command);
    match (command.ne, data.len()) {
        (0, _) => (Vec::new(), sw),
        (ne, len) if len > ne => (Vec::new(), StatusWord::new(0x6C, len as u8)),
        _ => (data, sw),
    }
}

#[cfg(test)]
mod tests {
    use qiyong_sim::card::antenna::Ats;

    use super::*;

    fn answer(command: &str) -> (Vec<u8>, u16) {
        let antenna =
            Antenna { uid: vec![0x10, 1, 2, 3], ats: Ats { historical: vec![0x80, 0x02, 0xAB], ..Ats::default() } };
        let (data, sw) = of_reader(&Command::decode(&hex::decode(command).unwrap()).unwrap(), &antenna);
        (data, sw.0)
    }

    /// PC/SC part 3 clause 3.2.2.1.3, docs/card.md §4.2.
    #[test]
    fn get_data_has_uid_and_historical_bytes_and_says_what_is_wrong() {
        let (uid, history) = (vec![0x10, 1, 2, 3], vec![0x80, 0x02, 0xAB]);
        for (command, data, sw) in [
            ("FFCA000000", uid.clone(), 0x9000),
            ("FFCA000004", uid.clone(), 0x9000),
            ("FFCA000003", vec![], 0x6C04),
            ("FFCA000001", vec![], 0x6C04),
            ("FFCA00000A", uid.clone(), 0x6282),
            ("FFCA000000 0000", uid, 0x9000),
            ("FFCA010000", history.clone(), 0x9000),
            ("FFCA010002", vec![], 0x6C03),
            ("FFCA010003", history.clone(), 0x9000),
            ("FFCA0100FF", history, 0x6282),
            ("FFCA020000", vec![], 0x6A81),
            ("FFCA000100", vec![], 0x6A81),
            ("FFCA0000", vec![], 0x6700),
            ("FFCA0000 01 AA", vec![], 0x6700),
        ] {
            assert_eq!(answer(&command.replace(' ', "")), (data, sw), "{command}");
        }
    }

    /// As readers do with a card that is no storage card.
    #[test]
    fn other_commands_of_the_class_are_refused() {
        for (command, sw) in [
            ("FF82000006FFFFFFFFFFFF", 0x6A81),
            ("FF860000050100046000", 0x6A81),
            ("FFB0000010", 0x6A81),
            ("FFD6000410000102030405060708090A0B0C0D0E0F", 0x6A81),
            ("FFC2000000", 0x6D00),
            ("FF000000", 0x6D00),
            ("FFA4040000", 0x6D00),
        ] {
            assert_eq!(answer(command), (vec![], sw), "{command}");
        }
    }
}
