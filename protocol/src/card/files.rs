//! The card's file map, as data: which files, records, lengths and access conditions each generation has (docs/card.md
//! §1.2 to §1.5).
//!
//! The terminal reads by this map, the virtual card is made from it, and traces are explained with it. To change what a
//! card holds, change a table in `tables` and nothing else. Lengths are in bytes; the source writes them in hex, and so
//! do the tables.

mod spec;
mod tables;

use super::keys::Algorithm;
pub use spec::{Access, Content, Df, EF05, EF06, FileSpec, Format, MF, RID, RecordSpec, SSSE_NAME, key, tag};
use tables::{APPLICATIONS_V1, APPLICATIONS_V2, SSSE_V1, SSSE_V2, SSSE_V3};

/// The generation of a card, which the norm version in record 3 of EF05 tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Generation {
    /// "1.00": LB 002-2000.
    V1,
    /// "2.00": with a bank application.
    V2,
    /// "3.00": dual interface, Chinese national algorithms.
    V3,
}

impl Generation {
    /// Whether EF06 has a second record for the rest of a name that the first one cannot hold.
    pub const fn has_name_extension(self) -> bool {
        !matches!(self, Self::V1)
    }

    /// Every generation.
    pub const ALL: [Self; 3] = [Self::V1, Self::V2, Self::V3];

    /// The four characters of the version record.
    pub const fn version(self) -> &'static [u8; 4] {
        match self {
            Self::V1 => b"1.00",
            Self::V2 => b"2.00",
            Self::V3 => b"3.00",
        }
    }

    /// The generation that a version record names.
    pub fn from_version(version: &[u8]) -> Option<Self> {
        Self::ALL.into_iter().find(|generation| generation.version() == version)
    }

    /// The word for it in files and commands: v1, v2, v3.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::V1 => "v1",
            Self::V2 => "v2",
            Self::V3 => "v3",
        }
    }

    /// The generation that [`Generation::as_str`] calls `word`.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|generation| generation.as_str() == word)
    }

    /// The algorithm of the symmetric keys (docs/card.md §4.5). The SSF33 cards of one city are not covered.
    pub const fn algorithm(self) -> Algorithm {
        match self {
            Self::V1 | Self::V2 => Algorithm::TripleDes,
            Self::V3 => Algorithm::Sm4,
        }
    }

    /// The files of the environment. A program that asks for no other files does not link the tables of the others.
    const fn environment(self) -> &'static [FileSpec] {
        match self {
            Self::V1 => SSSE_V1,
            Self::V2 => SSSE_V2,
            Self::V3 => SSSE_V3,
        }
    }

    /// Its files, in the order of the tables.
    pub fn files(self) -> impl Iterator<Item = &'static FileSpec> {
        let applications: &[FileSpec] = match self {
            Self::V1 => APPLICATIONS_V1,
            // The norm's tables for version 3.00 were not at hand: its application files are taken to be those of 2.00
            // (deduced).
            Self::V2 | Self::V3 => APPLICATIONS_V2,
        };
        self.environment().iter().chain(applications)
    }

    /// The file with this identifier in `df`.
    pub fn file(self, df: Df, fid: u16) -> Option<&'static FileSpec> {
        self.files().find(|file| file.df == df && file.fid == fid)
    }

    /// The record number (from 1) and the shape of a data element of the environment, by file and tag.
    pub fn ssse_record(self, fid: u16, tag: u8) -> Option<(u8, &'static RecordSpec)> {
        let file = self.environment().iter().find(|file| file.fid == fid)?;
        let (number, record) = (1..).zip(file.records()).find(|(_, record)| record.tag == tag)?;
        Some((number, record))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn no_file_stands_twice_and_all_records_fit_one_read() {
        for generation in Generation::ALL {
            let mut seen = HashSet::new();
            for file in generation.files() {
                assert!(seen.insert((file.df, file.fid)), "{generation:?} {:04X}", file.fid);
                assert!(file.records().iter().all(|r| r.len > 0 && r.len <= 254));
            }
        }
    }

    /// The commands of docs/card.md §1.3.
    #[test]
    fn read_commands_of_section_1_3_follow_from_the_tables() {
        // By generation, file and tag: record number, and Le of READ RECORD in the source's tables.
        let expected = [
            (Generation::V3, EF05, tag::IDENT_CODE, 1, 0x12),
            (Generation::V3, EF05, tag::CARD_NUMBER, 7, 0x0B),
            (Generation::V2, EF06, tag::NAME, 2, 0x20),
            (Generation::V2, EF06, tag::NAME_EXTENSION, 3, 0x16),
            (Generation::V2, EF06, tag::BIRTH_DATE, 7, 0x06),
            (Generation::V1, EF06, tag::BIRTH_DATE, 6, 0x06),
        ];
        for (generation, fid, tag, number, le) in expected {
            let (n, record) = generation.ssse_record(fid, tag).unwrap();
            assert_eq!((n, record.len + 2), (number, le));
        }
        assert!(Generation::V1.ssse_record(EF06, tag::NAME_EXTENSION).is_none());
    }

    /// docs/card.md §1.5.
    #[test]
    fn personal_data_of_version_3_needs_rkssse_and_earlier_ones_are_free() {
        for generation in Generation::ALL {
            let access = |fid, tag| generation.file(Df::Ssse, fid).unwrap().read_access(tag);
            assert_eq!(access(EF05, tag::VERSION), Access::Free);
            let personal = if generation == Generation::V3 { Access::Key(0x0A) } else { Access::Free };
            assert_eq!(access(EF05, tag::CARD_NUMBER), personal);
            assert_eq!(access(EF06, tag::NAME), personal);
        }
    }
}
