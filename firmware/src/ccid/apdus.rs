//! Room for one command and its response: lent to the engine while the slot is idle, and to the slot while it works.

use zeroize::Zeroize;

use crate::faults::{Fault, has};

/// A command and its response, with room as the caller likes: with 65 544 and 65 538 bytes, any APDU fits.
#[derive(Debug)]
pub struct Apdus<'b> {
    command: &'b mut [u8],
    command_len: usize,
    pub(super) response: &'b mut [u8],
    pub(super) response_len: usize,
}

impl<'b> Apdus<'b> {
    /// Room for a command and a response.
    pub const fn new(command: &'b mut [u8], response: &'b mut [u8]) -> Self {
        Self { command, command_len: 0, response, response_len: 0 }
    }

    /// The command, and room for its response.
    pub fn parts(&mut self) -> (&[u8], &mut [u8]) {
        (self.command.get(..self.command_len).unwrap_or_default(), self.response)
    }

    /// Room for a command that the reader makes, and room for its response.
    pub const fn room(&mut self) -> (&mut [u8], &mut [u8]) {
        (self.command, self.response)
    }

    /// So many bytes of the response are valid.
    pub fn responded(&mut self, len: usize) {
        self.response_len = len.min(self.response.len());
    }

    /// So many bytes of [`Apdus::room`] are the command.
    pub fn commanded(&mut self, len: usize) {
        self.command_len = len.min(self.command.len());
    }

    /// Adds a piece to the command; `false` if there is no room for it.
    pub(super) fn push(&mut self, piece: &[u8]) -> bool {
        let room = self.command.get_mut(self.command_len..).and_then(|rest| rest.get_mut(..piece.len()));
        let fits = room.map(|room| room.copy_from_slice(piece)).is_some();
        self.command_len += if fits { piece.len() } else { 0 };
        fits
    }

    /// Wipes the command, which may hold a PIN.
    pub fn forget_command(&mut self) {
        if !has(Fault::CommandKept) {
            self.command.get_mut(..self.command_len).unwrap_or_default().zeroize();
        }
        self.command_len = 0;
    }

    /// Wipes the response.
    pub(super) fn forget_response(&mut self) {
        self.response.get_mut(..self.response_len).unwrap_or_default().zeroize();
        self.response_len = 0;
    }
}

#[cfg(test)]
impl Apdus<'_> {
    /// Whether both are wiped.
    pub(super) fn are_clean(&self) -> bool {
        [&*self.command, &*self.response].iter().all(|bytes| bytes.iter().all(|byte| *byte == 0))
    }
}
