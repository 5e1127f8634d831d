//! A terminal's master key on its way into the terminal: enciphered, with its check value, and proved. Who sends it, and where the
//! terminal keeps it, is not known here.
//!
//! It is enciphered under the master key that the terminal has. Before its first one, that is the maker's *transport key*, which
//! all terminals of a maker have from their program. So who knows the transport key alone can give a new terminal its first key,
//! and no other one to a terminal that has one (docs/centre.md §18).
//!
//! The MAC covers name, key and check value. Without it a working key from the answer to a sign-in, which is enciphered under the
//! master key too, could be sent as a new master key by whoever has heard it on the line.

use core::fmt;

use super::Refused;
use super::codec::{Bytes, Reader, Writer};
use crate::centre::TerminalId;
use crate::centre::iso8583::mac::{Mac, MacKey, X919};
use crate::rules::institution::InstitutionCode;

/// The published transport key of tests and examples. A maker's program has the maker's own (docs/centre.md §18).
pub static TEST_TRANSPORT_KEY: X919 = X919::new(*b"QIYONG TRANSPORT");

/// A master key for the terminal of this name, enciphered.
#[derive(Clone, PartialEq, Eq)]
pub struct KeyLoad {
    /// Where the terminal stands from then on.
    pub institution: InstitutionCode,
    /// What it is called there.
    pub terminal: TerminalId,
    /// The key, enciphered with 3DES in ECB.
    pub enciphered: [u8; 16],
    /// The check value of the key.
    pub check: [u8; 3],
    /// The MAC of all that under the key that enciphers.
    pub mac: Mac,
}

impl KeyLoad {
    /// The letter of the command.
    pub(super) const LETTER: u8 = b'K';

    /// A key on its way to a terminal that has the key `under`. The bits of parity, which DES does not use, are set.
    pub fn seal(institution: InstitutionCode, terminal: TerminalId, key: &X919, under: &X919) -> Self {
        let key = key.with_odd_parity();
        let (enciphered, check) = (under.encipher(&key), key.check_value());
        Self { institution, terminal, enciphered, check, mac: Mac([0; 8]) }.proved(under)
    }

    /// The same with the MAC that belongs to it.
    #[must_use]
    pub fn proved(self, under: &X919) -> Self {
        Self { mac: self.mac_under(under), ..self }
    }

    /// The key.
    ///
    /// # Errors
    /// It was enciphered under another key than this one, does not fit its check value, or is none.
    pub fn open(&self, under: &X919) -> Result<X919, Refused> {
        if self.mac_under(under) != self.mac {
            return Err(Refused::OtherKey);
        }
        let key = under.decipher(&self.enciphered);
        if key.check_value() != self.check {
            return Err(Refused::CheckValue);
        }
        if key.has_odd_parity() { Ok(key) } else { Err(Refused::Parity) }
    }

    fn mac_under(&self, key: &X919) -> Mac {
        let mut bytes = Bytes::default();
        let _ = self.write_covered(Writer::new(&mut bytes, Self::LETTER));
        key.mac(&bytes)
    }

    /// What the MAC covers, behind a letter that no message to the centre begins with.
    fn write_covered<'b>(&self, writer: Writer<'b>) -> Writer<'b> {
        writer.bytes(self.institution.as_bytes()).bytes(&self.terminal.0).bytes(&self.enciphered).bytes(&self.check)
    }

    pub(super) fn write<'b>(&self, writer: Writer<'b>) -> Writer<'b> {
        self.write_covered(writer).bytes(&self.mac.0)
    }

    pub(super) fn read(reader: &mut Reader<'_>) -> Option<Self> {
        Some(Self {
            institution: InstitutionCode::from_bytes(reader.slice(12)?).ok()?,
            terminal: TerminalId(reader.array()?),
            enciphered: reader.array()?,
            check: reader.array()?,
            mac: Mac(reader.array()?),
        })
    }
}

impl fmt::Debug for KeyLoad {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c] = self.check;
        write!(f, "KeyLoad({} {} *** {a:02X}{b:02X}{c:02X})", self.institution, self.terminal.as_str())
    }
}

/// Name and check value; the key as stars.
#[cfg(feature = "defmt")]
impl defmt::Format for KeyLoad {
    fn format(&self, f: defmt::Formatter<'_>) {
        defmt::write!(f, "KeyLoad({} {} *** {=[u8; 3]:02X})", self.institution, self.terminal, self.check);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::centre::WorkingKey;
    use hex_literal::hex;
    use std::format;

    const TRANSPORT: X919 = X919::new(hex!("0123456789ABCDEFFEDCBA9876543210"));
    const MASTER: X919 = X919::new(hex!("89ABCDEF01234567DCFE98BA54761032"));

    fn sealed(under: &X919) -> KeyLoad {
        KeyLoad::seal(InstitutionCode::new("P32010000017").unwrap(), TerminalId(*b"00000001"), &MASTER, under)
    }

    /// The enciphered key and the check value are those that OpenSSL computes (docs/card.md §5.3).
    #[test]
    fn a_key_is_sealed_as_other_programs_do_and_opened_under_the_same_key_alone() {
        let load = sealed(&TRANSPORT);
        assert_eq!((load.enciphered, load.check), (hex!("4230EF1CB2684955221794DF411E847C"), hex!("83A7D3")));
        assert_eq!(load.open(&TRANSPORT).unwrap().expose(), MASTER.expose());
        assert_eq!(load.open(&MASTER).unwrap_err(), Refused::OtherKey);
        assert_eq!(load.open(&TEST_TRANSPORT_KEY).unwrap_err(), Refused::OtherKey);
        let shown = format!("{load:?}");
        assert_eq!(shown, "KeyLoad(P32010000017 00000001 *** 83A7D3)");
    }

    #[test]
    fn what_is_changed_on_the_way_is_refused() {
        let load = sealed(&TRANSPORT);
        for bit in 0..8 {
            let flipped = 1 << bit;
            let mut bent = [load.clone(), load.clone(), load.clone(), load.clone()];
            bent[0].terminal.0[7] ^= flipped;
            bent[1].enciphered[3] ^= flipped;
            bent[2].check[2] ^= flipped;
            bent[3].mac.0[5] ^= flipped;
            for bent in bent {
                assert_eq!(bent.open(&TRANSPORT).unwrap_err(), Refused::OtherKey, "{bent:?}");
            }
        }
        // Said by somebody who knows the key, and wrong nevertheless.
        let wrong = KeyLoad { check: hex!("83A7D2"), ..load.clone() }.proved(&TRANSPORT);
        assert_eq!(wrong.open(&TRANSPORT).unwrap_err(), Refused::CheckValue);
        let even = X919::new([0; 16]);
        let wrong = KeyLoad { enciphered: TRANSPORT.encipher(&even), check: even.check_value(), ..load };
        assert_eq!(wrong.proved(&TRANSPORT).open(&TRANSPORT).unwrap_err(), Refused::Parity);
    }

    /// A sign-in's answer has a key under the master key and its check value, too.
    #[test]
    fn a_working_key_is_no_master_key() {
        let WorkingKey { enciphered, check } = WorkingKey::new(&MASTER, &TRANSPORT);
        let heard = KeyLoad { enciphered, check, ..sealed(&TRANSPORT) };
        assert_eq!(heard.open(&MASTER).unwrap_err(), Refused::OtherKey);
    }
}
