//! What a terminal is given at sign-in beside its lease: the key of its messages until the next sign-in, the time, and how often to try. How
//! messages carry them, and which key a message is under, is not known here ([`super::message`]).

use core::fmt;

use crate::card::date::Timestamp;
use crate::centre::Policy;
use crate::centre::iso8583::mac::X919;

/// What a sign-in begins (docs/card.md §5.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Session {
    /// The key of F64 from now on.
    pub key: WorkingKey,
    /// The centre's date and time.
    pub time: Timestamp,
    /// How often and how long to try; `None`: as ever.
    pub policy: Option<Policy>,
}

/// A working key on its way: enciphered under the terminal's master key, with its check value. Not shown, though nobody who
/// lacks the master key can use it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct WorkingKey {
    /// The key, enciphered.
    pub enciphered: [u8; 16],
    /// The check value of the key.
    pub check: [u8; 3],
}

impl WorkingKey {
    /// A key for the terminal with this master key.
    pub fn new(master: &X919, key: &X919) -> Self {
        Self { enciphered: master.encipher(key), check: key.check_value() }
    }

    /// The key; `None`: it does not fit its check value, since it was enciphered under another master key.
    pub fn open(&self, master: &X919) -> Option<X919> {
        Some(master.decipher(&self.enciphered)).filter(|key| key.check_value() == self.check)
    }
}

impl fmt::Debug for WorkingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hex_literal::hex;
    use std::format;

    const MASTER: X919 = X919::new(hex!("0123456789ABCDEFFEDCBA9876543210"));

    /// Computed with OpenSSL (des-ede in ECB, without padding).
    #[test]
    fn a_key_is_enciphered_as_other_programs_do() {
        let key = X919::new(hex!("89ABCDEF01234567DCFE98BA54761032"));
        let sealed = WorkingKey::new(&MASTER, &key);
        assert_eq!(MASTER.check_value(), hex!("08D7B4"));
        assert_eq!((sealed.enciphered, sealed.check), (hex!("4230EF1CB2684955221794DF411E847C"), hex!("83A7D3")));
        assert_eq!(sealed.open(&MASTER).unwrap().expose(), key.expose());
        assert_eq!(format!("{sealed:?}"), "***");
    }

    #[test]
    fn a_key_of_another_master_key_is_none() {
        let other = X919::new([7; 16]);
        assert!(WorkingKey::new(&other, &MASTER).open(&MASTER).is_none());
        let sealed = WorkingKey::new(&MASTER, &other);
        for bit in 0..24 {
            let mut check = sealed.check;
            check[bit / 8] ^= 1 << (bit % 8);
            assert!(WorkingKey { check, ..sealed }.open(&MASTER).is_none(), "bit {bit}");
        }
    }
}
