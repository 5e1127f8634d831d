//! A capture of what goes to and from a real centre, a real terminal or a card, written while it happens.
//!
//! Each packet is in the file as soon as it was noted. Messages and frames are masked here, APDUs were before: no secret comes so
//! far.

use std::fs::File;
use std::io::{BufWriter, Result, Write};
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use qiyong_protocol::frame::Peer;

use super::packets::{write_apdu, write_atr};
use super::pcapng::{Packets, Whereto};
use crate::decode::{masked_message, masked_payload};
use crate::private_file;
use crate::world::event::Apdu;

/// A capture under way; all threads may note.
pub struct LiveCapture(Mutex<Packets<BufWriter<File>>>);

impl LiveCapture {
    /// Begins a capture in a file of its owner's alone. What was there is replaced.
    ///
    /// # Errors
    /// The file cannot be made.
    pub fn create(path: &Path) -> Result<Self> {
        let mut packets = Packets::new(BufWriter::new(private_file::create(path)?))?;
        packets.writer().flush()?;
        Ok(Self(Mutex::new(packets)))
    }

    /// A message, as it is: length and all.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn message(&self, whereto: Whereto, bytes: &[u8]) -> Result<()> {
        self.note(|packets, now| packets.message(now, whereto, &masked_message(bytes)))
    }

    /// The same where there is no connection.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn message_here(&self, to_centre: bool, bytes: &[u8]) -> Result<()> {
        self.message(Whereto::made_up(to_centre), bytes)
    }

    /// What a frame between till and terminal carries.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn frame(&self, to_terminal: bool, peer: Peer, payload: &[u8]) -> Result<()> {
        self.note(|packets, now| packets.frame(now, to_terminal, peer, &masked_payload(peer, payload)))
    }

    /// A card's answer to reset.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn atr(&self, atr: &[u8]) -> Result<()> {
        self.note(|packets, now| write_atr(packets, now, atr))
    }

    /// An APDU, its secrets masked.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn apdu(&self, apdu: &Apdu) -> Result<()> {
        self.note(|packets, now| write_apdu(packets, now, apdu))
    }

    fn note(&self, write: impl FnOnce(&mut Packets<BufWriter<File>>, Duration) -> Result<()>) -> Result<()> {
        let mut packets = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // A clock before 1970 is wrong anyway.
        write(&mut packets, SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default())?;
        packets.writer().flush()
    }
}
