//! Where a terminal is to stand, with its master key, as whoever puts it up knows both; and what a till's line carries of that: the
//! place, and the key enciphered.

use qiyong_protocol::centre::iso8583::mac::X919;
use qiyong_protocol::centre::{Stan, TerminalId};
use qiyong_protocol::ecr::{KeyLoad, Place};
use qiyong_protocol::rules::institution::InstitutionCode;

/// A terminal that is put up.
#[derive(Clone, Debug)]
pub struct Setup {
    /// The institution where it stands.
    pub institution: InstitutionCode,
    /// The terminal's name in the institution.
    pub terminal: TerminalId,
    /// The terminal's master key.
    pub key: X919,
    /// The least number that the next transaction may have.
    pub next_stan: Stan,
}

impl Setup {
    /// The place alone.
    pub const fn place(&self) -> Place {
        Place { institution: self.institution, terminal: self.terminal, next_stan: self.next_stan }
    }

    /// The key for a terminal that has the key `under`.
    pub fn sealed(&self, under: &X919) -> KeyLoad {
        KeyLoad::seal(self.institution, self.terminal, &self.key, under)
    }
}
