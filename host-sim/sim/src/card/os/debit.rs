//! INITIALIZE DEBIT and DEBIT in the medical application: the card notes a payment in DF04EF08 (docs/driver.md §D). It has no
//! balance: who pays is the centre's business.

use rand_core::Rng;

use qiyong_protocol::card::debit::{APPLICATION, Begun, Debit, FILE, KEY, NO_SERIAL};
use qiyong_protocol::iso7816::apdu::Command;
use qiyong_protocol::iso7816::sw::StatusWord;

use super::{Bytes, KEY_TRIES, Reply, VirtualCard, only};

impl VirtualCard {
    /// Requires the PIN.
    pub(super) fn initialize_debit(&mut self, command: &Command<'_>) -> Reply {
        if self.session.df != Some(APPLICATION) || self.debits().is_none() {
            return only(StatusWord::CONDITIONS_NOT_SATISFIED);
        }
        if !self.session.pin_verified {
            return only(StatusWord::SECURITY_NOT_SATISFIED);
        }
        if (command.p1, command.p2) != (0x01, 0x02) {
            return only(StatusWord::WRONG_P1_P2);
        }
        let Some(debit) = Debit::from_first_data(command.data) else {
            return only(StatusWord::WRONG_DATA);
        };
        let mut random = [0; 4];
        self.random.fill_bytes(&mut random);
        let begun = Begun { serial: self.next_serial(), random };
        self.session.debit = Some((debit, begun));
        (begun.bytes().to_vec(), StatusWord::OK)
    }

    pub(super) fn debit(&mut self, command: &Command<'_>, started: Option<(Debit, Begun)>) -> Reply {
        let Some((debit, begun)) = started else {
            return only(StatusWord::CONDITIONS_NOT_SATISFIED);
        };
        let Some((terminal_serial, rest)) = command.data.split_first_chunk::<4>() else {
            return only(StatusWord::WRONG_LENGTH);
        };
        let Some((time, mac_1)) = rest.split_first_chunk::<7>().filter(|(_, mac)| mac.len() == 4) else {
            return only(StatusWord::WRONG_LENGTH);
        };
        let debit = Debit { time: *time, ..debit };
        let Some(key) = self.external_key(KEY) else {
            return only(StatusWord::KEY_NOT_FOUND);
        };
        if self.key_tries_left == 0 {
            return only(StatusWord::BLOCKED);
        }
        let mac = |data: &[u8]| Debit::mac(key, &begun, *terminal_serial, data);
        if mac(&debit.mac_1_data()) != *mac_1 {
            self.key_tries_left -= 1;
            return only(StatusWord::MAC_WRONG);
        }
        let answer: [[u8; 4]; 2] = [debit.tac(key, begun.serial), mac(&debit.mac_2_data())];
        let Some(records) = self.debits() else {
            return only(StatusWord::WRONG_FILE_KIND);
        };
        records.pop();
        records.insert(0, debit.record(begun.serial).to_vec());
        self.key_tries_left = KEY_TRIES;
        (answer.as_flattened().to_vec(), StatusWord::OK)
    }

    /// The records of debits, newest first.
    fn debits(&mut self) -> Option<&mut Vec<Vec<u8>>> {
        let spec = self.generation.file(APPLICATION, FILE)?;
        match self.file_mut(spec)? {
            Bytes::Cyclic(records) => Some(records),
            Bytes::Records(_) | Bytes::Transparent(_) => None,
        }
    }

    /// One more than the newest record's; after the last number it begins anew.
    fn next_serial(&mut self) -> u16 {
        let newest = self.debits().and_then(|records| Debit::from_record(records.first()?));
        match newest {
            Some((serial, _)) if serial < NO_SERIAL - 1 => serial + 1,
            _ => 1,
        }
    }
}
