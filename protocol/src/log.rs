//! How a board's log shows the types that do not derive `defmt::Format`: secrets as `***`, personal data masked, codes
//! and words as on paper.
//!
//! This page has every `Format` of this crate that could reveal a secret. The log shows what `Debug` shows.

use defmt::{Format, Formatter, write};

use crate::card::codes::{CardNumber, IdNumber, IdentCode, Name, Region};
use crate::card::keys::{Cryptogram, Key};
use crate::card::pin::{Pin, PinBlock};
use crate::card::status::CardStatus;
use crate::centre::iso8583::Mti;
use crate::centre::iso8583::mac::{EcbDes, EcbSm4, EcbTripleDes, Mac, X919};
use crate::centre::{TerminalId, WorkingKey};
use crate::iso7816::sw::StatusWord;
use crate::rules::document::{DocumentKind, DocumentNumber};
use crate::rules::institution::InstitutionCode;
use crate::rules::reason::{Outcome, Reason};

/// Nothing of the value gets into the log, not even its length.
macro_rules! secret {
    ($($type:ty)*) => { $(
        impl Format for $type {
            fn format(&self, f: Formatter<'_>) {
                write!(f, "{=str}", "***");
            }
        }
    )* };
}

secret! { Pin PinBlock Key EcbDes EcbTripleDes EcbSm4 X919 WorkingKey Cryptogram Mac Name DocumentNumber }

/// The first three and last two characters, as in `Display`.
impl Format for IdNumber {
    fn format(&self, f: Formatter<'_>) {
        let [a, b, c, .., y, z] = self.as_bytes().map(char::from);
        write!(f, "{=char}{=char}{=char}*************{=char}{=char}", a, b, c, y, z);
    }
}

macro_rules! words {
    ($($type:ty)*) => { $(
        impl Format for $type {
            fn format(&self, f: Formatter<'_>) {
                write!(f, "{=str}", self.as_str());
            }
        }
    )* };
}

words! { Region CardNumber InstitutionCode TerminalId Reason Outcome CardStatus DocumentKind }

impl Format for IdentCode {
    fn format(&self, f: Formatter<'_>) {
        write!(f, "{=[u8; 16]:02X}", *self.as_bytes());
    }
}

impl Format for StatusWord {
    fn format(&self, f: Formatter<'_>) {
        write!(f, "{=u16:04X}", self.0);
    }
}

impl Format for Mti {
    fn format(&self, f: Formatter<'_>) {
        write!(f, "{=u16:04X}", self.0);
    }
}

#[cfg(test)]
mod tests;
