//! The master keys that a terminal has: that of its place and name, and that of the name before, as long as something is owed under
//! it (docs/centre.md §18). The memory keeps them, the link uses them.

use qiyong_protocol::centre::TerminalId;
use qiyong_protocol::centre::iso8583::mac::X919;
use qiyong_protocol::rules::institution::InstitutionCode;

/// A terminal's name.
pub type Name = (InstitutionCode, TerminalId);
/// A name, and the master key that opens it.
pub type Stand = (Name, X919);

/// The keys. They are wiped when they are dropped.
#[derive(Clone, Debug, Default)]
pub struct Keyring {
    /// Where the terminal stands; `None`: it has not been given a key yet.
    pub present: Option<Stand>,
    /// Where it stood when it began what is owed, if that is somewhere else.
    pub former: Option<Stand>,
}
