//! A terminal's security module, PSAM: which of its keys opens what on a card, and its commands (docs/card.md §1.7). A PSAM has
//! master keys; the card's own keys follow from them by two levels, inside of it.
//!
//! The same table names the keys for a centre's security module, by address. Rows marked own are this project's: nobody names
//! them. Where keys are kept is not decided here.

use super::commands::ins::SELECT;
use super::files::{Df, EF05, key};
use super::keys::{Algorithm, Key};
use crate::iso7816::apdu::Command;

/// The application of a PSAM with 3DES keys, by name.
pub const NAME_3DES: [u8; 6] = [0xD1, 0x56, 0x00, 0x00, 0x05, 0x90];
/// The environment of a PSAM with SM4 keys: "sx3.sh." and 社会保障 in GBK (docs/centre.md §10).
pub const NAME_SM4: [u8; 15] = *b"sx3.sh.\xC9\xE7\xBB\xE1\xB1\xA3\xD5\xCF";
/// The application in that environment.
pub const APPLICATION_SM4: [u8; 2] = [0xDF, 0x01];
/// Bytes of a terminal's number: 12 packed digits.
pub const TERMINAL: usize = 6;

/// INS bytes of a PSAM.
pub mod ins {
    #![allow(missing_docs, reason = "the names are those of PBOC's papers")]
    pub const DIVERSIFY: u8 = 0xDE;
    pub const CRYPT: u8 = 0xFA;
}

/// What a PSAM does with a key: the low five bits of its usage byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Use {
    /// 2: a debit's MACs.
    Debit = 2,
    /// 3: unblocks a PIN.
    Unblock = 3,
    /// 4: sets a PIN anew.
    Reload = 4,
    /// 6: MAC.
    Mac = 6,
    /// 7: enciphers.
    Encrypt = 7,
    /// 8: both.
    Both = 8,
}

impl Use {
    /// That of a usage byte.
    pub const fn of(usage: u8) -> Option<Self> {
        match usage & 0x1F {
            2 => Some(Self::Debit),
            3 => Some(Self::Unblock),
            4 => Some(Self::Reload),
            6 => Some(Self::Mac),
            7 => Some(Self::Encrypt),
            8 => Some(Self::Both),
            _ => None,
        }
    }

    /// Whether such a key enciphers blocks.
    pub const fn enciphers(self) -> bool {
        !matches!(self, Self::Debit | Self::Mac)
    }

    /// Whether such a key makes MACs.
    pub const fn macs(self) -> bool {
        !matches!(self, Self::Encrypt)
    }
}

/// How many levels of diversification a usage byte counts.
pub const fn levels(usage: u8) -> usize {
    (usage >> 5) as usize
}

/// From which of a centre's master keys a PSAM's key comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Master {
    /// PUK.
    Puk,
    /// The key that opens this key of a card, by the identifier in EXTERNAL AUTHENTICATE.
    External(u8),
}

/// A key of PSAMs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Named {
    /// What it is for, and its levels.
    pub usage: u8,
    /// Its number in a PSAM.
    pub number: u8,
    /// Its address in a centre's security module, without the PSAM's number; zeros: not known.
    pub address: u16,
    /// What it is to a card.
    pub master: Master,
}

const fn external(usage: u8, number: u8, address: u16, id: u8) -> Named {
    Named { usage, number, address, master: Master::External(id) }
}

/// RKSSSE, which opens the personal data of cards of version 3.00.
pub const READ_SSSE: Named = external(0x47, 0x0A, 0x004C, key::READ_SSSE);
/// UKSSSE.
pub const WRITE_SSSE: Named = external(0x48, 0x12, 0x0094, key::UPDATE_SSSE);
/// Sets a PIN anew.
pub const RELOAD: Named = Named { usage: 0x44, number: 0x10, address: 0x0090, master: Master::Puk };
/// Gives a PIN its tries back; own.
pub const UNBLOCK: Named = Named { usage: 0x43, number: 0x11, address: 0, master: Master::Puk };
/// Debits; own.
pub const DEBIT: Named = external(0x42, 0x20, 0, super::debit::KEY);

const READ_DF01: Named = external(0x47, 0x2E, 0x004F, key::DF_FIRST);
const READ_DF02: Named = external(0x47, 0x35, 0x0064, key::DF_FIRST);
const READ_DF03_EF05: Named = external(0x47, 0x2C, 0x0196, key::DF_FIRST);
const READ_DF04_EF05: Named = external(0x47, 0x2D, 0x0182, key::DF_FIRST);
const READ_OTHERS: Named = external(0x47, 0x2B, 0x0193, key::DF_FIRST);
const READ_DF07: [Named; 3] = [
    external(0x47, 0x3D, 0x007A, key::DF_FIRST),
    external(0x47, 0x3F, 0x0080, key::DF_SECOND),
    external(0x47, 0xB1, 0x0086, key::DF_THIRD),
];
const WRITE_DF01_EF05: Named = external(0x48, 0x42, 0x0097, key::DF_FIRST);
const WRITE_DF01_EF06: Named = external(0x47, 0x25, 0x0179, key::DF_FOURTH);
const WRITE_DF01_EF07: Named = external(0x48, 0x43, 0x009A, key::DF_SECOND);
const WRITE_DF01_EF08: Named = external(0x47, 0x24, 0x0176, key::DF_FIRST);
const WRITE_DF07: [Named; 3] = [
    external(0x47, 0x3E, 0, key::DF_FOURTH),
    external(0x47, 0xB0, 0, key::DF_FIFTH),
    external(0x47, 0xB2, 0, key::DF_SIXTH),
];

/// Every key of a PSAM, RKSSSE first.
pub const KEYS: [Named; 20] = [
    READ_SSSE,
    WRITE_SSSE,
    RELOAD,
    UNBLOCK,
    DEBIT,
    READ_DF01,
    READ_DF02,
    READ_DF03_EF05,
    READ_DF04_EF05,
    READ_OTHERS,
    READ_DF07[0],
    READ_DF07[1],
    READ_DF07[2],
    WRITE_DF01_EF05,
    WRITE_DF01_EF06,
    WRITE_DF01_EF07,
    WRITE_DF01_EF08,
    WRITE_DF07[0],
    WRITE_DF07[1],
    WRITE_DF07[2],
];

/// The key for reading a file that requires one.
pub fn for_reading(df: Df, fid: u16) -> Named {
    match (df, fid) {
        (Df::Ssse, _) => READ_SSSE,
        (Df::App(1), _) => READ_DF01,
        (Df::App(2), _) => READ_DF02,
        (Df::App(3), EF05) => READ_DF03_EF05,
        (Df::App(4), EF05 | 0xEF15) => READ_DF04_EF05,
        (Df::App(7), fid) => *READ_DF07.get(usize::from(fid.wrapping_sub(EF05))).unwrap_or(&READ_OTHERS),
        (Df::App(_), _) => READ_OTHERS,
    }
}

/// The key for writing a file; `None`: nobody names one.
pub fn for_writing(df: Df, fid: u16) -> Option<Named> {
    match (df, fid) {
        (Df::Ssse, _) => Some(WRITE_SSSE),
        (Df::App(1), EF05 | 0xEF0A) => Some(WRITE_DF01_EF05),
        (Df::App(1), 0xEF06) => Some(WRITE_DF01_EF06),
        (Df::App(1), 0xEF07) => Some(WRITE_DF01_EF07),
        (Df::App(1), 0xEF08) => Some(WRITE_DF01_EF08),
        (Df::App(7), fid) => WRITE_DF07.get(usize::from(fid.wrapping_sub(EF05))).copied(),
        _ => None,
    }
}

/// A key in a PSAM. `Debug` prints `***`.
#[derive(Clone, Debug)]
pub struct PsamKey {
    /// What it is for, and its levels.
    pub usage: u8,
    /// Its number.
    pub number: u8,
    /// The key itself.
    pub key: Key,
}

/// Selects the application with the keys of an algorithm; SM4's lies one step deeper, see [`select_sm4`].
pub const fn select(algorithm: Algorithm) -> Command<'static> {
    let name: &[u8] = match algorithm {
        Algorithm::TripleDes => &NAME_3DES,
        Algorithm::Sm4 => &NAME_SM4,
    };
    Command::new(0, SELECT, 0x04, 0).with_data(name).expecting(256)
}

/// Selects the application of SM4 keys in its environment.
pub const fn select_sm4() -> Command<'static> {
    Command::new(0, SELECT, 0, 0).with_data(&APPLICATION_SM4).expecting(256)
}

/// Asks for the terminal's number: the file with short identifier 16 (PBOC's place for it, recalled).
pub const fn terminal_number() -> Command<'static> {
    Command::new(0, super::commands::ins::READ_BINARY, 0x96, 0).expecting(TERMINAL)
}

/// Makes the key of a card, or of a session, from key `number`: `factors` has eight bytes a level, and those of the session. The
/// next commands use it.
pub const fn diversify(usage: u8, number: u8, factors: &[u8]) -> Command<'_> {
    Command::new(0xBF, ins::DIVERSIFY, usage, number).with_data(factors)
}

/// Enciphers a block.
pub const fn encipher(block: &[u8]) -> Command<'_> {
    Command::new(0x80, ins::CRYPT, 0, 0).with_data(block).expecting(block.len())
}

/// The MAC over `data`: a start value of one block, and the message. P1 05 is recalled.
pub const fn mac(data: &[u8]) -> Command<'_> {
    Command::new(0x80, ins::CRYPT, 0x05, 0).with_data(data).expecting(4)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::card::files::{Access, Generation};
    use std::collections::HashSet;

    /// docs/card.md §1.7: the key that the table names for a file is the one that the card asks for.
    #[test]
    fn the_keys_open_what_the_file_map_requires() {
        for generation in Generation::ALL {
            for file in generation.files() {
                if let Access::Key(id) | Access::PinOrKey(id) | Access::PinAndKey(id) = file.read {
                    assert_eq!(for_reading(file.df, file.fid).master, Master::External(id), "{:?}", file.title);
                }
                if let (Access::Key(id), Some(named)) = (file.update, for_writing(file.df, file.fid)) {
                    assert_eq!(named.master, Master::External(id), "{:?}", file.title);
                }
            }
        }
        assert_eq!(for_writing(Df::App(2), EF05), None, "nobody names it");
    }

    /// docs/card.md §1.7.
    #[test]
    fn numbers_differ_and_usages_have_two_levels() {
        let numbers: HashSet<_> = KEYS.iter().map(|named| named.number).collect();
        assert_eq!(numbers.len(), KEYS.len());
        assert!(KEYS.iter().all(|named| levels(named.usage) == 2 && Use::of(named.usage).is_some()));
        assert_eq!((READ_SSSE.usage, READ_SSSE.number, READ_SSSE.address), (0x47, 0x0A, 0x004C));
        assert_eq!((RELOAD.address, RELOAD.number), (0x0090, 0x10));
        assert!(Use::of(0x40).is_none());
    }
}
