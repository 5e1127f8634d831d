//! What a hand is told of a server's readers: which there are, what is in them, and who holds what. It crosses the socket as JSON.

use serde::{Deserialize, Serialize};

/// All of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Listing {
    /// The readers, in the order in which programs see them.
    pub readers: Vec<Listed>,
    /// The programs that wait for something to happen at a reader, such as `pcsc_scan[4711]`.
    pub waiting: Vec<String>,
}

/// A reader.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Listed {
    /// Its name.
    pub name: String,
    /// Its number, from 0, by which it can be named, too.
    pub unit: u32,
    /// It has no contacts.
    pub contactless: bool,
    /// `card`, `mute` or `empty`.
    pub state: String,
    /// By `nobody`, `somebody` or `one program alone`.
    pub used: String,
    /// The file of the card in it, as it was named.
    pub file: Option<String>,
    /// The ATR of the card in it, in hex, if it answers and has power.
    pub atr: Option<String>,
    /// The protocol in force: 0 or 1; none before one is chosen.
    pub protocol: Option<u8>,
    /// The connections to it.
    pub programs: Vec<ListedUse>,
    /// Its keys, if it has any.
    pub keypad: Option<ListedKeypad>,
}

/// A connection of a program.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ListedUse {
    /// The program's name with the number of its process, such as `opensc-tool[4711]`.
    pub program: String,
    /// The number of its process.
    pub process: i32,
    /// `shared`, `exclusive` or `direct`.
    pub share: String,
    /// It keeps the others out by a transaction.
    pub transaction: bool,
}

/// The keys of a reader.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ListedKeypad {
    /// The program that awaits a PIN; while none does, the keys are dead.
    pub awaited_by: Option<String>,
}
