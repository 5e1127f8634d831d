//! A terminal's line: it takes a message and brings what comes back. `tcp` has a real one; here are those within a process,
//! which lose what they are told to.

use std::sync::{Arc, Mutex};

use qiyong_centre::Centre;

use super::dice::Dice;

/// What came back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Heard {
    /// These bytes.
    Answer(Vec<u8>),
    /// Nothing, within the patience of a terminal.
    Nothing,
    /// Nothing: the connection broke off after the message had been sent, or while it was.
    Broken,
    /// Nothing, and nothing was sent: nobody takes connections, and nobody will.
    Unsent,
}

/// A line.
pub trait Carrier {
    /// Sends a message, whole with length and TPDU, and waits.
    fn ask(&mut self, message: &[u8]) -> Heard;
}

/// A line to a centre in this process. It loses one request in `loses`, and one answer in as many; 0: none.
pub struct Within {
    /// The centre.
    pub centre: Arc<Mutex<Centre>>,
    /// What it loses.
    pub dice: Dice,
    /// How rarely.
    pub loses: u64,
}

impl Carrier for Within {
    fn ask(&mut self, message: &[u8]) -> Heard {
        let mut lost = || self.loses > 0 && self.dice.one_in(self.loses);
        let (request, answer) = (lost(), lost());
        if request {
            return Heard::Nothing;
        }
        let mut centre = self.centre.lock().expect("nobody panics with it");
        match centre.handle_bytes(message).expect("the centre") {
            Some(bytes) if !answer => Heard::Answer(bytes),
            _ => Heard::Nothing,
        }
    }
}
