//! A debit that a card notes in its medical application: what terminal, card and security module sign (docs/driver.md §D).
//!
//! How real cards do it was not found. The commands are taken from the purchase of PBOC cards (recalled), the record is that of
//! DF04EF08 (docs/card.md §1.4). Who may debit, and how money moves, is not decided here: a card has no balance.

use super::commands::ins;
use super::files::{Df, key};
use super::keys::Key;
use crate::iso7816::apdu::Command;

/// The application in which a card notes debits.
pub const APPLICATION: Df = Df::App(4);
/// The cyclic file in which it does.
pub const FILE: u16 = 0xEF08;
/// The card's key for debits: nobody names one, so it is the application's first.
pub const KEY: u8 = key::DF_FIRST;
/// Bytes of a record in that file.
pub const RECORD: usize = 28;
/// The kind of a record: a payment.
pub const PAYMENT: u8 = b'1';
/// A record without debit has this serial number.
pub const NO_SERIAL: u16 = 0xFFFF;

/// What is debited, where and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Debit {
    /// What the personal account pays, fen.
    pub personal: u32,
    /// What the pooled fund pays, fen.
    pub pooled: u32,
    /// The terminal's number: 12 packed digits.
    pub terminal: [u8; 6],
    /// YYYYMMDDhhmmss, packed digits.
    pub time: [u8; 7],
}

/// What the card has answered to INITIALIZE DEBIT.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Begun {
    /// The number that the card will give the debit.
    pub serial: u16,
    /// Its random bytes.
    pub random: [u8; 4],
}

impl Begun {
    /// From the six bytes of the answer.
    pub fn read(answer: &[u8]) -> Option<Self> {
        let [a, b, random @ ..] = <[u8; 6]>::try_from(answer).ok()?;
        Some(Self { serial: u16::from_be_bytes([a, b]), random })
    }

    /// The six bytes.
    pub fn bytes(&self) -> [u8; 6] {
        let ([a, b], [c, d, e, f]) = (self.serial.to_be_bytes(), self.random);
        [a, b, c, d, e, f]
    }

    /// The factor of the session key: the card's random bytes, its serial number, and the last two bytes of the terminal's.
    pub fn factor(&self, terminal_serial: [u8; 4]) -> [u8; 8] {
        let ([a, b, c, d], [e, f], [_, _, g, h]) = (self.random, self.serial.to_be_bytes(), terminal_serial);
        [a, b, c, d, e, f, g, h]
    }
}

impl Debit {
    /// The data of INITIALIZE DEBIT: key, amounts, terminal.
    pub fn first_data(&self) -> [u8; 15] {
        let mut data = [KEY; 15];
        fill(&mut data, 1, &[&self.personal.to_be_bytes(), &self.pooled.to_be_bytes(), &self.terminal]);
        data
    }

    /// The same from the card's side, without the time, which comes with the second command.
    pub fn from_first_data(data: &[u8]) -> Option<Self> {
        let (id, amounts) = data.split_first()?;
        let (personal, rest) = amounts.split_first_chunk::<4>()?;
        let (pooled, terminal) = rest.split_first_chunk::<4>()?;
        let terminal = terminal.try_into().ok().filter(|_| *id == KEY)?;
        let [personal, pooled] = [*personal, *pooled].map(u32::from_be_bytes);
        Some(Self { personal, pooled, terminal, time: [0xFF; 7] })
    }

    /// What MAC1 is over: with it the terminal proves that its security module knows of the debit.
    pub fn mac_1_data(&self) -> [u8; 22] {
        let mut data = [PAYMENT; 22];
        fill(&mut data, 0, &[&self.personal.to_be_bytes(), &self.pooled.to_be_bytes()]);
        fill(&mut data, 9, &[&self.terminal, &self.time]);
        data
    }

    /// What MAC2 is over: with it the card proves that it has noted the debit.
    pub fn mac_2_data(&self) -> [u8; 8] {
        let mut data = [0; 8];
        fill(&mut data, 0, &[&self.personal.to_be_bytes(), &self.pooled.to_be_bytes()]);
        data
    }

    /// The record that the card keeps: serial number, kind, terminal, time, personal and pooled part, and their sum. The TAC is
    /// the MAC of these bytes by the card's own key: the centre can check it for ever.
    pub fn record(&self, serial: u16) -> [u8; RECORD] {
        let mut record = [PAYMENT; RECORD];
        let sum = self.personal.saturating_add(self.pooled);
        fill(&mut record, 0, &[&serial.to_be_bytes()]);
        let amounts = [self.personal, self.pooled, sum].map(u32::to_be_bytes);
        fill(&mut record, 3, &[&self.terminal, &self.time, amounts.as_flattened()]);
        record
    }

    /// A record that a card keeps; `None`: it is blank, or no such record.
    pub fn from_record(record: &[u8]) -> Option<(u16, Self)> {
        let (serial, rest) = record.split_first_chunk::<2>()?;
        let (_kind, rest) = rest.split_first()?;
        let (terminal, rest) = rest.split_first_chunk::<6>()?;
        let (time, rest) = rest.split_first_chunk::<7>()?;
        let (personal, rest) = rest.split_first_chunk::<4>()?;
        let (pooled, _sum) = rest.split_first_chunk::<4>()?;
        let serial = Some(u16::from_be_bytes(*serial)).filter(|serial| *serial != NO_SERIAL)?;
        let [personal, pooled] = [*personal, *pooled].map(u32::from_be_bytes);
        Some((serial, Self { personal, pooled, terminal: *terminal, time: *time }))
    }

    /// MAC1 or MAC2 by the session key of this debit.
    pub fn mac(key: &Key, begun: &Begun, terminal_serial: [u8; 4], data: &[u8]) -> [u8; 4] {
        key.diversify(begun.factor(terminal_serial)).mac([0; 8], &[data])
    }

    /// The TAC of the debit with this number.
    pub fn tac(&self, key: &Key, serial: u16) -> [u8; 4] {
        key.mac([0; 8], &[&self.record(serial)])
    }
}

/// INITIALIZE DEBIT, with [`Debit::first_data`]; the answer has six bytes, and holds for the next command only.
pub const fn initialize(data: &[u8; 15]) -> Command<'_> {
    Command::new(0x80, ins::INITIALIZE_DEBIT, 0x01, 0x02).with_data(data).expecting(6)
}

/// DEBIT, with the terminal's serial number, the time and MAC1; the answer is TAC and MAC2, four bytes each.
pub const fn debit(data: &[u8; 15]) -> Command<'_> {
    Command::new(0x80, ins::DEBIT, 0x01, 0).with_data(data).expecting(8)
}

/// The data of DEBIT.
pub fn second_data(terminal_serial: [u8; 4], time: [u8; 7], mac_1: [u8; 4]) -> [u8; 15] {
    let mut data = [0; 15];
    fill(&mut data, 0, &[&terminal_serial, &time, &mac_1]);
    data
}

fn fill(place: &mut [u8], from: usize, parts: &[&[u8]]) {
    let bytes = parts.iter().copied().flatten();
    place.iter_mut().skip(from).zip(bytes).for_each(|(to, byte)| *to = *byte);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::card::keys::Algorithm;
    use hex_literal::hex;

    const DEBIT: Debit =
        Debit { personal: 10, pooled: 20, terminal: hex!("410100813475"), time: hex!("20151118185001") };

    #[test]
    fn bytes_stand_where_they_are_read() {
        assert_eq!(DEBIT.first_data(), hex!("83 0000000A 00000014 410100813475"));
        let there = Debit::from_first_data(&DEBIT.first_data()).unwrap();
        assert_eq!(Debit { time: DEBIT.time, ..there }, DEBIT);
        assert!(Debit::from_first_data(&[1; 15]).is_none() && Debit::from_first_data(&[KEY; 14]).is_none());
        assert_eq!(DEBIT.mac_1_data(), hex!("0000000A 00000014 31 410100813475 20151118185001"));
        let record = hex!("0007 31 410100813475 20151118185001 0000000A 00000014 0000001E");
        assert_eq!(DEBIT.record(7), record);
        assert_eq!(Debit::from_record(&record), Some((7, DEBIT)));
        assert_eq!(Debit::from_record(&[0xFF; RECORD]), None);
        assert_eq!(Debit::from_record(&record[..20]), None);
        let begun = Begun { serial: 7, random: [1, 2, 3, 4] };
        assert_eq!(Begun::read(&begun.bytes()), Some(begun));
        assert_eq!(begun.factor([9, 8, 7, 6]), [1, 2, 3, 4, 0, 7, 7, 6]);
        assert_eq!(second_data([1; 4], [2; 7], [3; 4])[3..12], [1, 2, 2, 2, 2, 2, 2, 2, 3]);
    }

    #[test]
    fn every_byte_counts() {
        for algorithm in [Algorithm::TripleDes, Algorithm::Sm4] {
            let key = Key::new(algorithm, *b"0123456789abcdef");
            let begun = Begun { serial: 7, random: [1, 2, 3, 4] };
            let mac = |debit: &Debit, begun: &Begun, serial| Debit::mac(&key, begun, serial, &debit.mac_1_data());
            let good = mac(&DEBIT, &begun, [0; 4]);
            assert_ne!(good, mac(&Debit { pooled: 21, ..DEBIT }, &begun, [0; 4]));
            assert_ne!(good, mac(&DEBIT, &Begun { serial: 8, ..begun }, [0; 4]));
            assert_ne!(good, mac(&DEBIT, &begun, [0, 0, 0, 16]));
            assert_ne!(DEBIT.tac(&key, 7), DEBIT.tac(&key, 8));
        }
    }
}
