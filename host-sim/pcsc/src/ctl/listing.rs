//! What a hand is told of a server's readers: which there are, what is in them, and who holds what. It crosses the socket as JSON.

use serde::{Deserialize, Serialize};

/// All of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listing {
    /// The readers, in the order in which programs see them.
    pub readers: Vec<Listed>,
    /// The programs that wait for something to happen at a reader.
    pub waiting: Vec<String>,
}

/// A reader.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listed {
    /// Its name.
    pub name: String,
    /// Its number, from 0.
    pub number: u32,
    /// It has no contacts.
    pub contactless: bool,
    /// `card`, `mute` or `empty`.
    pub state: String,
    /// By `nobody`, `somebody` or `one program alone`.
    pub used: String,
    /// The card in it.
    pub card: Option<ListedCard>,
    /// The connections to it.
    pub programs: Vec<ListedUse>,
    /// Its keys, if it has any.
    pub keypad: Option<ListedKeypad>,
}

/// The card in a reader.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListedCard {
    /// Its file, as it was named.
    pub file: String,
    /// Its ATR in hex, if it answers and has power.
    pub atr: Option<String>,
    /// The protocol in force: `T=0`, `T=1` or `raw`.
    pub protocol: Option<String>,
}

/// A connection of a program.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
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
pub struct ListedKeypad {
    /// A PIN is awaited. No other key is kept.
    pub awaits_pin: bool,
    /// The program that awaits it.
    pub awaited_by: Option<String>,
}
