//! The terminal's master keys in its memory: how one is loaded, and which one outlives that. How a key travels is for
//! `qiyong_protocol::ecr`; under which key a message goes out, for the link.

use embedded_storage::nor_flash::NorFlash;
use qiyong_protocol::centre::iso8583::mac::X919;
use qiyong_protocol::centre::{Stan, TerminalId};
use qiyong_protocol::ecr::{KeyLoad, Refused};
use qiyong_protocol::rules::institution::InstitutionCode;

use super::Store;
use crate::application::Kept;
use crate::faults::{Fault, has};
use crate::keyring::Keyring;
use crate::terminal::MemoryError;

impl<F: NorFlash, const COUNT: u32, const START: u32, const JOURNAL: u32> Store<F, COUNT, START, JOURNAL> {
    /// The keys that are kept.
    pub fn keyring(&self) -> Keyring {
        let present = self.place().and_then(|name| Some((name, self.record.key()?)));
        Keyring { present, former: self.record.former() }
    }

    /// Takes a master key, and the name that it is for as the terminal's own. It is durable when this returns. The one before stays
    /// as long as something is owed under its name; under the same name the new one opens what is owed, too.
    ///
    /// # Errors
    /// When the key is not taken; then all is as before.
    pub fn load_key(&mut self, load: &KeyLoad, transport: &X919) -> Result<(), Refused> {
        self.readable().map_err(|_| Refused::NotKept)?;
        let name = (load.institution, load.terminal);
        let (own, own_name) = (self.record.key(), self.place());
        let is_here = own_name == Some(name);
        if is_here && own.as_ref().is_some_and(|own| own.check_value() == load.check) {
            // Said again.
            return Ok(());
        }
        let under = own.as_ref().filter(|_| !has(Fault::TransportKeyReplaces)).unwrap_or(transport);
        let key = match load.open(under) {
            Err(Refused::CheckValue) if has(Fault::CheckValueIgnored) => under.decipher(&load.enciphered),
            Err(Refused::Parity) if has(Fault::ParityIgnored) => under.decipher(&load.enciphered),
            Err(Refused::OtherKey) if has(Fault::KeyMacIgnored) => under.decipher(&load.enciphered),
            opened => opened?,
        };
        let mut record = self.record.clone();
        let former = record.former_name();
        if former == Some(name) {
            record.forget_former();
        }
        let is_outliving = |own_name| own.is_some() && !is_here && self.journal.owes_as(own_name);
        if own_name.is_some_and(is_outliving) {
            let is_third = former.is_some_and(|former| former != name && self.journal.owes_as(former));
            if is_third && !has(Fault::ThirdKeyTaken) {
                return Err(Refused::Owing);
            }
            record.keep_former();
        }
        if has(Fault::OldKeyForgotten) {
            record.forget_former();
        }
        record.set_place(load.institution, load.terminal);
        record.set_key(&key);
        if has(Fault::KeyInRam) {
            self.record = record;
            return Ok(());
        }
        self.keep(&mut record).map_err(|_| Refused::NotKept)
    }
}

impl<F: NorFlash, const COUNT: u32, const START: u32, const JOURNAL: u32> Kept for Store<F, COUNT, START, JOURNAL> {
    fn set_up(&mut self, institution: InstitutionCode, terminal: TerminalId, next: Stan) -> Result<(), MemoryError> {
        Self::set_up(self, institution, terminal, next)
    }

    fn next(&self) -> Stan {
        Self::next(self)
    }

    fn keyring(&self) -> Keyring {
        Self::keyring(self)
    }

    fn load_key(&mut self, load: &KeyLoad, transport: &X919) -> Result<(), Refused> {
        Self::load_key(self, load, transport)
    }
}

#[cfg(test)]
mod tests;
